package camera

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"facegate"
)

// A WebhookSink posts sightings to webhooks, each in its own time. Set the fields,
// then call Run.
type WebhookSink struct {
	Outbox   facegate.Outbox
	Webhooks facegate.Webhooks
	Now      func() time.Time
	Logger   *slog.Logger // nil: silent

	Timeout    time.Duration // of one post; 0: 10 s
	RetryFirst time.Duration // the first wait after a failure, doubled each time; 0: 1 s
	RetryMost  time.Duration // the longest; 0: 5 min
	After      func(time.Duration) <-chan time.Time
	Transport  http.RoundTripper // nil: one of its own
}

// Headers of a post.
const (
	HeaderSignature = "X-Facegate-Signature" // see Sign
	HeaderDelivery  = "X-Facegate-Delivery"  // number of the delivery: the same again when it is repeated
)

// A WebhookBody is what is posted, as JSON.
type WebhookBody struct {
	Type     string          `json:"type"`     // "sighting"
	Delivery int64           `json:"delivery"` // ascending for one webhook
	Sighting json.RawMessage `json:"sighting"` // as the API shows it
}

// Sign is the signature of a body posted at a time: "t=" and the time in seconds
// since 1970, ",v1=" and in hexadecimal the HMAC-SHA256 (RFC 2104), under the
// webhook's secret, of the seconds, a full stop and the body. The time is signed
// so that an old post cannot be sent again by somebody else.
func Sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// finalWord is how long a program that ends goes on delivering.
const finalWord = 2 * time.Second

func (s *WebhookSink) setDefaults() {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.After == nil {
		s.After = time.After
	}
	if s.Transport == nil {
		s.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	for _, d := range []struct {
		to       *time.Duration
		fallback time.Duration
	}{{&s.Timeout, 10 * time.Second}, {&s.RetryFirst, time.Second}, {&s.RetryMost, 5 * time.Minute}} {
		if *d.to <= 0 {
			*d.to = d.fallback
		}
	}
}

// A hooked webhook has a courier under way.
type hooked struct {
	updated time.Time
	courier *courier
	stop    context.CancelFunc
}

// Run delivers until ctx ends, and a moment longer what is there by then.
// Webhooks that are added, changed, paused or removed meanwhile are followed.
func (s *WebhookSink) Run(ctx context.Context) {
	s.setDefaults()
	under := map[string]hooked{}
	var couriers sync.WaitGroup
	for ctx.Err() == nil {
		changed := s.Outbox.Queued()
		list, err := s.Webhooks.List(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.Logger.ErrorContext(ctx, "the webhooks cannot be read", "error", err)
			}
			list = nil
		} else {
			s.follow(ctx, under, list, &couriers)
		}
		var again <-chan time.Time
		if err != nil {
			again = s.After(s.RetryFirst)
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-again:
		}
	}
	couriers.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalWord)
	defer cancel()
	for _, h := range under {
		couriers.Go(func() { h.courier.flush(last) })
	}
	couriers.Wait()
}

// follow starts and stops couriers until those under way are those of the list.
func (s *WebhookSink) follow(ctx context.Context, under map[string]hooked, list []facegate.WebhookInfo, couriers *sync.WaitGroup) {
	wanted := map[string]facegate.Webhook{}
	for _, w := range list {
		if !w.Paused {
			wanted[w.ID] = w.Webhook
		}
	}
	for id, h := range under {
		if w, ok := wanted[id]; !ok || !w.UpdatedAt.Equal(h.updated) {
			h.stop()
			delete(under, id)
		}
	}
	for id, w := range wanted {
		if _, ok := under[id]; ok {
			continue
		}
		running, stop := context.WithCancel(ctx)
		c := &courier{outbox: s.Outbox, destination: id, log: s.Logger, retryFirst: s.RetryFirst, retryMost: s.RetryMost, after: s.After,
			deliver: func(ctx context.Context, d facegate.Delivery) error {
				// It may have been moved, paused or removed a moment ago, and nothing
				// goes to the old address after that was said: its courier is called off.
				now, err := s.Webhooks.Webhook(ctx, id)
				if err == nil && !now.Paused && now.UpdatedAt.Equal(w.UpdatedAt) {
					return s.post(ctx, w, d)
				}
				if code := facegate.CodeOf(err); err == nil || code == facegate.CodeWebhookNotFound {
					stop()
					return context.Canceled
				}
				return err
			}}
		under[id] = hooked{w.UpdatedAt, c, stop}
		couriers.Go(func() { c.run(running) })
	}
}

// post makes one delivery. Whatever is not answered by 2xx has failed.
func (s *WebhookSink) post(ctx context.Context, w facegate.Webhook, d facegate.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	body, err := json.Marshal(WebhookBody{Type: "sighting", Delivery: d.Seq, Sighting: d.Sighting})
	if err != nil {
		return fmt.Errorf("encode the delivery: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook's address cannot be used")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "facegate")
	req.Header.Set(HeaderDelivery, strconv.FormatInt(d.Seq, 10))
	req.Header.Set(HeaderSignature, Sign(w.Secret, s.Now(), body))
	client := &http.Client{Transport: s.Transport, CheckRedirect: sameHost}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("post: %w", withoutAddress(err))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection serves again
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	failure := &facegate.Error{Code: facegate.CodeInternal, Detail: "the receiver answered " + strconv.Itoa(resp.StatusCode)}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		failure.RetryAfter = time.Duration(min(seconds, 86400)) * time.Second
	}
	return failure
}

// sameHost follows a redirect that moves the whole post within its host: 307 and
// 308. Others would turn it into a GET, or carry faces' names to somebody else.
func sameHost(next *http.Request, via []*http.Request) error {
	first := via[0]
	if len(via) >= 5 || next.Method != first.Method || next.URL.Host != first.URL.Host || next.URL.Scheme != first.URL.Scheme {
		return http.ErrUseLastResponse
	}
	return nil
}

// withoutAddress is err without the address, which may hold a token.
func withoutAddress(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

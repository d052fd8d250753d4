package camera_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/internal/testbroker"
)

const hookSecret = "a secret of the hook"

// A receiver takes posts, and refuses as it is told to.
type receiver struct {
	*httptest.Server
	t      testing.TB
	secret string
	refuse func(n int, w http.ResponseWriter, r *http.Request) bool // n from 1

	mu       sync.Mutex
	posts    int
	accepted []camera.WebhookBody
}

func newReceiver(t testing.TB, refuse func(n int, w http.ResponseWriter, r *http.Request) bool) *receiver {
	rc := &receiver{t: t, secret: hookSecret, refuse: refuse}
	rc.Server = httptest.NewServer(rc)
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		rc.t.Errorf("%s %s: %v", r.Method, r.Header.Get("Content-Type"), err)
	}
	rc.checkSignature(r.Header.Get(camera.HeaderSignature), body)
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.posts++
	if rc.refuse != nil && rc.refuse(rc.posts, w, r) {
		return
	}
	var post camera.WebhookBody
	if err := json.Unmarshal(body, &post); err != nil || post.Type != "sighting" || r.Header.Get(camera.HeaderDelivery) != strconv.FormatInt(post.Delivery, 10) {
		rc.t.Errorf("%v %s", err, body)
	}
	rc.accepted = append(rc.accepted, post)
	w.WriteHeader(http.StatusNoContent)
}

// checkSignature checks as the documentation tells receivers to, not as Sign does.
func (rc *receiver) checkSignature(header string, body []byte) {
	seconds, signature, ok := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(rc.secret))
	fmt.Fprintf(mac, "%s.%s", seconds, body)
	if got, err := hex.DecodeString(signature); !ok || err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		rc.t.Errorf("the signature %q is wrong", header)
	}
	if at, err := strconv.ParseInt(seconds, 10, 64); err != nil || at != started.Unix() {
		rc.t.Errorf("signed at %q", seconds)
	}
}

// came is the sightings accepted, "track/revision", each time anew.
func (rc *receiver) came() (all []string) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	for _, p := range rc.accepted {
		s := record(rc.t, p.Sighting)
		all = append(all, fmt.Sprintf("%d/%d", s.TrackID, s.Revision))
	}
	return all
}

func (r *reporter) hook(url string) facegate.WebhookInfo {
	r.t.Helper()
	w, err := r.webhooks.Add(r.t.Context(), facegate.Webhook{URL: facegate.Source(url), Secret: hookSecret})
	if err != nil {
		r.t.Fatal(err)
	}
	return w
}

func (r *reporter) sink() *camera.WebhookSink {
	return &camera.WebhookSink{Outbox: r.outbox, Webhooks: r.webhooks, Now: r.clock, Logger: r.log,
		RetryFirst: time.Millisecond, RetryMost: 5 * time.Millisecond, Timeout: 10 * time.Second}
}

func everyThird(n int, w http.ResponseWriter, _ *http.Request) bool {
	if n%3 != 0 {
		return false
	}
	w.WriteHeader([]int{500, 503, 404, 302}[n/3%4])
	return true
}

// Each sighting is delivered, in order, to a receiver that fails every third time.
func TestWebhookThatFails(t *testing.T) {
	r := newReporter(t)
	rc, other := newReceiver(t, everyThird), newReceiver(t, nil)
	hook := r.hook(rc.URL)
	r.hook(other.URL)
	running(t, r.sink().Run)
	var want []string
	for n := 1; n <= 20; n++ {
		r.see(n, front, nil, false)
		want = append(want, fmt.Sprintf("%d/1", n), fmt.Sprintf("%d/2", n))
	}
	for _, rc := range []*receiver{rc, other} {
		testbroker.Until(t, "all have come", func() bool { return len(rc.came()) >= len(want) })
		if got := rc.came(); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("came %v", got)
		}
	}
	testbroker.Until(t, "nothing waits", func() bool { return r.waiting(hook.ID) == 0 })
	info, err := r.webhooks.Webhook(t.Context(), hook.ID)
	if err != nil || info.Status.Delivered != 40 || info.Status.Failures != 19 || info.Status.Pending != 0 ||
		!strings.HasPrefix(info.Status.LastError, "the receiver answered ") || info.Status.LastErrorAt == nil {
		t.Errorf("%+v %v", info.Status, err)
	}
}

// A receiver that is down does not hold up another, and gets everything when it
// is back; also when the gateway was started anew meanwhile.
func TestWebhookThatIsDown(t *testing.T) {
	r := newReporter(t)
	up := newReceiver(t, nil)
	address := testbroker.FreeAddress(t)
	down := r.hook("http://" + address)
	r.hook(up.URL)
	stop := running(t, r.sink().Run)
	for n := 1; n <= 5; n++ {
		r.see(n, front, nil, true)
	}
	testbroker.Until(t, "the other one has everything", func() bool { return len(up.came()) == 5 })
	testbroker.Until(t, "it was tried", func() bool {
		all, err := r.outbox.Pending(t.Context(), down.ID, 1)
		return err == nil && len(all) == 1 && all[0].Attempts >= 2
	})
	if w := r.waiting(down.ID); w != 5 {
		t.Errorf("%d wait", w)
	}
	stop()

	back := &receiver{t: t, secret: hookSecret}
	server := &http.Server{Addr: address, Handler: back}
	listening := make(chan error, 1)
	go func() { listening <- server.ListenAndServe() }()
	defer func() { _ = server.Close(); <-listening }()
	running(t, r.sink().Run)
	testbroker.Until(t, "all have come", func() bool { return len(back.came()) >= 5 })
	if got := strings.Join(back.came(), " "); got != "1/1 2/1 3/1 4/1 5/1" {
		t.Errorf("came %s", got)
	}
}

// Webhooks are added, paused, changed and removed while sightings come.
func TestWebhooksChangeUnderWay(t *testing.T) {
	r := newReporter(t)
	running(t, r.sink().Run)
	rc := newReceiver(t, nil)
	hook := r.hook(rc.URL)
	r.see(1, front, nil, true)
	testbroker.Until(t, "it came", func() bool { return len(rc.came()) == 1 })

	change := func(u facegate.WebhookUpdate) {
		t.Helper()
		r.mu.Lock()
		r.now = r.now.Add(time.Millisecond)
		r.mu.Unlock()
		if _, err := r.webhooks.Update(t.Context(), hook.ID, u); err != nil {
			t.Fatal(err)
		}
	}
	change(facegate.WebhookUpdate{Paused: ptr(true)})
	r.see(2, front, nil, true)
	moved := newReceiver(t, nil)
	moved.secret = "another secret"
	change(facegate.WebhookUpdate{Paused: ptr(false), URL: ptr(facegate.Source(moved.URL)), Secret: ptr("another secret")})
	r.see(3, front, nil, true)
	testbroker.Until(t, "it came to the new address", func() bool { return len(moved.came()) == 1 })
	if err := r.webhooks.Remove(t.Context(), hook.ID); err != nil {
		t.Fatal(err)
	}
	r.see(4, front, nil, true)
	if got := strings.Join(append(rc.came(), moved.came()...), " "); got != "1/1 3/1" {
		t.Errorf("came %s", got)
	}
}

// A redirect is followed within the host, as a whole post, and never elsewhere.
func TestWebhookThatRedirects(t *testing.T) {
	r := newReporter(t)
	elsewhere := newReceiver(t, nil)
	rc := newReceiver(t, func(n int, w http.ResponseWriter, req *http.Request) bool {
		switch {
		case req.URL.Path == "/new":
			return false
		case n == 1:
			http.Redirect(w, req, elsewhere.URL, http.StatusTemporaryRedirect)
		case n == 2:
			http.Redirect(w, req, "/new", http.StatusFound)
		default:
			http.Redirect(w, req, "/new", http.StatusPermanentRedirect)
		}
		return true
	})
	r.hook(rc.URL)
	running(t, r.sink().Run)
	r.see(1, front, nil, true)
	testbroker.Until(t, "it came", func() bool { return len(rc.came()) == 1 })
	if got := elsewhere.came(); len(got) != 0 {
		t.Errorf("somebody else got %v", got)
	}
}

// What a receiver asks for is heeded, and its address, which may hold a token,
// is not in the error.
func TestWebhookErrors(t *testing.T) {
	r := newReporter(t)
	rc := newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	hook := r.hook(rc.URL)
	gone := r.hook("http://user:password1@" + testbroker.FreeAddress(t) + "/?token=password2")
	s := r.sink()
	s.RetryMost = time.Hour
	waits := make(chan time.Duration, 100)
	s.After = func(d time.Duration) <-chan time.Time {
		waits <- d
		return nil // for ever
	}
	running(t, s.Run)
	r.see(1, front, nil, true)
	first, second := <-waits, <-waits
	if max(first, second) != 2*time.Minute {
		t.Errorf("waits %v and %v", first, second)
	}
	for _, id := range []string{hook.ID, gone.ID} {
		w, err := r.webhooks.Webhook(t.Context(), id)
		if err != nil || w.Status.LastError == "" || strings.Contains(w.Status.LastError, "password") {
			t.Errorf("%q %v", w.Status.LastError, err)
		}
	}
}

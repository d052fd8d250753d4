package camera

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gocv.io/x/gocv"
)

// openHTTP opens an HTTP source by what the server says it is: MJPEG
// (multipart/x-mixed-replace) is read here, and so is a single picture, which is
// asked for again and again; anything else is a video for FFmpeg.
//
// MJPEG does not go through OpenCV, for a server that is slow to begin would hold
// up all other cameras: OpenCV opens one capture at a time in the whole program.
func openHTTP(ctx context.Context, source string, t timeouts, fps float64) (capture, error) {
	m := &mjpeg{url: source, timeout: t.read, period: time.Duration(float64(time.Second) / fps)}
	m.client = &http.Client{Transport: &http.Transport{
		DialContext:           (&net.Dialer{Timeout: t.open}).DialContext,
		TLSHandshakeTimeout:   t.open,
		ResponseHeaderTimeout: t.open,
		DisableCompression:    true,
	}}
	// The stream lives as long as the capture, not as the opening.
	m.ctx, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, m.cancel)
	video, err := m.request()
	stop()
	switch {
	case err == nil && video:
		m.close()
		return openVideo(source, "", t, true)
	case err != nil:
		m.close()
		return nil, err
	}
	return m, nil
}

// An mjpeg is a stream of JPEGs over HTTP.
type mjpeg struct {
	url     string
	client  *http.Client
	timeout time.Duration
	period  time.Duration // between requests of a single picture
	ctx     context.Context
	cancel  context.CancelFunc
	body    io.Closer
	parts   *multipart.Reader // nil: a single picture
	single  io.Reader
	data    []byte
	asked   bool
}

// request asks for the stream; video tells that it is none of JPEGs.
func (m *mjpeg) request() (video bool, err error) {
	request, err := http.NewRequestWithContext(m.ctx, http.MethodGet, m.url, nil)
	if err != nil {
		return false, errors.New("not a URL")
	}
	response, err := m.client.Do(request)
	if err != nil {
		return false, plainError(err)
	}
	m.body = response.Body
	kind, params, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode == http.StatusUnauthorized && strings.HasPrefix(strings.ToLower(response.Header.Get("WWW-Authenticate")), "digest"):
		return true, nil // FFmpeg knows digest authentication
	case response.StatusCode != http.StatusOK:
		return false, fmt.Errorf("the server answers %s", response.Status)
	case err != nil:
		return false, errors.New("the server does not say what it sends (Content-Type)")
	case kind == "multipart/x-mixed-replace":
		// Some cameras put the dashes of the delimiter into the boundary itself.
		m.parts = multipart.NewReader(bufio.NewReaderSize(response.Body, 64<<10), strings.TrimPrefix(params["boundary"], "--"))
		return false, nil
	case strings.HasPrefix(kind, "image/"):
		m.single, m.asked = response.Body, true
		return false, nil
	case strings.HasPrefix(kind, "text/"), kind == "application/json":
		return false, fmt.Errorf("the server sends %s, no video", kind)
	}
	return true, nil
}

func (m *mjpeg) next(ctx context.Context) (time.Duration, error) {
	stop := context.AfterFunc(ctx, m.cancel)
	defer stop()
	again := m.parts == nil && !m.asked
	if again && pause(ctx, m.period) != nil {
		return 0, ctx.Err()
	}
	// A server that falls silent is cut off.
	watch := time.AfterFunc(m.timeout, m.cancel)
	defer watch.Stop()
	var from io.Reader
	if m.parts != nil {
		part, err := m.parts.NextRawPart()
		if err != nil {
			return 0, m.ended(ctx, err)
		}
		from = part
	} else {
		if again {
			if video, err := m.request(); err != nil || video || m.single == nil {
				return 0, m.ended(ctx, err)
			}
		}
		m.asked = false
		from = m.single
	}
	var err error
	m.data, err = io.ReadAll(io.LimitReader(from, maxPictureBytes+1))
	if m.parts == nil {
		m.body.Close()
	}
	if err != nil {
		return 0, m.ended(ctx, err)
	}
	return 0, nil
}

func (m *mjpeg) ended(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case m.ctx.Err() != nil:
		return fmt.Errorf("nothing came for %v", m.timeout)
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the stream ended")
	}
	return plainError(err)
}

func (m *mjpeg) picture(bgr *gocv.Mat) error {
	if err := decodePicture(bgr, m.data); err != nil {
		return fmt.Errorf("%w: %v", errBroken, err)
	}
	return nil
}

func (m *mjpeg) traits() traits { return traits{live: true} }

func (m *mjpeg) close() {
	m.cancel()
	if m.body != nil {
		m.body.Close()
	}
	m.client.CloseIdleConnections()
}

// plainError is err without the URL, which may hold a password.
func plainError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/web"

	"github.com/coder/websocket"
)

// A pushReply is what a client that pushes is told.
type pushReply struct {
	Received int         `json:"received"`
	Problem  web.Problem `json:"problem"`
}

func dialPush(t *testing.T, ctx context.Context, address, camera string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(ctx, "ws://"+address+"/v1/cameras/"+camera+"/push", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func pushed(t *testing.T, ctx context.Context, conn *websocket.Conn, picture []byte) (r pushReply) {
	t.Helper()
	if err := conn.Write(ctx, websocket.MessageBinary, picture); err != nil {
		t.Fatal(err)
	}
	kind, data, err := conn.Read(ctx)
	if err != nil || kind != websocket.MessageText {
		t.Fatal(kind, err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// checkLive reads two pictures of a live view.
func checkLive(t *testing.T, r io.Reader) {
	t.Helper()
	parts := multipart.NewReader(r, "picture")
	part, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := io.ReadAll(io.LimitReader(part, 1<<20))
	if err != nil || part.Header.Get("Content-Type") != "image/jpeg" || part.Header.Get("Content-Length") != strconv.Itoa(len(picture)) {
		t.Errorf("%v: %d bytes, %v", err, len(picture), part.Header)
	}
	if img, err := jpeg.Decode(bytes.NewReader(picture)); err != nil || img.Bounds().Empty() {
		t.Errorf("no picture: %v", err)
	}
}

func TestPushRefuses(t *testing.T) {
	g := newGateway(t, func(s *web.Server) { s.MaxPhotoBytes = 100_000 })
	address, stop := serving(t, g.Server)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := decode[facegate.CameraInfo](t, ask(g.Handler(), "POST", "/v1/cameras", jsonBody(`{"name":"webcam","source":"push:"}`), nil))

	// A page of somewhere else may not push.
	_, resp, err := websocket.Dial(ctx, "ws://"+address+"/v1/cameras/"+c.ID+"/push", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.test"}}})
	if err == nil || resp == nil || resp.StatusCode != 403 {
		t.Errorf("another origin: %v %v", resp, err)
	}
	for _, tt := range []struct {
		name string
		kind websocket.MessageType
		data []byte
		want websocket.StatusCode
	}{
		{"text", websocket.MessageText, []byte("hello"), websocket.StatusUnsupportedData},
		{"too large", websocket.MessageBinary, make([]byte, 100_001), websocket.StatusMessageTooBig},
	} {
		conn := dialPush(t, ctx, address, c.ID)
		if err := conn.Write(ctx, tt.kind, tt.data); err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// The camera goes while a client pushes; then the server.
	conn, other := dialPush(t, ctx, address, c.ID), dialPush(t, ctx, address, decode[facegate.CameraInfo](t,
		ask(g.Handler(), "POST", "/v1/cameras", jsonBody(`{"name":"other","source":"push:"}`), nil)).ID)
	ask(g.Handler(), "DELETE", "/v1/cameras/"+c.ID, body{}, nil)
	if err := conn.Write(ctx, websocket.MessageBinary, readPhoto(t, "probes/obama1.jpg")[:1000]); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("a camera that is gone: %v", err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	if _, _, err := other.Read(ctx); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("a server that ends: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	noGoroutinesLeft(t)
}

// An event is one server-sent event.
type event struct{ id, kind, data string }

// An eventReader reads a stream of events.
type eventReader struct {
	t        *testing.T
	body     io.ReadCloser
	lines    *bufio.Scanner
	comments int // so far
}

func openEvents(t *testing.T, ctx context.Context, address, query, lastID string) *eventReader {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+address+"/v1/sightings/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return &eventReader{t: t, body: resp.Body, lines: lines}
}

// next is the next event; io.EOF at the end of the stream.
func (r *eventReader) next() (e event, err error) {
	for r.lines.Scan() {
		field, value, _ := strings.Cut(r.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "":
			if r.lines.Text() == ":" {
				r.comments++
			}
			if e.kind != "" {
				return e, nil
			}
		}
	}
	if err := r.lines.Err(); err != nil {
		return e, err
	}
	return e, io.EOF
}

// sighting is the next event about one.
func (r *eventReader) sighting() (facegate.SightingRecord, string) {
	r.t.Helper()
	for {
		e, err := r.next()
		if err != nil {
			r.t.Fatal(err)
		}
		if e.kind != "sighting" {
			continue
		}
		var s facegate.SightingRecord
		if err := json.Unmarshal([]byte(e.data), &s); err != nil {
			r.t.Fatal(err)
		}
		return s, e.id
	}
}

func TestSightingsAreStreamed(t *testing.T) {
	g := newGateway(t, func(s *web.Server) {
		s.Heartbeat, s.WriteTimeout, s.RequestTimeout, s.IdleTimeout = 50*time.Millisecond, 500*time.Millisecond, 500*time.Millisecond, 500*time.Millisecond
	})
	address, stop := serving(t, g.Server)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	g.see(t, "before", 1, "probes/obama1.jpg")
	stream := openEvents(t, ctx, address, "", "")
	second := g.see(t, "second", 2, "people/rose_leslie/img1.jpg")
	s, id := stream.sighting()
	if s.ID != second.ID || s.Ended || id != "2" {
		t.Errorf("%+v %s", s, id)
	}
	second.Revision, second.Ended = 2, true
	if err := g.sightings.Report(ctx, second); err != nil {
		t.Fatal(err)
	}
	if s, id := stream.sighting(); !s.Ended || id != "3" {
		t.Errorf("%+v %s", s, id)
	}

	// A client that comes back gets what it missed, as it is now: the sighting
	// that changed twice once.
	for _, resume := range []struct{ query, header string }{{"", "1"}, {"?after=1", ""}, {"?after=3", "1"}} {
		again := openEvents(t, ctx, address, resume.query, resume.header)
		if s, id := again.sighting(); s.ID != second.ID || s.Revision != 2 || id != "3" {
			t.Errorf("%v: %+v %s", resume, s, id)
		}
	}
	all := openEvents(t, ctx, address, "?after=0", "")
	for _, want := range []string{g.vars["before"], g.vars["second"]} {
		if s, _ := all.sighting(); s.ID != want {
			t.Errorf("%s, want %s", s.ID, want)
		}
	}
	// Of a database that had more: nothing is hidden.
	ahead := openEvents(t, ctx, address, "?after=1000", "")

	// Cameras come too. The stream outlives every limit that other answers have: 20
	// signs of life take twice as long.
	for stream.comments < 20 {
		a := ask(g.Handler(), "POST", "/v1/cameras", jsonBody(`{"name":"webcam","source":"push:","paused":true}`), nil)
		c := decode[facegate.CameraInfo](t, a)
		e, err := stream.next()
		if err != nil || e.kind != "camera" || e.id != "" || !strings.Contains(e.data, c.ID) || !strings.Contains(e.data, `"state":"paused"`) {
			t.Fatalf("%+v %v", e, err)
		}
		ask(g.Handler(), "DELETE", "/v1/cameras/"+c.ID, body{}, nil)
		if e, err := stream.next(); err != nil || e.kind != "camera_removed" || !strings.Contains(e.data, c.ID) {
			t.Fatalf("%+v %v", e, err)
		}
	}
	g.see(t, "third", 3, "people/kit_harington/john1.jpeg")
	for _, r := range []*eventReader{stream, ahead} {
		if s, id := r.sighting(); s.ID != g.vars["third"] || id != "4" {
			t.Errorf("%+v %s", s, id)
		}
	}
	for _, bad := range []string{"?after=x", "?after=-1", "?limit=3"} {
		if a := ask(g.Handler(), "GET", "/v1/sightings/stream"+bad, body{}, nil); a.StatusCode != 400 {
			t.Errorf("%s: %d", bad, a.StatusCode)
		}
	}

	// The server does not wait for streams.
	if err := stop(); err != nil {
		t.Error(err)
	}
	for {
		if _, err := stream.next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Errorf("the stream broke off: %v", err)
			break
		}
	}
	http.DefaultClient.CloseIdleConnections()
	noGoroutinesLeft(t)
}

// A client that takes no events does not keep its handler.
func TestSlowEventReaderIsCutOff(t *testing.T) {
	g := newGateway(t, func(s *web.Server) { s.WriteTimeout, s.Heartbeat = 100*time.Millisecond, time.Millisecond })
	address, stop := serving(t, g.Server)
	conn := dial(t, address)
	if _, err := io.WriteString(conn, "GET /v1/sightings/stream?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	s := g.see(t, "one", 1, "probes/obama1.jpg")
	s.BestShot, s.Crop = nil, nil
	s.Camera.Name = strings.Repeat("x", 100_000) // fills the sockets soon
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	for ended := false; !ended; s.Revision++ {
		if err := g.sightings.Report(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		ended = strings.Contains(g.log.String(), `"route":"/v1/sightings/stream"`)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

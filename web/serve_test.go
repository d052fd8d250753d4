package web_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"facegate"
	"facegate/web"
)

// patience bounds waits for what must happen; no test measures by it.
const patience = 20 * time.Second

// serving runs s on a free port until stop is called, which returns what Run did.
func serving(t *testing.T, s *web.Server) (address string, stop func() error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, ln) }()
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(patience):
			t.Fatal("the server does not stop")
			return nil
		}
	}
	t.Cleanup(func() {
		if !stopped {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return ln.Addr().String(), stop
}

// dial opens a connection that fails the test rather than hang.
func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func found(ctx context.Context) (facegate.Analysis, error) {
	return facegate.Analysis{Width: 1, Height: 1}, nil
}

const head = "POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n"

func TestSlowClientsAreCutOff(t *testing.T) {
	tests := []struct {
		name   string
		start  string
		drip   bool
		status string // empty: closed without an answer
	}{
		{"a body that never comes", head, false, "408"},
		{"a body that drips", head, true, "408"},
		{"a body that stops", head + "some of it", false, "408"},
		{"headers that stop", "POST /v1/detect HTTP/1.1\r\nHost: loc", false, ""},
		{"a body nobody wants", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n", true, "200"},
		{"nothing at all", "", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newFaulty(t, found, func(s *web.Server) {
				s.BodyTimeout, s.ReadHeaderTimeout, s.IdleTimeout = 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
				s.MinBodyRate = 1 << 20
			})
			address, _ := serving(t, s)
			conn := dial(t, address)
			if _, err := io.WriteString(conn, tt.start); err != nil {
				t.Fatal(err)
			}
			over := make(chan struct{})
			defer close(over)
			if tt.drip {
				go func() {
					for {
						select {
						case <-over:
							return
						case <-time.After(5 * time.Millisecond):
							if _, err := conn.Write([]byte("x")); err != nil {
								return
							}
						}
					}
				}()
			}
			// Only the server can end this read: the client goes on, or waits.
			got, err := io.ReadAll(conn)
			if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
				t.Fatalf("the connection is still open after %q", got)
			}
			line, _, _ := strings.Cut(string(got), "\r\n")
			if tt.status == "" && len(got) > 0 || tt.status != "" && !strings.HasPrefix(line, "HTTP/1.1 "+tt.status) {
				t.Errorf("answered %q, want %q", line, tt.status)
			}
			if tt.status == "408" && !strings.Contains(string(got), `"code":"timeout"`) {
				t.Errorf("answered %q", got)
			}
		})
	}
}

// A client that takes no answer does not keep its handler.
func TestSlowReaderIsCutOff(t *testing.T) {
	s, _ := newFaulty(t, found, func(s *web.Server) {
		s.WriteTimeout = 100 * time.Millisecond
		s.Console = fstest.MapFS{"assets/large.bin": {Data: make([]byte, 64<<20)}} // more than sockets buffer
	})
	address, stop := serving(t, s)
	conn := dial(t, address)
	if _, err := io.WriteString(conn, "GET /assets/large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil { // waits for the handler, for longer than WriteTimeout
		t.Error(err)
	}
	rest, err := io.Copy(io.Discard, conn)
	if rest >= 64<<20 {
		t.Errorf("the whole answer went out (%v)", err)
	}
}

// The limits on sending a body do not cut the work that follows.
func TestBodyDeadlineEndsWithTheBody(t *testing.T) {
	const idle = 200 * time.Millisecond
	s, _ := newFaulty(t, func(ctx context.Context) (facegate.Analysis, error) {
		select {
		case <-ctx.Done():
			return facegate.Analysis{}, ctx.Err()
		case <-time.After(2 * idle):
			return facegate.Analysis{Width: 1, Height: 1}, nil
		}
	}, func(s *web.Server) { s.BodyTimeout, s.WriteTimeout = idle, idle })
	address, _ := serving(t, s)
	for range 2 { // on one connection
		r, err := http.Post("http://"+address+"/v1/detect", "image/jpeg", strings.NewReader("a photo"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || r.StatusCode != 200 {
			t.Errorf("%d %s %v", r.StatusCode, answer, err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestWorkIsBounded(t *testing.T) {
	s, _ := newFaulty(t, func(ctx context.Context) (facegate.Analysis, error) {
		<-ctx.Done()
		return facegate.Analysis{}, fmt.Errorf("wait for a worker: %w", ctx.Err())
	}, func(s *web.Server) { s.RequestTimeout = 10 * time.Millisecond })
	a := ask(s.Handler(), "POST", "/v1/detect", anyPhoto(), nil)
	checkProblem(t, a)
	if p := decode[web.Problem](t, a); p.Status != 503 || p.Code != facegate.CodeTimeout || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s", a.body)
	}
}

func TestShutdownFinishesWorkInFlight(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	s, _ := newFaulty(t, func(ctx context.Context) (facegate.Analysis, error) {
		close(started)
		select {
		case <-finish:
			return facegate.Analysis{Width: 7, Height: 1}, ctx.Err()
		case <-ctx.Done():
			return facegate.Analysis{}, ctx.Err()
		}
	}, func(s *web.Server) { s.ShutdownTimeout = patience })
	address, stop := serving(t, s)
	conn := dial(t, address)
	if _, err := io.WriteString(conn, "POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1\r\n\r\nx"); err != nil {
		t.Fatal(err)
	}
	<-started
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for refused := false; !refused; { // it takes no more
		late, err := net.Dial("tcp", address)
		if refused = err != nil; !refused {
			_ = late.Close()
		}
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with work in flight: %v", err)
	default:
	}
	close(finish)
	got, err := io.ReadAll(conn)
	if err != nil || !bytes.Contains(got, []byte(`"width":7`)) {
		t.Errorf("%q %v", got, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	noGoroutinesLeft(t)
}

func TestShutdownIsBounded(t *testing.T) {
	started := make(chan struct{})
	ended := make(chan error, 1)
	s, log := newFaulty(t, func(ctx context.Context) (facegate.Analysis, error) {
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
		return facegate.Analysis{}, ctx.Err()
	}, func(s *web.Server) { s.ShutdownTimeout = 50 * time.Millisecond })
	address, stop := serving(t, s)
	conn := dial(t, address)
	if _, err := io.WriteString(conn, "POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1\r\n\r\nx"); err != nil {
		t.Fatal(err)
	}
	<-started
	if err := stop(); err != nil {
		t.Error(err)
	}
	select {
	case err := <-ended:
		if err != context.Canceled {
			t.Errorf("the work ended with %v", err)
		}
	default:
		t.Error("Run returned before the work ended")
	}
	if !strings.Contains(log.String(), "work in flight was canceled") {
		t.Errorf("the log does not tell: %s", log)
	}
	noGoroutinesLeft(t)
}

func TestClientThatHangsUpCancelsItsWork(t *testing.T) {
	started := make(chan struct{})
	ended := make(chan error, 1)
	s, _ := newFaulty(t, func(ctx context.Context) (facegate.Analysis, error) {
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
		return facegate.Analysis{}, ctx.Err()
	})
	address, _ := serving(t, s)
	conn := dial(t, address)
	if _, err := io.WriteString(conn, "POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1\r\n\r\nx"); err != nil {
		t.Fatal(err)
	}
	<-started
	_ = conn.Close()
	select {
	case err := <-ended:
		if err != context.Canceled {
			t.Errorf("the work ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("the work goes on")
	}
}

// A client beyond the limit waits until another one goes.
func TestConnectionsAreBounded(t *testing.T) {
	var looked atomic.Int64
	s, _ := newFaulty(t, func(context.Context) (facegate.Analysis, error) {
		looked.Add(1)
		return facegate.Analysis{Width: 1, Height: 1}, nil
	}, func(s *web.Server) { s.MaxConnections = 1 })
	address, _ := serving(t, s)
	const request = "POST /v1/detect HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: 1\r\n\r\nx"
	answered := func(conn net.Conn) {
		t.Helper()
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != 200 {
			t.Errorf("%s %v", r.Status, err)
		}
	}
	ask := func(conn net.Conn) {
		t.Helper()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
	}
	first := dial(t, address)
	ask(first)
	answered(first)
	second := dial(t, address)
	ask(second)
	const more = 50
	for range more {
		ask(first)
		answered(first)
	}
	if n := looked.Load(); n != 1+more {
		t.Errorf("%d requests were answered, %d of the one connection there may be", n, 1+more)
	}
	_ = first.Close()
	answered(second)
}

func TestRunTellsWhyItCannotServe(t *testing.T) {
	s, _ := newFaulty(t, found)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close()
	if err := s.Run(context.Background(), ln); err == nil {
		t.Error("no error from a closed listener")
	}
}

// noGoroutinesLeft waits until nothing of the server runs any more: a
// connection's goroutine ends shortly after its handler.
func noGoroutinesLeft(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		b.Reset()
		if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
			t.Fatal(err)
		}
		if s := b.String(); !strings.Contains(s, "net/http.(*conn)") && !strings.Contains(s, "net/http.(*Server)") &&
			!strings.Contains(s, "web.(*Server)") && !strings.Contains(s, "net/http.(*connReader)") {
			return
		}
	}
	t.Errorf("still running:\n%s", b.String())
}

package camera_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
)

const password = "s3cret%40word" // as it stands in a URL; s3cret@word

// patience is for real servers to do what they should; tests end as soon as they do.
const patience = 90 * time.Second

// A house is a running manager.
type house struct {
	*camera.Manager
	log    *ledger
	logged *safeBuffer
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newHouse starts a manager with short times. When the test ends it closes it, and
// sees that nothing is left running and no password was told.
func newHouse(t *testing.T) *house {
	t.Helper()
	d := realDetector(t)
	recognition := enrolled(t, d)
	before := runtime.NumGoroutine()
	h := &house{log: &ledger{}, logged: &safeBuffer{}}
	h.Manager = &camera.Manager{Config: camera.Config{
		Frames: d, Recognition: recognition, Sink: h.log, Unknowns: &book{}, Now: time.Now,
		Logger:      slog.New(slog.NewTextHandler(h.logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OpenTimeout: 5 * time.Second, ReadTimeout: 3 * time.Second, StallAfter: time.Second,
		RetryFirst: 50 * time.Millisecond, RetryMost: 200 * time.Millisecond,
	}}
	if err := h.Initialize(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Close()
		for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			}
		}
		for _, secret := range []string{"s3cret", "word"} {
			if strings.Contains(h.logged.String(), secret+"@") || strings.Contains(h.logged.String(), "s3cret") {
				t.Errorf("the log tells a password:\n%s", h.logged)
			}
		}
	})
	return h
}

func (h *house) add(t *testing.T, name string, source facegate.Source, settings facegate.CameraSettings) string {
	t.Helper()
	c, err := h.Add(context.Background(), facegate.Camera{Name: name, Source: source, CameraSettings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// await waits until a camera's status is as it should be.
func (h *house) await(t *testing.T, id, what string, is func(facegate.CameraStatus) bool) facegate.CameraStatus {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		c, err := h.Camera(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		told, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(told, []byte("s3cret")) {
			t.Fatalf("the API tells a password: %s", told)
		}
		if is(c.Status) {
			return c.Status
		}
		if time.Now().After(deadline) {
			t.Fatalf("not %s: %s", what, told)
		}
	}
}

func (h *house) awaitState(t *testing.T, id string, state facegate.CameraState) facegate.CameraStatus {
	t.Helper()
	return h.await(t, id, string(state), func(s facegate.CameraStatus) bool { return s.State == state })
}

// awaitPerson waits until somebody has been seen.
func (h *house) awaitPerson(t *testing.T, name string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		for _, s := range h.log.last() {
			if s.Person != nil && s.Person.Name == name {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s was not seen; seen: %s", name, who(h.log.last()))
		}
	}
}

func obamaWalks(t *testing.T) facegate.Source {
	return film(t, 5, shown{Photo: "probes/obama1.jpg", From: 0.2, To: 4.8, Height: 300, Y: 30})
}

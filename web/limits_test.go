package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"facegate"
)

// A body is given its idle time from now, but never more than its average rate
// has earned since it started.
func TestBodyDeadlines(t *testing.T) {
	started := time.Now()
	var deadline time.Time
	b := &boundedBody{
		body: io.NopCloser(bytes.NewReader(make([]byte, 300))), declared: -1, max: 1000,
		timeout: time.Hour, rate: 1, started: started,
		deadline: func(t time.Time) error { deadline = t; return nil },
	}
	for _, want := range []time.Duration{0, 100 * time.Second, 200 * time.Second} {
		if n, err := b.Read(make([]byte, 100)); n != 100 || err != nil {
			t.Fatal(n, err)
		}
		// Early on the rate's deadline comes first, as no time has gone by.
		if got := deadline.Sub(started) - time.Hour; got > want || got > time.Since(started) {
			t.Errorf("deadline %v after the idle time, want at most %v", got, want)
		}
	}
	if n, err := b.Read(make([]byte, 100)); n != 0 || err != io.EOF {
		t.Fatal(n, err)
	}
	if !deadline.IsZero() {
		t.Errorf("a whole body leaves the deadline %v behind", deadline)
	}

	// A body that has long used up its time by dripping.
	b = &boundedBody{body: io.NopCloser(bytes.NewReader(make([]byte, 300))), declared: -1, max: 1000,
		timeout: time.Hour, rate: 1, started: started.Add(-2 * time.Hour),
		deadline: func(t time.Time) error { deadline = t; return nil }}
	if _, err := b.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if deadline.After(time.Now()) {
		t.Errorf("the deadline is %v away", time.Until(deadline))
	}
}

func TestBodyErrorsStay(t *testing.T) {
	broken := errors.New("broken pipe")
	tests := []struct {
		name     string
		declared int64
		body     io.Reader
		code     facegate.Code
		status   int
		read     int
	}{
		{"declared too large", 101, strings.NewReader("unread"), facegate.CodeTooLarge, 0, 0},
		{"turns out too large", -1, bytes.NewReader(make([]byte, 101)), facegate.CodeTooLarge, 0, 0},
		{"just fits", 100, bytes.NewReader(make([]byte, 100)), "", 0, 100},
		{"deadline", -1, io.MultiReader(strings.NewReader("abc"), failing{os.ErrDeadlineExceeded}), facegate.CodeTimeout, http.StatusRequestTimeout, 3},
		{"broken", -1, io.MultiReader(strings.NewReader("abc"), failing{broken}), facegate.CodeInternal, 0, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &boundedBody{body: io.NopCloser(tt.body), declared: tt.declared, max: 100, timeout: time.Hour, rate: 1,
				started: time.Now(), deadline: func(time.Time) error { return nil }}
			data, err := io.ReadAll(b)
			if len(data) != tt.read || facegate.CodeOf(err) != tt.code {
				t.Errorf("%d bytes, %v", len(data), err)
			}
			var status *statusError
			if errors.As(err, &status) != (tt.status != 0) || status != nil && status.status != tt.status {
				t.Errorf("status of %v", err)
			}
			if _, again := b.Read(make([]byte, 1)); err != nil && again != err {
				t.Errorf("read on after %v: %v", err, again)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

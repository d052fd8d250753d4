package detector

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate"
)

// bigFile is content that takes several reads, with its table entry.
func bigFile() ([]byte, ModelFile) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	// printf '0123456789abcdef%.0s' $(seq 20000) | git hash-object --stdin
	return content, ModelFile{Name: "big.dat", Role: RoleRecognition, Size: 320_000, GitBlob: "7d75fcb8da1a496bff8646c4083273eca1d4585a", URL: "set by the test"}
}

// A source serves one content, and misbehaves as told.
type source struct {
	*httptest.Server
	mu       sync.Mutex
	ranges   []string // Range header of each request
	content  []byte
	cutAfter int  // end the connection after so many bytes of an answer; 0: never
	cuts     int  // how many times to do so
	noRange  bool // ignore Range
	status   int  // answer this instead
	hang     bool // send half of it, then nothing
}

func newSource(t *testing.T, s *source) *source {
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	cut := s.cuts > 0
	s.cuts--
	s.mu.Unlock()
	if s.status != 0 {
		w.WriteHeader(s.status)
		return
	}
	var first int
	fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &first)
	if s.noRange {
		first = 0
	}
	if first > len(s.content) || first > 0 && first == len(s.content) {
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	body := s.content[first:]
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	if first > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, len(s.content)-1, len(s.content)))
		w.WriteHeader(http.StatusPartialContent)
	}
	switch {
	case s.hang:
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	case cut:
		w.Write(body[:s.cutAfter])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	default:
		w.Write(body)
	}
}

func TestPull(t *testing.T) {
	content, file := bigFile()
	wrong := append([]byte("X"), content[1:]...)
	tests := []struct {
		name   string
		source source
		there  []byte // NAME before the pull
		part   []byte // NAME.part before the pull
		code   facegate.Code
		ranges []string
	}{
		{name: "plain", ranges: []string{""}},
		{name: "cut twice, resumed", source: source{cutAfter: 100_000, cuts: 2}, ranges: []string{"", "bytes=100000-", "bytes=200000-"}},
		{name: "an earlier run's part", part: content[:300_000], ranges: []string{"bytes=300000-"}},
		{name: "the part is whole", part: content, ranges: []string{"bytes=320000-"}},
		{name: "the part is rubbish", part: wrong[:300_000], ranges: []string{"bytes=300000-", ""}},
		{name: "the part is too long", part: append(content[:320_000:320_000], "and more"...), ranges: []string{"bytes=320008-", ""}},
		{name: "no ranges", source: source{noRange: true}, part: content[:300_000], ranges: []string{"bytes=300000-"}},
		{name: "no ranges and a cut", source: source{noRange: true, cutAfter: 100_000, cuts: 1}, ranges: []string{"", "bytes=100000-"}},
		{name: "damaged file replaced", there: wrong, ranges: []string{""}},
		{name: "good file left alone", there: content},
		{name: "wrong content", source: source{content: wrong}, code: facegate.CodeModelDamaged, ranges: []string{""}},
		{name: "a login page", source: source{content: []byte("<html>please log in")}, code: facegate.CodeModelDamaged, ranges: []string{""}},
		{name: "endless", source: source{content: make([]byte, 4<<20)}, code: facegate.CodeModelDamaged, ranges: []string{""}},
		{name: "not found", source: source{status: 404}, code: facegate.CodeModelMissing, ranges: []string{""}},
		{name: "out of order", source: source{status: 503}, code: facegate.CodeModelMissing, ranges: []string{"", ""}},
		{name: "stalls", source: source{hang: true}, code: facegate.CodeModelMissing},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			src := &tt.source
			if src.content == nil {
				src.content = content
			}
			newSource(t, src)
			dir := filepath.Join(t.TempDir(), "new")
			path := filepath.Join(dir, file.Name)
			if tt.there != nil || tt.part != nil {
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if tt.there != nil {
				writeFiles(t, dir, map[string]string{file.Name: string(tt.there)})
			}
			if tt.part != nil {
				writeFiles(t, dir, map[string]string{file.Name + ".part": string(tt.part)})
			}
			var last ModelProgress
			p := ModelPuller{Files: []ModelFile{file}, BaseURL: src.URL, Attempts: 2, Pause: time.Millisecond,
				Progress: func(m ModelProgress) { last = m }}
			if src.hang {
				p.Stall = 20 * time.Millisecond
				// Each attempt brings half of what is left, so it takes some until none brings anything.
			}
			err := p.Pull(context.Background(), dir)
			if code := facegate.CodeOf(err); code != tt.code {
				t.Fatalf("error %v, want code %q", err, tt.code)
			}
			if tt.ranges != nil && fmt.Sprintf("%q", src.ranges) != fmt.Sprintf("%q", tt.ranges) {
				t.Errorf("requests for %q, want %q", src.ranges, tt.ranges)
			}
			got, readErr := os.ReadFile(path)
			if tt.code != "" {
				if readErr == nil {
					t.Errorf("%d unverified bytes under the final name", len(got))
				}
				if e := facegate.AsError(err); e.Next == "" || !strings.Contains(e.Detail, file.Name) {
					t.Errorf("the error does not help: %q, %q", e.Detail, e.Next)
				}
				return
			}
			if !bytes.Equal(got, content) {
				t.Errorf("%d bytes in place, not the content (%v)", len(got), readErr)
			}
			if _, err := os.Stat(path + ".part"); !os.IsNotExist(err) {
				t.Errorf("the part is still there (%v)", err)
			}
			if len(tt.ranges) > 0 && (!last.Done || last.Bytes != 320_000) {
				t.Errorf("last progress %+v", last)
			}
		})
	}
}

// A pull that is interrupted leaves its part for the next.
func TestPullCanceled(t *testing.T) {
	content, file := bigFile()
	src := newSource(t, &source{content: content, hang: true})
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	p := ModelPuller{Files: []ModelFile{file}, BaseURL: src.URL, Progress: func(m ModelProgress) {
		if m.Bytes == 160_000 {
			cancel()
		}
	}}
	if err := p.Pull(ctx, dir); err != context.Canceled {
		t.Fatalf("error %v, want %v", err, context.Canceled)
	}
	src.hang = false
	p.Progress = nil
	if err := p.Pull(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
	if got := src.ranges[len(src.ranges)-1]; got != "bytes=160000-" {
		t.Errorf("resumed with Range %q", got)
	}
}

// Two pulls into one folder do not write into each other's file.
func TestPullTwice(t *testing.T) {
	content, file := bigFile()
	src := newSource(t, &source{content: content, hang: true})
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	underWay, done := make(chan struct{}), make(chan error)
	go func() {
		var once sync.Once
		p := ModelPuller{Files: []ModelFile{file}, BaseURL: src.URL, Progress: func(ModelProgress) { once.Do(func() { close(underWay) }) }}
		done <- p.Pull(ctx, dir)
	}()
	<-underWay
	p := ModelPuller{Files: []ModelFile{file}, BaseURL: src.URL}
	if err := p.Pull(context.Background(), dir); facegate.CodeOf(err) != facegate.CodeBusy {
		t.Errorf("error %v, want code %q", err, facegate.CodeBusy)
	}
	cancel()
	<-done
}

// Package crowd asks a gateway as many clients at once do, two thirds of whom mean
// it and a third of whom send garbage: for measuring, and for tests. Everything
// that must not happen is a fault in its report.
package crowd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"facegate"
)

// A Crowd is so many clients of one server.
type Crowd struct {
	URL      string // of the server, without a path
	Key      string // good for detect, identify and verify
	Clients  int
	Each     int    // requests of each client; 0: until the context ends
	Photo    []byte // a JPEG of Person, who is enrolled, and nobody else
	Person   facegate.PersonRef
	MaxPhoto int // the server's limit on a photo, in bytes
	// Serious has everybody mean it; Flood has everybody send a photo of MaxPhoto.
	Serious, Flood bool
}

// A Report is what came of it.
type Report struct {
	Statuses map[string]map[int]int // by what was sent; 0: the connection ended without an answer
	Took     []time.Duration        // of good requests, from sending to a good answer
	Waited   []time.Duration        // the same from the first try on, with those in between that were told to come again
	Refused  []time.Duration        // of good requests that were told to come again, until they were told
	Faults   []string               // the first of each kind
	mu       sync.Mutex
}

func (r *Report) count(kind string, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.Statuses[kind] == nil {
		r.Statuses[kind] = map[int]int{}
	}
	r.Statuses[kind][status]++
}

// fault notes what must not be; of one kind with one status, the first.
func (r *Report) fault(kind string, status int, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := fmt.Sprintf("%s: %d: ", kind, status)
	if !slices.ContainsFunc(r.Faults, func(f string) bool { return strings.HasPrefix(f, start) }) {
		r.Faults = append(r.Faults, start+fmt.Sprintf(format, args...))
	}
}

// Run is over when every client has asked as often as it should, or the context ends.
func (c *Crowd) Run(ctx context.Context) *Report {
	r := &Report{Statuses: map[string]map[int]int{}}
	var all sync.WaitGroup
	var garbage atomic.Int64
	for i := range c.Clients {
		work, pause := c.ask, time.Duration(0)
		switch {
		case c.Flood:
			work = c.flood
		case i%3 == 2 && !c.Serious:
			work, pause = c.litter(int(garbage.Add(1))-1), garbagePause
		}
		all.Go(func() {
			for n := 0; (c.Each == 0 || n < c.Each) && ctx.Err() == nil; n++ {
				work(ctx, r, n)
				select {
				case <-ctx.Done():
				case <-time.After(pause):
				}
			}
		})
	}
	all.Wait()
	return r
}

// garbagePause keeps clients that hang up from using up the machine's ports, each of
// which rests for a minute.
const garbagePause = 50 * time.Millisecond

// transport keeps a connection for each client.
var transport = sync.OnceValue(func() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}
})

// Leave closes the connections that are kept.
func Leave() { transport().CloseIdleConnections() }

// A goodCall is a request that has a good answer, and what tells it.
type goodCall struct {
	name, path, kind string
	body             []byte
	good             func(answer []byte) bool
}

func (c *Crowd) calls() []goodCall {
	form := func(texts ...string) (kind string, body []byte) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for i := 0; i+1 < len(texts); i += 2 {
			_ = w.WriteField(texts[i], texts[i+1]) // a bytes.Buffer takes everything
		}
		part, _ := w.CreateFormFile("photo", "photo.jpg")
		_, _ = part.Write(c.Photo)
		_ = w.Close()
		return w.FormDataContentType(), b.Bytes()
	}
	identify := goodCall{name: "identify", path: "/v1/identify", good: func(answer []byte) bool {
		var r facegate.IdentifyResult
		return json.Unmarshal(answer, &r) == nil && len(r.Faces) == 1 && r.Faces[0].Decision == facegate.Match && r.Faces[0].Candidates[0].Person.ID == c.Person.ID
	}}
	verify := goodCall{name: "verify", path: "/v1/verify", good: func(answer []byte) bool {
		var v facegate.Verification
		return json.Unmarshal(answer, &v) == nil && v.Decision == facegate.Match
	}}
	detect := goodCall{name: "detect", path: "/v1/detect", kind: "image/jpeg", body: c.Photo, good: func(answer []byte) bool {
		var a facegate.Analysis
		return json.Unmarshal(answer, &a) == nil && len(a.Faces) == 1
	}}
	identify.kind, identify.body = form()
	verify.kind, verify.body = form("person", c.Person.ID)
	return []goodCall{identify, verify, detect}
}

// ask has one request answered: where the server is busy it comes again, when it
// is told to.
func (c *Crowd) ask(ctx context.Context, r *Report, n int) {
	calls := c.calls()
	call := calls[n%len(calls)]
	first := time.Now()
	for ctx.Err() == nil {
		start := time.Now()
		status, header, answer, err := c.send(ctx, call.path, call.kind, c.Key, call.body)
		if ctx.Err() != nil {
			return // it is over: nobody waits for this answer
		}
		took := time.Since(start)
		r.count(call.name, status)
		if err != nil {
			r.fault(call.name, status, "no answer: %v", err)
			return
		}
		r.check(call.name, status, header, answer, http.StatusOK, http.StatusServiceUnavailable)
		if status != http.StatusServiceUnavailable {
			if status == http.StatusOK && !call.good(answer) {
				r.fault(call.name, status, "a wrong answer: %.300s", answer)
			}
			r.mu.Lock()
			r.Took, r.Waited = append(r.Took, took), append(r.Waited, time.Since(first))
			r.mu.Unlock()
			return
		}
		r.mu.Lock()
		r.Refused = append(r.Refused, took)
		r.mu.Unlock()
		seconds, _ := strconv.Atoi(header.Get("Retry-After"))
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(max(1, seconds)) * time.Second):
		}
	}
}

func (c *Crowd) send(ctx context.Context, path, kind, key string, body []byte) (int, http.Header, []byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	q.Header.Set("Content-Type", kind)
	q.Header.Set("X-Api-Key", key)
	a, err := (&http.Client{Transport: transport()}).Do(q)
	if err != nil {
		return 0, nil, nil, err
	}
	defer a.Body.Close()
	answer, err := io.ReadAll(a.Body)
	return a.StatusCode, a.Header, answer, err
}

// check holds an answer to what every answer is held to.
func (r *Report) check(kind string, status int, header http.Header, answer []byte, want ...int) {
	switch {
	case status == http.StatusServiceUnavailable && header.Get("Retry-After") == "":
		r.fault(kind, status, "without Retry-After: %.300s", answer)
	case !slices.Contains(want, status):
		r.fault(kind, status, "%.300s", answer)
	case status >= 400 && header.Get("Content-Type") != "application/problem+json":
		r.fault(kind, status, "as %q: %.300s", header.Get("Content-Type"), answer)
	}
}

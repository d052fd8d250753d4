package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"facegate"
	"facegate/internal/testbroker"
)

// A retold is the sightings that came some way, each as it came last.
type retold struct {
	t     *testing.T
	order []string // of first reports
	last  map[string]facegate.SightingRecord
}

func (a *retold) add(payload []byte) {
	a.t.Helper()
	var s facegate.SightingRecord
	if err := json.Unmarshal(payload, &s); err != nil || s.ID == "" {
		a.t.Fatalf("%v in %s", err, payload)
	}
	if a.last == nil {
		a.last = map[string]facegate.SightingRecord{}
	}
	old, there := a.last[s.ID]
	if !there {
		a.order = append(a.order, s.ID)
	}
	if s.Revision >= old.Revision { // what comes twice may come late
		a.last[s.ID] = s
	}
}

// who is whom the sightings show, sorted; all of them ended, and strangers one.
func (a *retold) who() (all []string, ended bool) {
	strangers := map[string]bool{}
	ended = true
	for _, s := range a.last {
		switch {
		case s.Person != nil:
			all = append(all, s.Person.Name)
		case s.UnknownID != "":
			all = append(all, "stranger")
			strangers[s.UnknownID] = true
		default:
			all = append(all, string(s.Decision))
		}
		ended = ended && s.Ended
	}
	if len(strangers) > 1 {
		a.t.Errorf("the stranger has %d ids", len(strangers))
	}
	slices.Sort(all)
	return all, ended
}

// log tells, where the test has failed, what came.
func (a *retold) log(way string) {
	if !a.t.Failed() {
		return
	}
	for _, id := range a.order {
		s := a.last[id]
		a.t.Logf("%s: %s r%d %s ended %v, %s %v %s, distance %.2f, evidence %d, quality %.2f, %s to %s", way, s.Camera.Name, s.Revision, id[:8], s.Ended,
			s.Decision, s.Person, s.UnknownID, s.Distance, s.Evidence, s.Quality, s.FirstSeen.Format("05.0"), s.LastSeen.Format("05.0"))
	}
}

// A hook is a webhook's receiver that fails every third time.
type hook struct {
	t      *testing.T
	secret string

	mu       sync.Mutex
	posts    int
	accepted [][]byte
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	seconds, signature, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Facegate-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte(h.secret))
	fmt.Fprintf(mac, "%s.%s", seconds, body)
	if got, err := hex.DecodeString(signature); err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		h.t.Error("a wrong signature")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.posts++; h.posts%3 == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var post struct{ Sighting json.RawMessage }
	if err := json.Unmarshal(body, &post); err != nil {
		h.t.Error(err)
	}
	h.accepted = append(h.accepted, post.Sighting)
}

func (h *hook) tally() *retold {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := &retold{t: h.t}
	for _, s := range h.accepted {
		a.add(s)
	}
	return a
}

// serve receives on the address until the test ends.
func (h *hook) serve(address string) {
	h.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		h.t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(l) }()
	h.t.Cleanup(func() { _ = server.Close() })
}

// heard is what came on a camera's topic.
func heard(t *testing.T, sub *testbroker.Subscriber, topic string) *retold {
	a := &retold{t: t}
	for _, m := range sub.Messages(topic) {
		if m.Topic == topic {
			a.add([]byte(m.Payload))
		}
	}
	return a
}

// A streamed is the events of a server, from the first sighting on.
type streamed struct {
	mu       sync.Mutex
	payloads [][]byte
}

func (s *server) stream() *streamed {
	s.t.Helper()
	resp, err := http.Get(s.url + "/v1/sightings/stream?after=0")
	if err != nil || resp.StatusCode != 200 {
		s.t.Fatal(resp, err)
	}
	s.t.Cleanup(func() { resp.Body.Close() })
	e := &streamed{}
	go func() {
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		kind := ""
		for lines.Scan() {
			if k, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				kind = k
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && kind == "sighting" {
				e.mu.Lock()
				e.payloads = append(e.payloads, []byte(data))
				e.mu.Unlock()
			}
		}
	}()
	return e
}

func (e *streamed) tally(t *testing.T) *retold {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := &retold{t: t}
	for _, p := range e.payloads {
		a.add(p)
	}
	return a
}

// api sends JSON and decodes the answer into v, unless it is nil.
func (s *server) api(method, path, body string, v any) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %s (%v)", method, path, resp.Status, answer, err)
	}
	if v != nil {
		if err := json.Unmarshal(answer, v); err != nil {
			s.t.Fatal(err)
		}
	}
}

// play has a server look at a film, and waits for its end.
func (s *server) play(name, file string) string {
	s.t.Helper()
	var c facegate.CameraInfo
	s.api("POST", "/v1/cameras", fmt.Sprintf(`{"name":%q,"source":%q,"pace":"fast","cooldown_seconds":0}`, name, file), &c)
	testbroker.Until(s.t, "the film ends", func() bool {
		s.api("GET", "/v1/cameras/"+c.ID, "", &c)
		return c.Status.State == facegate.CameraEnded
	})
	if c.Status.Unreported > 0 || c.Status.Dropped > 0 {
		s.t.Errorf("%+v", c.Status)
	}
	return c.ID
}

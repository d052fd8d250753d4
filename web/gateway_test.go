package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"facegate"
	"facegate/detector"
	"facegate/enroll"
	"facegate/internal/testfiles"
	"facegate/match"
	"facegate/web"
)

// The networks take a second and a half to load and are the same for all tests.
var shared struct {
	sync.Once
	detector *detector.Detector
	err      error
}

func analyser(t testing.TB) facegate.Analyser {
	t.Helper()
	dir := testfiles.Models(t)
	testfiles.Photos(t)
	shared.Do(func() {
		models, err := detector.FindModels([]string{dir})
		if err != nil {
			shared.err = err
			return
		}
		shared.detector, shared.err = detector.New(detector.Config{Models: models, Workers: 1})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.detector
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.detector != nil {
		shared.detector.Close()
	}
	os.Exit(code)
}

// A gateway is the real server on the real services, with a database of its own.
type gateway struct {
	*web.Server
	people *enroll.Service

	sightings *enroll.Sightings
	unknowns  *enroll.Unknowns

	log *logBuffer
	// vars stand for ids in paths and bodies: {obama}.
	vars map[string]string
}

// newGateway is a gateway with nobody in it. adjust may change the server before
// it is initialized.
func newGateway(t testing.TB, adjust ...func(*web.Server)) *gateway {
	t.Helper()
	a := analyser(t)
	store, err := enroll.Open(context.Background(), filepath.Join(t.TempDir(), "facegate.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	gallery := match.NewGallery()
	people := &enroll.Service{Store: store, Analyser: a, Gallery: gallery}
	recognition := &match.Service{Analyser: a, Gallery: gallery, Source: people, People: people, Samples: people,
		Rules: &match.Rules{Recipe: a.Recipe(), Size: gallery.Size, Settings: people, Samples: people}}
	g := &gateway{
		Server: &web.Server{
			Recognition: recognition, People: people, GallerySize: gallery.Size, Version: "test", Thresholds: recognition.Rules, Samples: recognition,
			Audit: &enroll.AuditLog{Store: store}, Exporter: people,
			Keys: &enroll.Keys{Store: store}, Accounts: &enroll.Accounts{Store: store}, Auth: web.AuthOff,
		},
		people: people, log: &logBuffer{}, vars: map[string]string{},
	}
	g.Logger = slog.New(slog.NewJSONHandler(g.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g.watch(t, store)
	for _, f := range adjust {
		f(g.Server)
	}
	if err := g.Initialize(); err != nil {
		t.Fatal(err)
	}
	return g
}

// speaking makes a server speak dialects.
func speaking(dialects ...string) func(*web.Server) {
	return func(s *web.Server) { s.Dialects = dialects }
}

// enrol puts a person into the gateway and remembers the ids: {key} is the
// person, {key.sample} the first sample.
func (g *gateway) enrol(t testing.TB, key, name string, photos ...string) {
	t.Helper()
	var files []facegate.Photo
	for _, p := range photos {
		files = append(files, facegate.Photo{Name: filepath.Base(p), Data: readPhoto(t, p)})
	}
	e, err := g.people.Create(context.Background(), facegate.NewPerson{Name: name}, files)
	if err != nil {
		t.Fatal(err)
	}
	g.vars[key] = e.ID
	if len(e.Samples) > 0 {
		g.vars[key+".sample"] = e.Samples[0].ID
	}
}

// fill puts ids in the place of their names.
func (g *gateway) fill(s string) string {
	for name, value := range g.vars {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}

// A logBuffer holds what was logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

// readPhoto is a file of the test photos.
func readPhoto(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testfiles.Photos(t), filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A part is a part of a form: text, or a file where name is set.
type part struct {
	field, name, kind string
	data              []byte
}

func text(field, value string) part { return part{field: field, data: []byte(value)} }

func file(t testing.TB, field, photo string) part {
	t.Helper()
	return part{field: field, name: filepath.Base(photo), kind: "image/jpeg", data: readPhoto(t, photo)}
}

func fileOf(field, name string, data []byte) part {
	return part{field: field, name: name, kind: "application/octet-stream", data: data}
}

// A body is what a request sends.
type body struct {
	kind string
	data []byte
}

func multi(parts ...part) body {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := fmt.Sprintf(`form-data; name="%s"`, p.field)
		if p.name != "" {
			disposition += fmt.Sprintf(`; filename="%s"`, p.name)
		}
		h.Set("Content-Disposition", disposition)
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		pw, err := w.CreatePart(h)
		if err == nil {
			_, err = pw.Write(p.data)
		}
		if err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return body{w.FormDataContentType(), b.Bytes()}
}

func jsonBody(s string) body { return body{"application/json", []byte(s)} }

// An answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// ask sends one request to the handler.
func ask(h http.Handler, method, path string, b body, header map[string]string) answer {
	var reader io.Reader
	if b.data != nil {
		reader = bytes.NewReader(b.data)
	}
	r := httptest.NewRequest(method, path, reader)
	if b.kind != "" {
		r.Header.Set("Content-Type", b.kind)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Result(), w.Body.Bytes()}
}

// decode reads an answer's JSON.
func decode[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// A scenario is one request and what its answer must, and must not, hold.
type scenario struct {
	name      string
	method    string // empty: POST
	path      string
	body      body
	header    map[string]string
	status    int
	expected  []string
	forbidden []string
}

// run asks for each scenario in turn, in the native API.
func (g *gateway) run(t *testing.T, scenarios []scenario) {
	t.Helper()
	g.runAs(t, checkProblem, scenarios)
}

// runAs asks for each scenario in turn, in an API whose errors check knows.
func (g *gateway) runAs(t *testing.T, check func(*testing.T, answer), scenarios []scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			method := s.method
			if method == "" {
				method = http.MethodPost
			}
			b := s.body
			if b.data != nil {
				b.data = []byte(g.fill(string(b.data)))
			}
			a := ask(g.Handler(), method, g.fill(s.path), b, s.header)
			if a.StatusCode != s.status {
				t.Errorf("status %d, want %d: %.500s", a.StatusCode, s.status, a.body)
			}
			for _, want := range s.expected {
				if want = g.fill(want); !strings.Contains(string(a.body), want) {
					t.Errorf("no %q in %.1000s", want, a.body)
				}
			}
			for _, not := range append(s.forbidden, "null", "goroutine", ".go:") {
				if not = g.fill(not); strings.Contains(a.Header.Get("Content-Type"), "json") && strings.Contains(string(a.body), not) {
					t.Errorf("%q in %.1000s", not, a.body)
				}
			}
			if a.StatusCode >= 400 {
				check(t, a)
			}
		})
	}
}

func checkProblem(t *testing.T, a answer) {
	t.Helper()
	if kind := a.Header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("media type %q", kind)
	}
	p := decode[web.Problem](t, a)
	if p.Status != a.StatusCode || p.Title == "" || p.Detail == "" || p.Code == "" ||
		p.Type != "/errors#"+string(p.Code) || p.RequestID != a.Header.Get("X-Request-Id") {
		t.Errorf("not a whole problem: %s", a.body)
	}
}

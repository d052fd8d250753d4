package web_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/web"

	"github.com/getkin/kin-openapi/routers"
)

// A fuzzed gateway is the real server on real services, whose every answer is held
// against openapi.yaml, and whose database is watched: a request that is refused
// writes nothing.
type fuzzed struct {
	*gateway
	router     routers.Router
	operations []operation // in the order of their ids
	database   *sql.DB     // one connection of its own
	asked      int
}

// An operation is a row of openapi.yaml.
type operation struct {
	id, method, path string // path as a template: /v1/people/{id}
	media            []string
	query            []string // names of its parameters
}

// takes reports whether the operation has a body of that media type.
func (o operation) takes(media string) bool { return slices.Contains(o.media, media) }

// among is the operation with that id; any other text stands for some operation.
func among(all []operation, id string) operation {
	for _, o := range all {
		if o.id == id {
			return o
		}
	}
	return all[crc32.ChecksumIEEE([]byte(id))%uint32(len(all))]
}

// stored are the operations whose refusal is itself worth a record.
var stored = []string{"signIn"}

// general are the statuses of what stands before every operation: how requests are
// sent, by whom, and how many.
var general = []int{400, 401, 403, 404, 405, 408, 413, 415, 421, 429, 503}

// newFuzzed is a gateway with somebody in it, whom its variables name. Its clock
// goes on by a minute with each look, so that nobody is throttled for good.
func newFuzzed(f *testing.F, adjust ...func(*web.Server)) *fuzzed {
	f.Helper()
	doc, router := sealedDescription(f)
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := &fuzzed{router: router, gateway: newGateway(f, append(adjust, func(s *web.Server) {
		s.Logger = slog.New(slog.DiscardHandler) // a worker asks a hundred thousand times
		s.Now = func() time.Time { now = now.Add(time.Minute); return now }
		s.Cameras = pausedCameras{s.Cameras}
	})...)}
	routes := g.Routes()
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			pattern := strings.NewReplacer("{", ":", "}", "").Replace(path)
			if !slices.Contains(routes, web.Route{Method: method, Pattern: pattern}) {
				continue // of a dialect that this server does not speak
			}
			o := operation{id: op.OperationID, method: method, path: path}
			if op.RequestBody != nil {
				for media := range op.RequestBody.Value.Content {
					o.media = append(o.media, media)
				}
			}
			for _, p := range op.Parameters {
				if p.Value.In == "query" {
					o.query = append(o.query, p.Value.Name)
				}
			}
			g.operations = append(g.operations, o)
		}
	}
	slices.SortFunc(g.operations, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	g.populate(f)
	var err error
	if g.database, err = sql.Open("sqlite3", "file:"+g.people.Store.Path()+"?mode=ro"); err != nil {
		f.Fatal(err)
	}
	g.database.SetMaxOpenConns(1)
	f.Cleanup(func() { g.database.Close() })
	return g
}

// pausedCameras looks at no camera: a fuzzer's sources are anywhere in the world.
type pausedCameras struct{ facegate.Cameras }

func (p pausedCameras) Add(ctx context.Context, c facegate.Camera) (facegate.CameraInfo, error) {
	c.Paused = true
	return p.Cameras.Add(ctx, c)
}

func (p pausedCameras) Update(ctx context.Context, id string, u facegate.CameraUpdate) (facegate.CameraInfo, error) {
	paused := true
	u.Paused = &paused
	return p.Cameras.Update(ctx, id, u)
}

func (p pausedCameras) Pause(ctx context.Context, id string, _ bool) (facegate.CameraInfo, error) {
	return p.Cameras.Pause(ctx, id, true)
}

// populate puts one of everything into the gateway.
func (g *fuzzed) populate(f *testing.F) {
	f.Helper()
	g.enrol(f, "obama", "Obama", "people/obama/obama.jpg")
	g.enrol(f, "biden", "Biden", "people/biden/biden.jpg")
	g.see(f, "seen", 1, "people/rose_leslie/img1.jpg")
	g.see(f, "also", 2, "people/kit_harington/john1.jpeg")
	g.vars["none"] = "0197c7a2-4b1e-7c44-9d0b-3f6a1c2d4e5f"
	camera, err := g.Cameras.Add(f.Context(), facegate.Camera{Name: "yard", Source: "push:"})
	if err != nil {
		f.Fatal(err)
	}
	hook, err := g.Webhooks.Add(f.Context(), facegate.Webhook{URL: "http://127.0.0.1:1/hook"})
	if err != nil {
		f.Fatal(err)
	}
	g.vars["camera"], g.vars["hook"] = camera.ID, hook.ID
	probe := readPhoto(f, "probes/obama_small.jpg")
	found, err := g.people.Analyser.Analyse(f.Context(), probe, facegate.AnalyseOptions{Embed: true})
	if err != nil || len(found.Faces) == 0 {
		f.Fatalf("%d faces, %v", len(found.Faces), err)
	}
	embedding, err := json.Marshal(found.Faces[0].Embedding)
	if err != nil {
		f.Fatal(err)
	}
	var pixel bytes.Buffer
	if err := png.Encode(&pixel, image.NewGray(image.Rect(0, 0, 3, 3))); err != nil {
		f.Fatal(err)
	}
	g.vars["embedding"], g.vars["face"], g.vars["pixel"] = string(embedding), string(probe), pixel.String()
}

// send asks for an operation, and holds the answer to what is promised: nothing
// panics, the status is one that is described, an error is a whole problem with a
// known code, an answer is as openapi.yaml says, and what is refused wrote nothing.
func (g *fuzzed) send(t *testing.T, o operation, id, query string, header http.Header, content string) *httptest.ResponseRecorder {
	t.Helper()
	path := strings.NewReplacer("{id}", id, "{sample_id}", id, "{subject}", id, "{key}", id).Replace(o.path)
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	r := &http.Request{Method: o.method, URL: &url.URL{Path: path, RawQuery: query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(content)), ContentLength: int64(len(content)), Host: "localhost", RemoteAddr: "127.0.0.1:1"}
	r = r.WithContext(ctx)
	// When a key was last used is written behind the answers, so also behind this one.
	if err := g.Keys.(*enroll.Keys).Flush(ctx); err != nil {
		t.Fatal(err)
	}
	before := g.version(t)
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(&hangsUp{w, hangUp}, r)
	if refused := w.Code >= 400 && !slices.Contains(stored, o.id); refused && g.version(t) != before {
		t.Errorf("%s: refused with %d, and something was written: %s", o.id, w.Code, w.Body)
	}
	g.promised(t, o, r, w)
	if g.asked++; g.asked%500 == 0 {
		g.whole(t)
	}
	return w
}

func (g *fuzzed) promised(t *testing.T, o operation, r *http.Request, w *httptest.ResponseRecorder) {
	t.Helper()
	answered, path := answer{w.Result(), w.Body.Bytes()}, r.URL.Path
	route, params, err := g.router.FindRoute(r)
	if err != nil || route.Operation.OperationID != o.id { // the id made another address of it
		if w.Code >= 400 {
			checkFailure(t, path, answered)
		}
		return
	}
	if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
		t.Errorf("%s: %d %s", o.id, w.Code, w.Body)
	}
	if route.Operation.Responses.Status(w.Code) == nil && !slices.Contains(general, w.Code) {
		t.Errorf("%s: the status %d is not described: %s", o.id, w.Code, w.Body)
	}
	if w.Code >= 400 {
		checkFailure(t, path, answered)
	}
	if retry := w.Header().Get("Retry-After"); (w.Code == 503 || w.Code == 429) && retry == "" {
		t.Errorf("%s: %d without Retry-After", o.id, w.Code)
	}
	if o.method == http.MethodHead {
		return
	}
	if err := asDescribed(strictly(r, params, route), w); err != nil {
		t.Errorf("%s: the answer is not as described: %v\n%.1000s", o.id, err, w.Body)
	}
}

// checkFailure holds an error to the words of the dialect that is spoken at an
// address.
func checkFailure(t *testing.T, path string, a answer) {
	t.Helper()
	if strings.HasPrefix(path, "/api/v1/") {
		comprefaceErrorOf(t, a)
		return
	}
	checkProblem(t, a)
}

// version changes whenever somebody else commits to the database.
func (g *fuzzed) version(t *testing.T) (version int64) {
	t.Helper()
	if err := g.database.QueryRow(`PRAGMA data_version`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

// whole looks at all that is stored.
func (g *fuzzed) whole(t *testing.T) {
	t.Helper()
	check, err := g.people.Store.Check(context.Background())
	if err == nil && !check.Healthy() {
		t.Errorf("the database is not whole: %s", check.First())
	}
	if err != nil {
		t.Error(err)
	}
	differences, err := g.people.CheckGallery(context.Background())
	if err != nil || len(differences) > 0 {
		t.Errorf("the gallery differs: %v %v", differences, err)
	}
}

// undo takes away what an answer says was made.
func (g *fuzzed) undo(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	made := w.Header().Get("Location")
	if w.Code != http.StatusCreated || made == "" {
		return
	}
	if a := ask(g.Handler(), http.MethodDelete, made, body{}, nil); a.StatusCode >= 300 {
		t.Errorf("%s was made and cannot be taken away: %d %s", made, a.StatusCode, a.body)
	}
}

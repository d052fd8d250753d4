package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/enroll"
	"facegate/web"
)

// watch gives a gateway cameras, and what they see.
func (g *gateway) watch(t testing.TB, store *enroll.Store) {
	t.Helper()
	outbox := &enroll.Outbox{Store: store, Always: []string{facegate.DestinationMQTT}}
	sightings := &enroll.Sightings{Store: store, Outbox: outbox}
	unknowns := &enroll.Unknowns{Store: store, People: g.people, Sightings: sightings}
	secrets := &enroll.Secrets{Store: store}
	manager := &camera.Manager{Config: camera.Config{
		Frames: g.people.Analyser.(facegate.FrameAnalyser), Recognition: g.Recognition, Sink: sightings, Unknowns: unknowns,
		Now: time.Now, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, Store: &enroll.CameraStore{Store: store, Secrets: secrets}}
	if err := manager.Initialize(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	g.Cameras, g.Sightings, g.Unknowns, g.Outbox = manager, sightings, unknowns, outbox
	g.Webhooks = &enroll.Webhooks{Store: store, Secrets: secrets, Outbox: outbox}
	g.sightings, g.unknowns = sightings, unknowns
	g.Challenges = &enroll.AuditedChallenges{Log: g.Audit, Challenges: &camera.Challenges{
		Analyser: g.people.Analyser, Recognition: g.Recognition, People: g.people, Random: func(int) int { return 0 }}} // left, then right
}

var door = facegate.CameraRef{ID: "0197c7a2-4b1e-7c44-9d0b-00000000d00f", Name: "door"}

// see puts a sighting of a stranger into the gateway, whose face is that of a real
// photo: {key} is the sighting, {key.unknown} the stranger.
func (g *gateway) see(t testing.TB, key string, n int, photo string) facegate.Sighting {
	t.Helper()
	picture := readPhoto(t, photo)
	a, err := g.people.Analyser.Analyse(context.Background(), picture, facegate.AnalyseOptions{Embed: true, Crops: true})
	if err != nil || len(a.Faces) == 0 {
		t.Fatalf("%s: %d faces, %v", photo, len(a.Faces), err)
	}
	f, at := a.Faces[0], time.Date(2026, 4, 1, 12, n, 0, 0, time.UTC)
	s := facegate.Sighting{ID: fmt.Sprintf("0197c7a2-4b1e-7c44-9d0b-%012d", n), Revision: 1, Camera: door, TrackID: int64(n), Decision: facegate.Unknown,
		Distance: 0.8, Similarity: 0.1, Threshold: 0.5, FirstSeen: at, LastSeen: at.Add(time.Second), Evidence: 1, Quality: f.Quality.Overall,
		Box: f.Box, Width: a.Width, Height: a.Height, BestShot: picture, Crop: f.Crop,
		Shots: []facegate.Shot{{At: at, Embedding: *f.Embedding, Quality: f.Quality, Box: f.Box, Crop: f.Crop}}}
	if s.UnknownID, err = g.unknowns.Assign(context.Background(), s.ID, s.Shots); err != nil {
		t.Fatal(err)
	}
	if err := g.sightings.Report(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	g.vars[key], g.vars[key+".unknown"] = s.ID, s.UnknownID
	return s
}

func TestCamerasAreAdministered(t *testing.T) {
	g := newGateway(t)
	none := filepath.Join(t.TempDir(), "none.mp4")
	a := ask(g.Handler(), "POST", "/v1/cameras", jsonBody(`{"name":"gate","source":"rtsp://viewer:s3cret-word@127.0.0.1:1/live?token=s3cret-word",
		"fps":5,"zones":[{"mode":"include","points":[[0,0],[1,0],[0.5,1]]}],"cooldown_seconds":0,"paused":true}`), nil)
	if a.StatusCode != 201 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	c := decode[facegate.CameraInfo](t, a)
	g.vars["gate"] = c.ID
	if a.Header.Get("Location") != "/v1/cameras/"+c.ID || c.Status.State != facegate.CameraPaused || *c.Cooldown != 0 {
		t.Errorf("%+v", c)
	}
	g.run(t, []scenario{
		{name: "shown without its password", method: "GET", path: "/v1/cameras", status: 200, expected: []string{`"gate"`, `viewer:***@`, `token=***`}, forbidden: []string{"s3cret"}},
		{name: "one", method: "GET", path: "/v1/cameras/{gate}", status: 200, expected: []string{`"state":"paused"`}, forbidden: []string{"s3cret"}},
		{name: "name taken", path: "/v1/cameras", body: jsonBody(`{"name":"gate","source":"push:"}`), status: 409, expected: []string{`"name_taken"`}},
		{name: "no source", path: "/v1/cameras", body: jsonBody(`{"name":"x"}`), status: 400, expected: []string{`"invalid_request"`}},
		{name: "a source of no kind", path: "/v1/cameras", body: jsonBody(`{"name":"x","source":"gopher://x"}`), status: 400},
		{name: "a setting that is none", path: "/v1/cameras", body: jsonBody(`{"name":"x","source":"push:","speed":1}`), status: 400, expected: []string{"speed"}},
		{name: "out of range", method: "PATCH", path: "/v1/cameras/{gate}", body: jsonBody(`{"fps":1000}`), status: 400},
		{name: "a setting changed", method: "PATCH", path: "/v1/cameras/{gate}", body: jsonBody(`{"min_face":50,"cooldown_seconds":null}`), status: 200,
			expected: []string{`"min_face":50`, `"fps":5`, `"zones":[{`}, forbidden: []string{"cooldown"}},
		{name: "a source as it was shown", method: "PATCH", path: "/v1/cameras/{gate}", body: jsonBody(`{"source":"rtsp://viewer:***@127.0.0.1:1/live?token=***"}`), status: 200},
		{name: "a password to another host", method: "PATCH", path: "/v1/cameras/{gate}", body: jsonBody(`{"source":"rtsp://viewer:***@10.9.8.7/live"}`), status: 400},
		{name: "pushing to it", path: "/v1/cameras/{gate}/push", body: anyPhoto(), status: 400, expected: []string{"not pushed"}},
		{name: "a file that is not there", path: "/v1/cameras", body: jsonBody(fmt.Sprintf(`{"name":"film","source":%q}`, none)), status: 201},
		{name: "nobody's camera", method: "GET", path: "/v1/cameras/x/view", status: 404, expected: []string{`"camera_not_found"`}},
		{name: "nobody's live view", method: "GET", path: "/v1/cameras/x/live", status: 404, expected: []string{`"camera_not_found"`}},
		{name: "nobody's push", path: "/v1/cameras/x/push", body: anyPhoto(), status: 404},
		{name: "removed", method: "DELETE", path: "/v1/cameras/{gate}", status: 204},
		{name: "removed twice", method: "DELETE", path: "/v1/cameras/{gate}", status: 404},
	})
	if strings.Contains(g.log.String(), "s3cret") {
		t.Error("the log tells the password")
	}
}

// A picture that is pushed is looked at, shown live, and becomes a sighting.
func TestPushedPictureBecomesASighting(t *testing.T) {
	g := newGateway(t)
	g.enrol(t, "obama", "Obama", "people/obama/obama.jpg", "people/obama/obama2.jpg")
	address, _ := serving(t, g.Server)
	created := decode[facegate.CameraInfo](t, ask(g.Handler(), "POST", "/v1/cameras", jsonBody(`{"name":"webcam","source":"push:"}`), nil))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()

	live, err := http.NewRequestWithContext(ctx, "GET", "http://"+address+"/v1/cameras/"+created.ID+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	watching, err := http.DefaultClient.Do(live)
	if err != nil {
		t.Fatal(err)
	}
	defer watching.Body.Close()
	conn := dialPush(t, ctx, address, created.ID)
	picture := readPhoto(t, "probes/obama1.jpg")
	for n := 1; ; n++ {
		answer := pushed(t, ctx, conn, picture)
		if answer.Received != n || answer.Problem.Code != "" {
			t.Fatalf("%+v", answer)
		}
		page := decode[facegate.SightingPage](t, ask(g.Handler(), "GET", "/v1/sightings?open=true&camera=webcam", body{}, nil))
		if page.Total == 1 && page.Sightings[0].Decision == facegate.Match {
			if s := page.Sightings[0]; s.Person.Name != "Obama" || !s.Photo || !s.Face || s.Camera.ID != created.ID {
				t.Errorf("%+v", s)
			}
			break
		}
		if ctx.Err() != nil {
			t.Fatal("nobody was seen")
		}
	}
	for {
		pushed(t, ctx, conn, picture)
		view := decode[facegate.CameraView](t, ask(g.Handler(), "GET", "/v1/cameras/"+created.ID+"/view", body{}, nil))
		if view.Camera.Name != "webcam" || view.Width == 0 || len(view.Tracks) > 1 {
			t.Fatalf("%+v", view)
		}
		if len(view.Tracks) == 1 && view.Tracks[0].Person != nil {
			break
		}
	}
	if answer := pushed(t, ctx, conn, []byte("no picture")); answer.Problem.Code == "" || answer.Problem.Detail == "" {
		t.Errorf("%+v", answer)
	}

	if kind := watching.Header.Get("Content-Type"); kind != "multipart/x-mixed-replace; boundary=picture" {
		t.Errorf("media type %q", kind)
	}
	checkLive(t, watching.Body)
	metrics := string(ask(g.Handler(), "GET", "/metrics", body{}, nil).body)
	for _, want := range []string{`facegate_camera_state{camera="webcam",state="online"} 1`, `facegate_camera_sightings_total{camera="webcam"} 1`,
		`facegate_outbox_pending{destination="mqtt"} 1`, `facegate_camera_viewers{camera="webcam"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s", want)
		}
	}
	// A camera that is removed ends its streams, and its sighting.
	if a := ask(g.Handler(), "DELETE", "/v1/cameras/"+created.ID, body{}, nil); a.StatusCode != 204 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if _, err := io.Copy(io.Discard, watching.Body); err != nil {
		t.Errorf("the live view broke off: %v", err)
	}
	page := decode[facegate.SightingPage](t, ask(g.Handler(), "GET", "/v1/sightings", body{}, nil))
	if page.Total != 1 || !page.Sightings[0].Ended {
		t.Errorf("%+v", page)
	}
}

func TestStrangersAreNamedMergedAndErased(t *testing.T) {
	g := newGateway(t)
	g.enrol(t, "biden", "Joe Biden", "people/biden/biden.jpg")
	g.see(t, "first", 1, "probes/obama1.jpg")
	g.see(t, "second", 2, "people/rose_leslie/img1.jpg")
	g.see(t, "third", 3, "people/kit_harington/john1.jpeg")
	g.run(t, []scenario{
		{name: "strangers", method: "GET", path: "/v1/unknowns?limit=2", status: 200, expected: []string{`"total":3`, `"next":"`, `"door"`}},
		{name: "a sighting", method: "GET", path: "/v1/sightings/{first}", status: 200, expected: []string{`"unknown_id":"{first.unknown}"`}},
		{name: "by decision", method: "GET", path: "/v1/sightings?decision=match,ambiguous", status: 200, expected: []string{`"sightings":[]`, `"total":0`}},
		{name: "no decision", method: "GET", path: "/v1/sightings?decision=maybe", status: 400, expected: []string{"maybe"}},
		{name: "no time", method: "GET", path: "/v1/sightings?since=yesterday", status: 400},
		{name: "by time", method: "GET", path: "/v1/sightings?since=2026-04-01T12:02:00Z&until=2026-04-01T12:03:00Z", status: 200, expected: []string{`"total":1`, "{second}"}},
		{name: "named and a person", path: "/v1/unknowns/{first.unknown}/name", body: jsonBody(`{"name":"x","person_id":"{biden}"}`), status: 400},
		{name: "neither", path: "/v1/unknowns/{first.unknown}/name", body: jsonBody(`{}`), status: 400},
		{name: "a name that is taken", path: "/v1/unknowns/{first.unknown}/name", body: jsonBody(`{"name":"Joe Biden"}`), status: 409},
		{name: "nobody", path: "/v1/unknowns/{first.unknown}/name", body: jsonBody(`{"person_id":"x"}`), status: 404, expected: []string{"person_not_found"}},
		{name: "no stranger", path: "/v1/unknowns/x/name", body: jsonBody(`{"name":"x"}`), status: 404, expected: []string{"unknown_not_found"}},
		{name: "named", path: "/v1/unknowns/{first.unknown}/name", body: jsonBody(`{"name":"Barack","tags":["guest"]}`), status: 201, expected: []string{`"Barack"`, `"guest"`, `"samples":[{`}},
		{name: "the sighting is his", method: "GET", path: "/v1/sightings?person=Barack", status: 200, expected: []string{"{first}", `"labelled":true`, `"revision":2`}},
		{name: "merged with oneself", path: "/v1/unknowns/{second.unknown}/merge", body: jsonBody(`{"others":["{second.unknown}"]}`), status: 400},
		{name: "merged", path: "/v1/unknowns/{second.unknown}/merge", body: jsonBody(`{"others":["{third.unknown}"]}`), status: 200, expected: []string{`"sightings":2`}},
		{name: "split", path: "/v1/unknowns/{second.unknown}/split", body: jsonBody(`{"sightings":["{third}"]}`), status: 201, expected: []string{`"sightings":1`}, forbidden: []string{"{second.unknown}"}},
		{name: "erased", method: "DELETE", path: "/v1/unknowns/{second.unknown}", status: 204},
		{name: "with all sightings", method: "GET", path: "/v1/sightings/{second}/photo", status: 404, expected: []string{"sighting_not_found"}},
		{name: "a sighting erased", method: "DELETE", path: "/v1/sightings/{third}", status: 204},
	})
	// Who was named is recognised from now on.
	probe := file(t, "photo", "probes/obama3.jpg")
	r := decode[facegate.IdentifyResult](t, ask(g.Handler(), "POST", "/v1/identify", multi(probe), nil))
	if len(r.Faces) != 1 || r.Faces[0].Decision != facegate.Match || r.Faces[0].Candidates[0].Person.Name != "Barack" {
		t.Errorf("%+v", r)
	}
}

func TestWebhooksAreAdministered(t *testing.T) {
	g := newGateway(t)
	a := ask(g.Handler(), "POST", "/v1/webhooks", jsonBody(`{"url":"https://u:s3cret-word@example.com/h","secret":"s3cret-key"}`), nil)
	w := decode[struct{ ID, Secret string }](t, a)
	if g.vars["hook"] = w.ID; a.StatusCode != 201 || w.Secret != "s3cret-key" || a.Header.Get("Location") != "/v1/webhooks/"+w.ID {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	g.run(t, []scenario{
		{name: "a secret is made", path: "/v1/webhooks", body: jsonBody(`{"url":"http://127.0.0.1:1/","secret":null,"paused":true}`), status: 201, expected: []string{`"secret":"`, `"paused":true`}},
		{name: "listed without secrets", method: "GET", path: "/v1/webhooks", status: 200, expected: []string{`u:***@example.com`, `"pending":0`}, forbidden: []string{"s3cret", `"secret"`}},
		{name: "changed", method: "PATCH", path: "/v1/webhooks/{hook}", body: jsonBody(`{"url":"https://u:***@example.com/other","paused":true}`), status: 200, expected: []string{"/other", `"paused":true`}, forbidden: []string{"s3cret"}},
		{name: "a password to another host", method: "PATCH", path: "/v1/webhooks/{hook}", body: jsonBody(`{"url":"https://u:***@example.net/"}`), status: 400},
		{name: "no URL", path: "/v1/webhooks", body: jsonBody(`{"url":"example.com"}`), status: 400},
		{name: "too short a secret", path: "/v1/webhooks", body: jsonBody(`{"url":"https://example.com","secret":"short"}`), status: 400, forbidden: []string{`"short"`}},
		{name: "removed", method: "DELETE", path: "/v1/webhooks/{hook}", status: 204},
		{name: "gone", method: "GET", path: "/v1/webhooks/{hook}", status: 404, expected: []string{"webhook_not_found"}},
	})
}

func TestServerWithoutCameras(t *testing.T) {
	s, _ := newFaulty(t, nil)
	for _, path := range []string{"/v1/cameras", "/v1/sightings", "/v1/sightings/stream", "/v1/unknowns", "/v1/webhooks"} {
		a := ask(s.Handler(), "GET", path, body{}, nil)
		if checkProblem(t, a); a.StatusCode != 404 || decode[web.Problem](t, a).Code != facegate.CodeNotFound {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
}

package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"facegate"
	"facegate/web"

	"github.com/coder/websocket"
)

// A challenged is what a client before a webcam is told.
type challenged struct {
	facegate.ChallengeState
	Problem web.Problem `json:"problem"`
}

func dialChallenge(t *testing.T, ctx context.Context, address, query string) *websocket.Conn {
	t.Helper()
	conn, resp, err := websocket.Dial(ctx, "ws://"+address+"/v1/verify/challenge?"+query, nil)
	if err != nil {
		t.Fatal(err, resp)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

// Pictures of somebody who turns the head go in, a verification comes out.
func TestVerifyByChallenge(t *testing.T) {
	doc := loadDescription(t)
	schema := doc.Components.Schemas["ChallengeState"]
	seal(schema)
	var pictures atomic.Int64 // five a second
	noon := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	g := newGateway(t, func(s *web.Server) {
		s.Now = func() time.Time { return noon.Add(time.Duration(pictures.Load()) * 200 * time.Millisecond) }
	})
	g.enrol(t, "norah", "Norah Jones", "lfw-dev/Norah_Jones/Norah_Jones_0010.jpg")
	g.enrol(t, "biden", "Joe Biden", "people/biden/biden.jpg")
	address, stop := serving(t, g.Server)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const ahead, left, right = "lfw-dev/Norah_Jones/Norah_Jones_0002.jpg", "lfw-dev/Norah_Jones/Norah_Jones_0003.jpg", "lfw-dev/Norah_Jones/Norah_Jones_0012.jpg"
	send := func(conn *websocket.Conn, picture []byte) (c challenged) {
		t.Helper()
		pictures.Add(1)
		if err := conn.Write(ctx, websocket.MessageBinary, picture); err != nil {
			t.Fatal(err)
		}
		_, data, err := conn.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var any any
		if json.Unmarshal(data, &any) != nil || schema.Value.VisitJSON(any) != nil {
			t.Fatalf("not as described: %s: %v", data, schema.Value.VisitJSON(any))
		}
		if bytes.Contains(data, []byte("embedding")) {
			t.Error("the answer holds an embedding")
		}
		if err := json.Unmarshal(data, &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tt := range []struct {
		query    string
		decision facegate.Decision
	}{{"person=Norah+Jones", facegate.Match}, {"person=" + g.vars["biden"] + "&threshold=0.5", facegate.NoMatch}} {
		conn := dialChallenge(t, ctx, address, tt.query)
		if c := send(conn, []byte("no picture")); c.Problem.Code != facegate.CodeNotAnImage || c.Result != facegate.ChallengeRunning || c.Ask != facegate.LookAhead {
			t.Errorf("%+v", c)
		}
		var last challenged
		for _, photo := range []string{ahead, ahead, left, left, ahead, ahead, right, right, ahead, ahead} {
			if last.Over() {
				t.Fatalf("over before %s: %+v", photo, last)
			}
			last = send(conn, readPhoto(t, photo))
		}
		if v := last.Verification; last.Result != facegate.ChallengePassed || v == nil || v.Decision != tt.decision || v.FaceA == nil {
			t.Errorf("%s: %+v", tt.query, last)
		}
		if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
			t.Errorf("after the end: %v", err)
		}
	}
	failed := dialChallenge(t, ctx, address, "person=Norah+Jones&turns=3")
	var last challenged
	for _, photo := range []string{ahead, ahead, right} {
		last = send(failed, readPhoto(t, photo))
	}
	if last.Result != facegate.ChallengeFailed || last.Reason == "" || last.Turns != 3 || last.Verification != nil {
		t.Errorf("the wrong way: %+v", last)
	}
	given := dialChallenge(t, ctx, address, "person=Norah+Jones")
	send(given, readPhoto(t, ahead))
	_ = given.Close(websocket.StatusNormalClosure, "")

	for _, bad := range []struct {
		query  string
		status int
	}{{"person=x", 404}, {"", 400}, {"person=Norah+Jones&turns=1", 400}, {"person=Norah+Jones&threshold=x", 400}, {"person=Norah+Jones&side=left", 400}} {
		resp, err := http.Get("http://" + address + "/v1/verify/challenge?" + bad.query)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != bad.status {
			t.Errorf("%q: %d %s", bad.query, resp.StatusCode, body)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	noGoroutinesLeft(t)

	// Who tried what is in the audit, and nothing else of it.
	page, err := g.Audit.Entries(context.Background(), facegate.AuditFilter{Action: "challenge"})
	if err != nil {
		t.Fatal(err)
	}
	var results []string
	for _, e := range page.Entries {
		results = append(results, string(e.Detail))
	}
	slices.Sort(results)
	if want := []string{`{"reason":"the head turned the other way","result":"failed","turns":0}`, `{"result":"given up","turns":0}`,
		`{"result":"passed","turns":2}`, `{"result":"passed","turns":2}`}; !slices.Equal(results, want) {
		t.Errorf("the audit has %q", results)
	}
}

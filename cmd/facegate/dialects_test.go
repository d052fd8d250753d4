package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/machinebox/sdk-go/facebox"

	"facegate/internal/testfiles"
)

func TestDialectsAreChosen(t *testing.T) {
	u := newUser(t, true)
	both := "deepstack and codeproject share their addresses"
	contains(t, "both of one address", u.want(exitUsage, "serve", "--dialects=deepstack,codeproject").stderr, "--dialects: "+both)
	contains(t, "a dialect there is none of", u.want(exitUsage, "serve", "--dialects=klingon").stderr, `"klingon" is no dialect`)
	u.env = append(u.env, "FACEGATE_DIALECTS=deepstack,codeproject")
	contains(t, "by the environment", u.want(exitUsage, "serve").stderr, both)
	u.env = u.env[:len(u.env)-1]
	u.write("facegate.yaml", []byte("dialects: [deepstack, codeproject]\n"))
	contains(t, "by the file", u.want(exitUsage, "serve").stderr, both)
}

// Each form of the setting switches dialects on and off in the running server.
func TestProgramSpeaksTheDialectsChosen(t *testing.T) {
	tests := []struct {
		args, env, file       string
		deepstack, codep, fbx bool
	}{
		{"", "", "", true, false, true},
		{"--dialects=none", "", "", false, false, false},
		{"--dialects=codeproject", "", "", false, true, false},
		{"", "none", "", false, false, false},
		{"", "facebox", "", false, false, true},
		{"", "", "dialects: [codeproject, facebox]", false, true, true},
		{"", "", "dialects: none", false, false, false},
		{"--dialects=deepstack", "none", "dialects: facebox", true, false, false},
	}
	for _, tt := range tests {
		t.Run(strings.Join([]string{tt.args, tt.env, tt.file}, " "), func(t *testing.T) {
			u := newUser(t, false)
			if tt.env != "" {
				u.env = append(u.env, "FACEGATE_DIALECTS="+tt.env)
			}
			if tt.file != "" {
				u.write("facegate.yaml", []byte(tt.file+"\n"))
			}
			s := u.serve(strings.Fields(tt.args)...)
			status, list := s.ask("POST", "/v1/vision/face/list", "", "")
			if on := tt.deepstack || tt.codep; (status == 200) != on || !on && status != 404 || strings.Contains(list, `"moduleId"`) != tt.codep {
				t.Errorf("/v1/vision/face/list: %d %s", status, list)
			}
			if status, answer := s.ask("GET", "/info", "", ""); (status == 200) != tt.fbx || !tt.fbx && status != 404 {
				t.Errorf("/info: %d %s", status, answer)
			}
		})
	}
}

// nodeClient has DeepStack's client for Node-RED make a call.
func (s *server) nodeClient(key string, args ...string) map[string]any {
	s.t.Helper()
	folder := filepath.Join(testfiles.Root(), "web", "conformance")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "node-red-contrib-deepstack")); err != nil {
		s.t.Skip("facegate: needs DeepStack's client (make conformance)")
	}
	cmd := exec.CommandContext(s.t.Context(), needProgram(s.t, "node"), append([]string{"deepstack.cjs", s.url, key}, args...)...)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("node: %v\n%s", err, out)
	}
	var answer map[string]any
	if err := json.Unmarshal(out, &answer); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	return answer
}

// A client of DeepStack's that nobody here wrote, node-red-contrib-deepstack,
// works against the real server with a URL and a key.
func TestProgramServesDeepStacksClient(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	photo := func(name string) string { return filepath.Join(photos, filepath.FromSlash(name)) }
	s := u.serve()
	key := strings.TrimSpace(u.want(exitOK, "keys", "create", "node-red", "--scope=identify,enroll").stdout)
	reader := strings.TrimSpace(u.want(exitOK, "keys", "create", "reader", "--scope=identify").stdout)

	registered := s.nodeClient(key, "register", "Barack Obama", photo("people/obama/obama.jpg"), photo("people/obama/obama2.jpg"))
	if registered["success"] != true || registered["message"] != "face added" || !isNumber(registered["duration"]) || len(registered) != 3 {
		t.Errorf("registered: %v", registered)
	}
	if again := s.nodeClient(key, "register", "Barack Obama", photo("people/obama/obama.jpg")); again["message"] != "face updated" {
		t.Errorf("registered again: %v", again)
	}
	if people := u.want(exitOK, "people", "--json").stdout; !strings.Contains(people, `"name":"Barack Obama"`) || !strings.Contains(people, `"sample_count":2`) {
		t.Errorf("people: %s", people)
	}

	recognized := s.nodeClient(key, "recognize", "0.8", photo("probes/obama1.jpg"))
	predictions, _ := recognized["predictions"].([]any)
	if recognized["success"] != true || len(predictions) != 1 || !isNumber(recognized["duration"]) || len(recognized) != 3 {
		t.Fatalf("recognized: %v", recognized)
	}
	face, _ := predictions[0].(map[string]any)
	confidence, _ := face["confidence"].(float64)
	if face["userid"] != "Barack Obama" || confidence < 0.99 || confidence > 1 || len(face) != 6 {
		t.Errorf("the face: %v", face)
	}
	for low, high := range map[string]string{"x_min": "x_max", "y_min": "y_max"} {
		l, _ := face[low].(float64)
		h, _ := face[high].(float64)
		if l != float64(int(l)) || h != float64(int(h)) || l < 0 || h <= l {
			t.Errorf("the box: %v", face)
		}
	}
	stranger := s.nodeClient(key, "recognize", "0.8", photo("people/biden/biden.jpg"))
	if faces, _ := stranger["predictions"].([]any); len(faces) != 1 || faces[0].(map[string]any)["userid"] != "unknown" || faces[0].(map[string]any)["confidence"] != 0.0 {
		t.Errorf("a stranger: %v", stranger)
	}

	for name, tt := range map[string]struct {
		got    map[string]any
		status float64
		says   string
	}{
		"a wrong key":          {s.nodeClient("8a6e0804-2bd0-4672-b79d-d97027f9071a", "recognize", "0.8", photo("probes/obama1.jpg")), 401, `"error":"Incorrect api key"`},
		"no key":               {s.nodeClient("", "recognize", "0.8", photo("probes/obama1.jpg")), 401, `"error":"Incorrect api key"`},
		"a key for less":       {s.nodeClient(reader, "register", "Joe", photo("people/biden/biden.jpg")), 403, "scope enroll"},
		"a photo that is none": {s.nodeClient(key, "register", "Joe", filepath.Join(testfiles.Root(), "go.mod")), 400, `"error":"`},
		"a crowd":              {s.nodeClient(key, "register", "Joe", photo("probes/obama_and_biden.jpg")), 400, "There are 3 faces"},
		"objects":              {s.nodeClient(key, "objects", photo("probes/obama1.jpg")), 403, "Detection endpoint not activated"},
	} {
		body, _ := tt.got["body"].(string)
		if tt.got["status"] != tt.status || !strings.Contains(body, `"success":false`) || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %v", name, tt.got)
		}
	}
}

func isNumber(v any) bool {
	_, ok := v.(float64)
	return ok
}

// Machine Box's own SDK works against the real server with a URL that holds a key.
func TestProgramServesFaceboxSDK(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	open := func(name string) io.Reader {
		return strings.NewReader(string(read(t, filepath.Join(photos, filepath.FromSlash(name)))))
	}
	s := u.serve()
	key := strings.TrimSpace(u.want(exitOK, "keys", "create", "facebox", "--scope=identify,enroll").stdout)
	box := facebox.New(strings.Replace(s.url, "http://", "http://facebox:"+key+"@", 1))

	if info, err := box.Info(); err != nil || info.Name != "facebox" || info.Status != "ready" || info.Version != 1 || info.Build == "" {
		t.Errorf("info: %+v %v", info, err)
	}
	check := func(photo string) []facebox.Face {
		t.Helper()
		faces, err := box.Check(open(photo))
		if err != nil {
			t.Fatal(err)
		}
		return faces
	}
	if faces := check("probes/obama1.jpg"); len(faces) != 1 || faces[0].Matched || faces[0].Name != "" || faces[0].ID != "" || faces[0].Confidence != 0 || faces[0].Rect.Width <= 0 {
		t.Errorf("before teaching: %+v", faces)
	}
	for id, photo := range map[string]string{"obama/1.jpg": "people/obama/obama.jpg", "obama/2.jpg": "people/obama/obama2.jpg"} {
		if err := box.Teach(open(photo), id, "Barack Obama"); err != nil {
			t.Errorf("teach %s: %v", id, err)
		}
	}
	encoded := func(name string) string {
		return base64.StdEncoding.EncodeToString(read(t, filepath.Join(photos, filepath.FromSlash(name))))
	}
	if err := box.TeachBase64(encoded("people/biden/biden.jpg"), "biden", "Joe Biden"); err != nil {
		t.Errorf("teach base64: %v", err)
	}

	faces := check("probes/obama1.jpg")
	if len(faces) != 1 || !faces[0].Matched || faces[0].Name != "Barack Obama" || !strings.HasPrefix(faces[0].ID, "obama/") || faces[0].Confidence < 0.99 || faces[0].Faceprint != "" {
		t.Errorf("taught: %+v", faces)
	}
	if r := faces[0].Rect; r.Top < 0 || r.Left < 0 || r.Width < 50 || r.Height < 50 {
		t.Errorf("the rectangle: %+v", r)
	}
	if faces, err := box.CheckBase64(encoded("people/biden/biden2.jpg")); err != nil || len(faces) != 1 || faces[0].ID != "biden" || faces[0].Name != "Joe Biden" {
		t.Errorf("base64: %+v %v", faces, err)
	}

	address, _ := url.Parse("http://127.0.0.1:1/a.jpg")
	for what, err := range map[string]error{
		"pictures by URL are refused": box.TeachURL(address, "x", "X"),
		"faceprints are not taken":    box.TeachFaceprint("DP+BAgEC", "x", "X"),
		"PATCH is not taken here":     box.Rename("biden", "X"),
		`part of Facebox: "rename"`:   box.RenameAll("Joe Biden", "X"),
		"facegate backup":             box.PostState(strings.NewReader("x")),
		"not a picture":               box.Teach(strings.NewReader("hello"), "x", "X"),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v does not say %q", err, what)
		}
	}
	if _, err := box.CheckURL(address); err == nil || !strings.Contains(err.Error(), "facebox: url: pictures by URL are refused") {
		t.Errorf("by URL: %v", err)
	}
	if _, err := facebox.New(s.url).Check(open("probes/obama1.jpg")); err == nil || !strings.Contains(err.Error(), "a key is needed") {
		t.Errorf("without a key: %v", err)
	}

	for _, id := range []string{"obama/1.jpg", "obama/2.jpg"} {
		if err := box.Remove(id); err != nil {
			t.Errorf("remove %s: %v", id, err)
		}
	}
	if err := box.Remove("obama/1.jpg"); err == nil {
		t.Error("removed twice")
	}
	if faces := check("probes/obama1.jpg"); len(faces) != 1 || faces[0].Matched {
		t.Errorf("after removing: %+v", faces)
	}
}

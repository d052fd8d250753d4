package enroll_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

var (
	someKey  = hex.EncodeToString(bytes.Repeat([]byte{7}, 32))
	otherKey = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{9}, 32))
)

const password = "correct-horse-battery"

func frontDoor(h *house) facegate.Camera {
	return facegate.Camera{ID: id(1), Name: "front door", Source: "rtsp://ann:" + password + "@10.0.0.5/live?token=" + password,
		CameraSettings: facegate.CameraSettings{FPS: 5, MinFace: 40, Transport: facegate.UDP,
			Zones:    []facegate.Zone{{Name: "way", Mode: facegate.Include, Points: [][2]float64{{0, 0}, {1, 0}, {1, 1}}}},
			Schedule: []facegate.Window{{Days: []string{"mon"}, From: "08:00", To: "18:00"}}, Cooldown: ptr(10.0)},
		CreatedAt: h.now(), UpdatedAt: h.now()}
}

func TestCamerasAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	h := openHouse(t, path)
	c := frontDoor(h)
	if err := h.cameras.SaveCamera(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	yard := facegate.Camera{ID: id(2), Name: "a yard", Source: "push:", CreatedAt: h.now(), UpdatedAt: h.now()}
	if err := h.cameras.SaveCamera(t.Context(), yard); err != nil {
		t.Fatal(err)
	}
	yard.Name = c.Name
	wantCode(t, h.cameras.SaveCamera(t.Context(), yard), facegate.CodeNameTaken)
	yard.Name, yard.Paused = "the yard", true
	if err := h.cameras.SaveCamera(t.Context(), yard); err != nil {
		t.Fatal(err)
	}
	all, err := openHouse(t, path).cameras.Cameras(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v %v", all, err)
	}
	got := all[0]
	if got.Source.Reveal() != c.Source.Reveal() || got.FPS != 5 || got.MinFace != 40 || len(got.Zones) != 1 || got.Zones[0].Points[1] != [2]float64{1, 0} ||
		len(got.Schedule) != 1 || *got.Cooldown != 10 || !got.CreatedAt.Equal(h.now()) || got.Paused {
		t.Errorf("%+v", got)
	}
	if all[1].Name != "the yard" || !all[1].Paused {
		t.Errorf("%+v", all[1])
	}

	// A sighting goes by the camera's name of now, and by its last one when the
	// camera is gone.
	s := h.sighting(5, facegate.Unknown)
	s.Camera = facegate.CameraRef{ID: c.ID, Name: "an older name"}
	h.report(s)
	if r := h.kept(s.ID); r.Camera.Name != c.Name {
		t.Errorf("%+v", r.Camera)
	}
	if err := h.cameras.DeleteCamera(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if all, err := h.cameras.Cameras(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%+v %v", all, err)
	}
	if r := h.kept(s.ID); r.Camera.Name != "an older name" {
		t.Errorf("%+v", r.Camera)
	}
}

// No file of the data folder holds a password, and rows cannot be exchanged.
func TestSecretsAreSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	h := openHouse(t, path)
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), enroll.DefaultKeyFile)); err == nil {
		t.Error("there is a key before there is a secret")
	}
	if err := h.cameras.SaveCamera(t.Context(), frontDoor(h)); err != nil {
		t.Fatal(err)
	}
	other := frontDoor(h)
	other.ID, other.Name = id(2), "other"
	if err := h.cameras.SaveCamera(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if _, err := h.webhooks.Add(t.Context(), facegate.Webhook{URL: "https://u:" + password + "@example.com/h", Secret: password + "!"}); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data := must(os.ReadFile(filepath.Join(filepath.Dir(path), f.Name())))
		if bytes.Contains(data, []byte(password)) {
			t.Errorf("%s holds the password", f.Name())
		}
		info := must(f.Info())
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v", f.Name(), info.Mode())
		}
		if strings.HasPrefix(f.Name(), ".") {
			t.Errorf("%s is left behind", f.Name())
		}
	}
	if _, err := h.service.Store.Writer().Exec(`UPDATE cameras SET source = (SELECT source FROM cameras WHERE id = ?) WHERE id = ?`, id(1), id(2)); err != nil {
		t.Fatal(err)
	}
	_, err = h.cameras.Cameras(t.Context())
	wantCode(t, err, facegate.CodeWrongKey)
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	keyFile := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := filepath.Join(dir, "facegate.db")
	h := openHouse(t, path)
	h.secrets.Key = someKey
	if err := h.secrets.Check(t.Context()); err != nil {
		t.Errorf("without secrets: %v", err)
	}
	if err := h.cameras.SaveCamera(t.Context(), frontDoor(h)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, enroll.DefaultKeyFile)); err == nil {
		t.Error("a key file beside the key given")
	}
	for _, tt := range []struct {
		name, key, file string
		ok              bool
	}{
		{"the key", someKey, "", true},
		{"the key in a file", "", keyFile("right", someKey+"\n"), true},
		{"another key", otherKey, "", false},
		{"another key in a file", "", keyFile("wrong", otherKey), false},
		{"no key", "", "", false},
		{"no file", "", filepath.Join(dir, "none"), false},
		{"no key in the file", "", keyFile("empty", ""), false},
		{"too short a key", "abcd", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := openHouse(t, path)
			h.secrets.Key, h.secrets.KeyFile = tt.key, tt.file
			err := h.secrets.Check(t.Context())
			_, read := h.cameras.Cameras(t.Context())
			write := h.cameras.SaveCamera(t.Context(), facegate.Camera{ID: id(3), Name: tt.name, Source: "push:", CreatedAt: h.now(), UpdatedAt: h.now()})
			for _, err := range []error{err, read, write} {
				if tt.ok && err != nil {
					t.Error(err)
				} else if !tt.ok {
					wantCode(t, err, facegate.CodeWrongKey)
				}
			}
			if err != nil && (strings.Contains(err.Error(), someKey) || strings.Contains(err.Error(), otherKey)) {
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
}

func TestWebhooksAreKept(t *testing.T) {
	h := newHouse(t)
	queued := h.outbox.Queued()
	w, err := h.webhooks.Add(t.Context(), facegate.Webhook{URL: "https://u:" + password + "@example.com/h"})
	if err != nil || len(w.Secret) != 64 {
		t.Fatalf("%+v %v", w, err)
	}
	select {
	case <-queued:
	default:
		t.Error("nobody was told")
	}
	h.pass(time.Second)
	shown := facegate.Source(w.URL.String())
	u, err := h.webhooks.Update(t.Context(), w.ID, facegate.WebhookUpdate{URL: ptr(shown + "?x=1"), Paused: ptr(true)})
	if err != nil || u.URL.Reveal() != "https://u:"+password+"@example.com/h?x=1" || !u.Paused || u.Secret != w.Secret {
		t.Errorf("%s %+v %v", u.URL.Reveal(), u, err)
	}
	h.report(h.sighting(1, facegate.Unknown))
	if n := h.count("outbox"); n != 0 {
		t.Errorf("%d deliveries to a paused webhook", n)
	}
	if _, err := h.webhooks.Update(t.Context(), w.ID, facegate.WebhookUpdate{Paused: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	h.report(h.sighting(2, facegate.Unknown))
	list, err := h.webhooks.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Status.Pending != 1 {
		t.Errorf("%+v %v", list, err)
	}
	for _, bad := range []facegate.Webhook{{URL: "ftp://example.com"}, {URL: "example.com"}, {URL: ""}, {URL: "https://u:***@example.com"},
		{URL: "https://example.com", Secret: "short"}} {
		_, err := h.webhooks.Add(t.Context(), bad)
		wantCode(t, err, facegate.CodeInvalid)
	}
	if err := h.webhooks.Remove(t.Context(), w.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, h.webhooks.Remove(t.Context(), w.ID), facegate.CodeWebhookNotFound)
	_, err = h.webhooks.Update(t.Context(), w.ID, facegate.WebhookUpdate{})
	wantCode(t, err, facegate.CodeWebhookNotFound)
	if n := h.count("outbox"); n != 0 {
		t.Errorf("%d deliveries to a webhook that is gone", n)
	}
}

func TestWebhooksOfTheSettings(t *testing.T) {
	h := newHouse(t)
	own := must(h.webhooks.Add(t.Context(), facegate.Webhook{URL: "http://own.example"}))
	configure := func(secret string, addresses ...string) {
		t.Helper()
		if err := h.webhooks.Configure(t.Context(), addresses, secret); err != nil {
			t.Fatal(err)
		}
	}
	configure("secret-1", "http://a.example", "http://b.example")
	h.report(h.sighting(1, facegate.Unknown))
	configure("secret-2", "http://b.example", "http://c.example")
	list := must(h.webhooks.List(t.Context()))
	found := map[string]facegate.WebhookInfo{}
	for _, w := range list {
		found[w.URL.Reveal()] = w
	}
	b := found["http://b.example"]
	if len(list) != 3 || b.Secret != "secret-2" || b.Status.Pending != 1 || !b.Configured || found["http://own.example"].ID != own.ID {
		t.Errorf("%+v", list)
	}
	_, err := h.webhooks.Update(t.Context(), b.ID, facegate.WebhookUpdate{Paused: ptr(true)})
	wantCode(t, err, facegate.CodeInvalid)
	wantCode(t, h.webhooks.Remove(t.Context(), b.ID), facegate.CodeInvalid)
	wantCode(t, h.webhooks.Configure(t.Context(), []string{"nonsense"}, "secret-2"), facegate.CodeInvalid)
	configure("")
	if list := must(h.webhooks.List(t.Context())); len(list) != 1 {
		t.Errorf("%+v", list)
	}
}

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testbroker"
	"facegate/internal/testfiles"
	"facegate/internal/testfilm"
	"facegate/internal/testrtsp"
)

// Everything that can go is killed, one after the other, while a network camera is
// looked at: the camera, the broker, the program. What was seen before, between and
// after comes to whoever is told, all of it and once.
func TestProgramOutlivesCameraBrokerAndItself(t *testing.T) {
	if testing.Short() {
		t.SkipNow() // a film in real time
	}
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes", "lfw-dev")
	stranger := "lfw-dev/Aaron_Patterson/Aaron_Patterson_0001.jpg"
	film := testfilm.Make(t, 24,
		testfilm.Walker{Photo: "probes/obama1.jpg", From: 1, To: 7, Height: 300, Y: 30},
		testfilm.Walker{Photo: "probes/obama1.jpg", From: 8, To: 16, Height: 200},
		testfilm.Walker{Photo: "probes/johnsnow_test1.jpg", From: 8, To: 16, Height: 170, Y: 190, Leftward: true},
		testfilm.Walker{Photo: stranger, From: 17, To: 23, Height: 300, Y: 30})
	want := []string{"kit_harington", "obama", "obama", "stranger", "stranger"}
	door := testrtsp.Stage(t, film, "joe", "s3cret@word")
	broker := testbroker.Start(t)
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#")
	broker.Save()
	receiver := &hook{t: t, secret: "a secret of theirs"}
	address := testbroker.FreeAddress(t)
	receiver.serve(address)
	u.want(exitOK, "import", filepath.Join(photos, "people"))
	settings := []string{"--mqtt-url=" + broker.URL(), "--webhook=http://" + address + "/hook", "--webhook-secret=" + receiver.secret}
	s := u.serve(settings...)
	var c facegate.CameraInfo
	s.api("POST", "/v1/cameras", `{"name":"door","source":"`+door.URL("s3cret%40word")+`","transport":"tcp","cooldown_seconds":0}`, &c)
	online := func(after uint64) {
		t.Helper()
		testbroker.Until(t, "the camera is online", func() bool {
			s.api("GET", "/v1/cameras/"+c.ID, "", &c)
			return c.Status.State == facegate.CameraOnline && c.Status.Frames > after
		})
	}

	online(0)
	door.Play(0, 5) // he is in the middle of the picture
	door.Cut()
	testbroker.Until(t, "the camera is missed", func() bool {
		s.api("GET", "/v1/cameras/"+c.ID, "", &c)
		return c.Status.State == facegate.CameraRetrying
	})
	broker.Kill()
	door.Start(t)
	s.api("PATCH", "/v1/cameras/"+c.ID, `{"transport":"udp"}`, &c)
	online(c.Status.Frames)
	door.Play(7.5, 17)
	door.Play(17, 24)
	testbroker.Until(t, "the stranger is seen", func() bool {
		var page facegate.SightingPage
		s.api("GET", "/v1/sightings", "", &page)
		return page.Total == 4
	})
	first := s.stderr.String()
	s.end(syscall.SIGKILL)
	broker.Restart()
	s = u.serve(settings...)
	events := s.stream()
	online(0)
	door.Play(17, 24)

	for way, tally := range map[string]func() *retold{
		"MQTT":    func() *retold { return heard(t, sub, "facegate/cameras/door") },
		"webhook": receiver.tally,
		"events":  func() *retold { return events.tally(t) },
	} {
		t.Cleanup(func() { tally().log(way) })
		testbroker.Until(t, "all has come by "+way, func() bool {
			all, ended := tally().who()
			return ended && len(all) >= len(want)
		})
		if got, _ := tally().who(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", way, got, want)
		}
	}
	testbroker.Until(t, "nobody is there", func() bool {
		return sub.Last("facegate/cameras/door/person") == "0" && sub.Last("facegate/available") == "online"
	})
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
	if log := first + s.stderr.String(); strings.Contains(log, "s3cret") {
		t.Errorf("the log tells the password:\n%s", log)
	}
}

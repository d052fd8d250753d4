package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"facegate"
	"facegate/internal/testbroker"
	"facegate/internal/testfiles"
	"facegate/internal/testfilm"
)

// evening is a film, and who is seen in it, in any order: without a cool-down each
// walk is a sighting.
func evening(t *testing.T) (file string, want []string) {
	stranger := "lfw-dev/Aaron_Patterson/Aaron_Patterson_0001.jpg"
	file = testfilm.Make(t, 23,
		testfilm.Walker{Photo: "probes/obama1.jpg", From: 0.5, To: 4.5, Height: 300, Y: 30},
		testfilm.Walker{Photo: "probes/obama1.jpg", From: 5.5, To: 11.5, Height: 200, Y: 0},
		testfilm.Walker{Photo: "probes/johnsnow_test1.jpg", From: 5.5, To: 11.5, Height: 170, Y: 190, Leftward: true},
		testfilm.Walker{Photo: stranger, From: 12.5, To: 16.5, Height: 300, Y: 30},
		testfilm.Walker{Photo: stranger, From: 18, To: 22, Height: 300, Y: 30})
	return file, []string{"kit_harington", "obama", "obama", "stranger", "stranger"}
}

// Who walks by is told, exactly, by MQTT, to a webhook that fails every third
// time, and in the stream of events.
func TestProgramTellsWhoWalksBy(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes", "lfw-dev")
	file, want := evening(t)
	broker := testbroker.Start(t)
	receiver := &hook{t: t, secret: "a secret of theirs"}
	address := testbroker.FreeAddress(t)
	receiver.serve(address)
	u.want(exitOK, "import", filepath.Join(photos, "people"))
	s := u.serve("--mqtt-url="+broker.URL(), "--webhook=http://"+address+"/hook", "--webhook-secret="+receiver.secret)
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#", "homeassistant/#")
	events := s.stream()
	camera := s.play("front door", file)

	for way, tally := range map[string]func() *retold{
		"MQTT":    func() *retold { return heard(t, sub, "facegate/cameras/front_door") },
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
	testbroker.Until(t, "nobody is there", func() bool { return sub.Last("facegate/cameras/front_door/person") == "0" })
	for topic, n := range map[string]int{"facegate/matches/obama": 2, "facegate/matches/kit_harington": 1, "facegate/matches/": 3, "facegate/unknown": 2} {
		if got := len(sub.Messages(topic)); got != n {
			t.Errorf("%d messages on %s, want %d", got, topic, n)
		}
	}
	if c := sub.Last("homeassistant/sensor/facegate_camera_" + camera + "/config"); !strings.Contains(c, `"facegate/cameras/front_door/person"`) {
		t.Errorf("the camera's sensor: %q", c)
	}

	// The stranger gets a name: their sightings change, and they are known.
	var page struct{ Unknowns []facegate.Stranger }
	s.api("GET", "/v1/unknowns", "", &page)
	if len(page.Unknowns) != 1 || page.Unknowns[0].Sightings != 2 {
		t.Fatalf("%+v", page)
	}
	s.api("POST", "/v1/unknowns/"+page.Unknowns[0].ID+"/name", `{"name":"Aaron"}`, nil)
	testbroker.Until(t, "the sightings are Aaron's", func() bool {
		got, _ := events.tally(t).who()
		return slices.Equal(got, []string{"Aaron", "Aaron", "kit_harington", "obama", "obama"})
	})
	testbroker.Until(t, "the receiver knows too", func() bool {
		got, _ := receiver.tally().who()
		return slices.Equal(got, []string{"Aaron", "Aaron", "kit_harington", "obama", "obama"})
	})
	r := s.identify(read(t, filepath.Join(photos, "lfw-dev", "Aaron_Patterson", "Aaron_Patterson_0001.jpg")))
	if len(r.Faces) != 1 || r.Faces[0].Decision != facegate.Match || r.Faces[0].Candidates[0].Person.Name != "Aaron" {
		t.Errorf("%+v", r)
	}
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
	testbroker.Until(t, "it says that it is offline", func() bool { return sub.Last("facegate/available") == "offline" })
}

// Nothing is lost where everything is: the broker is killed, the receiver is
// down, and then the program is killed too, with somebody before a camera.
func TestProgramKilledLosesNoSighting(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes", "lfw-dev")
	file, want := evening(t)
	want = append(want, "obama") // before the webcam
	slices.Sort(want)
	broker := testbroker.Start(t)
	sub := testbroker.Subscribe(t, broker.URL(), nil, "facegate/#")
	broker.Save()
	receiver := &hook{t: t, secret: "a secret of theirs"}
	address := testbroker.FreeAddress(t)
	u.want(exitOK, "import", filepath.Join(photos, "people"))
	settings := []string{"--mqtt-url=" + broker.URL(), "--webhook=http://" + address + "/hook", "--webhook-secret=" + receiver.secret}
	s := u.serve(settings...)
	testbroker.Until(t, "it is online", func() bool { return sub.Last("facegate/available") == "online" })
	broker.Kill()
	camera := s.play("door", file)
	s.api("POST", "/v1/cameras/"+camera+"/pause", "", nil) // else the film begins anew with the program
	var webcam facegate.CameraInfo
	s.api("POST", "/v1/cameras", `{"name":"webcam","source":"push:"}`, &webcam)
	photo := read(t, filepath.Join(photos, "probes", "obama1.jpg"))
	var page facegate.SightingPage
	testbroker.Until(t, "somebody is before the webcam", func() bool {
		resp, err := http.Post(s.url+"/v1/cameras/"+webcam.ID+"/push", "image/jpeg", bytes.NewReader(photo))
		if err != nil || resp.StatusCode != http.StatusNoContent {
			t.Fatal(resp, err)
		}
		resp.Body.Close()
		s.api("GET", "/v1/sightings?open=true&camera=webcam", "", &page)
		return page.Total == 1
	})
	s.end(syscall.SIGKILL)

	broker.Restart()
	receiver.serve(address)
	s = u.serve(settings...)
	events := s.stream()
	both := func(topic func(string) *retold) *retold {
		a := topic("facegate/cameras/door")
		for _, s := range topic("facegate/cameras/webcam").last {
			payload, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			a.add(payload)
		}
		return a
	}
	for way, tally := range map[string]func() *retold{
		"MQTT":    func() *retold { return both(func(topic string) *retold { return heard(t, sub, topic) }) },
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
	// In the order in which they were reported, which every way keeps; who was left
	// before the webcam came last.
	posted := receiver.tally().order
	if got := heard(t, sub, "facegate/cameras/door").order; !slices.Equal(got, posted[:len(posted)-1]) ||
		receiver.tally().last[posted[len(posted)-1]].Camera.Name != "webcam" {
		t.Errorf("posted in the order %v, published in the order %v", posted, got)
	}
	late := testbroker.Subscribe(t, broker.URL(), nil, "facegate/available", "facegate/cameras/+/person")
	testbroker.Until(t, "whoever was away learns how it is", func() bool {
		return late.Last("facegate/available") == "online" && late.Last("facegate/cameras/webcam/person") == "0" && late.Last("facegate/cameras/door/person") == "0"
	})
	if code := s.end(syscall.SIGTERM); code != exitOK {
		t.Errorf("exit code %d\n%s", code, s.stderr.String())
	}
}

package camera_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/camera"
	"facegate/internal/testbroker"
	"facegate/internal/testfiles"
)

// Whom Frigate saw is identified: its cameras become ours.
func TestFrigateSnapshotsAreIdentified(t *testing.T) {
	photos := testfiles.Photos(t, "people", "probes")
	d := realDetector(t)
	broker := testbroker.Start(t)
	sub := testbroker.Subscribe(t, broker.URL(), nil)
	jpeg := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(photos, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	// Of somebody who was there before: the broker hands it to whoever comes.
	sub.Publish("frigate/attic/person/snapshot", true, jpeg("probes/johnsnow_test1.jpg"))

	log := &ledger{}
	manager := &camera.Manager{Config: camera.Config{Frames: d, Recognition: enrolled(t, d), Sink: log, Unknowns: &book{}, Now: time.Now}}
	if err := manager.Initialize(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	if _, err := manager.Add(t.Context(), facegate.Camera{Name: "yard", Source: "push:", Paused: true}); err != nil {
		t.Fatal(err)
	}
	r := newReporter(t, facegate.DestinationMQTT)
	m := r.mqtt(broker.URL())
	m.Frigate = &camera.Frigate{Cameras: manager, Now: time.Now, Logger: r.log}
	running(t, m.Run)
	testbroker.Until(t, "it is connected", m.Connected)

	at := time.Now().Add(-2 * time.Second).Truncate(time.Millisecond)
	event := func(camera, label string, at time.Time) {
		payload, err := json.Marshal(map[string]any{"type": "new", "before": map[string]any{}, "after": map[string]any{
			"id": "1775044800.1-abc", "camera": camera, "label": label, "frame_time": float64(at.UnixMilli()) / 1000, "false_positive": false}})
		if err != nil {
			t.Fatal(err)
		}
		sub.Publish("frigate/events", false, payload)
	}
	seen := func(camera, person string) *facegate.Sighting {
		for _, s := range log.last() {
			if s.Camera.Name == camera && s.Person != nil && s.Person.Name == person {
				return &s
			}
		}
		return nil
	}
	sub.Publish("frigate/front_door/person/snapshot", false, []byte("no picture"))
	sub.Publish("frigate/events", false, []byte("{no JSON"))
	event("front_door", "dog", time.Now())
	event("front_door", "person", at)
	testbroker.Until(t, "obama is seen", func() bool { // until it has subscribed, nobody hears it
		sub.Publish("frigate/front_door/person/snapshot", false, jpeg("probes/obama1.jpg"))
		return seen("front_door", "obama") != nil
	})
	// Two people in a row on one camera: neither is passed over. And a camera
	// whose name is taken by one that is not Frigate's.
	sub.Publish("frigate/hall/person/snapshot", false, jpeg("probes/obama1.jpg"))
	sub.Publish("frigate/hall/person/snapshot", false, jpeg("probes/johnsnow_test1.jpg"))
	sub.Publish("frigate/yard/person/snapshot", false, jpeg("probes/johnsnow_test1.jpg"))
	testbroker.Until(t, "the others are seen", func() bool {
		return seen("hall", "obama") != nil && seen("hall", "kit_harington") != nil && seen("yard (Frigate)", "kit_harington") != nil
	})
	list, err := manager.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range list {
		names = append(names, c.Name+" "+c.Source.String())
	}
	if got := strings.Join(names, ", "); got != "front_door push:stills, hall push:stills, yard push:, yard (Frigate) push:stills" {
		t.Errorf("cameras: %s", got)
	}
}

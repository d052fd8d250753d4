package camera

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"facegate"
)

// A Frigate takes in the snapshots of people that Frigate publishes
// (https://docs.frigate.video/integrations/mqtt): each of its cameras becomes one
// of ours, whose pictures are pushed, and is added when it is first heard of.
type Frigate struct {
	Cameras facegate.Cameras
	Prefix  string // of Frigate's topics; empty: frigate
	Now     func() time.Time
	Logger  *slog.Logger // nil: silent

	mu    sync.Mutex
	taken map[string]time.Time // by Frigate's camera: when its last event's picture was taken
}

// frigateEvent is what is used of a message on PREFIX/events.
type frigateEvent struct {
	Type  string `json:"type"`
	After struct {
		ID            string  `json:"id"`
		Camera        string  `json:"camera"`
		Label         string  `json:"label"`
		FrameTime     float64 `json:"frame_time"` // seconds since 1970
		FalsePositive bool    `json:"false_positive"`
	} `json:"after"`
}

// frigateQueue is how many snapshots may wait. Frigate sends a better one soon.
const frigateQueue = 32

// eventAge is how long an event can tell when a snapshot was taken.
const eventAge = 10 * time.Second

type frigateSnapshot struct {
	camera string
	jpeg   []byte
	at     time.Time
}

// listen subscribes, and takes in what comes until ctx ends.
func (f *Frigate) listen(ctx context.Context, client mqtt.Client) {
	prefix := strings.Trim(f.Prefix, "/")
	if prefix == "" {
		prefix = "frigate"
	}
	if f.Logger == nil {
		f.Logger = slog.New(slog.DiscardHandler)
	}
	snapshots := make(chan frigateSnapshot, frigateQueue)
	for topic, handle := range map[string]mqtt.MessageHandler{
		prefix + "/events": func(_ mqtt.Client, m mqtt.Message) { f.event(m.Payload()) },
		prefix + "/+/person/snapshot": func(_ mqtt.Client, m mqtt.Message) {
			if m.Retained() { // of somebody who was there who knows when
				return
			}
			camera := strings.TrimSuffix(strings.TrimPrefix(m.Topic(), prefix+"/"), "/person/snapshot")
			select {
			case snapshots <- frigateSnapshot{camera, m.Payload(), f.takenAt(camera)}:
			default:
				f.Logger.WarnContext(ctx, "a snapshot of Frigate's is left out: too many wait", "camera", camera)
			}
		},
	} {
		if err := answered(ctx, client.Subscribe(topic, atLeastOnce, handle)); err != nil && ctx.Err() == nil {
			f.Logger.ErrorContext(ctx, "Frigate cannot be listened to", "topic", topic, "error", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-snapshots:
			if err := f.take(ctx, s); err != nil && ctx.Err() == nil {
				f.Logger.WarnContext(ctx, "a snapshot of Frigate's could not be taken in", "camera", s.camera, "error", err)
			}
		}
	}
}

// event notes when the picture of a person was taken.
func (f *Frigate) event(payload []byte) {
	var e frigateEvent
	if json.Unmarshal(payload, &e) != nil || e.After.Label != "person" || e.After.FalsePositive || e.After.Camera == "" {
		return
	}
	at := time.UnixMilli(int64(e.After.FrameTime * 1000))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.taken == nil {
		f.taken = map[string]time.Time{}
	}
	f.taken[e.After.Camera] = at
}

// takenAt is when a snapshot that comes just now was taken, as far as is known.
func (f *Frigate) takenAt(camera string) time.Time {
	now := f.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if at, ok := f.taken[camera]; ok && !at.After(now) && now.Sub(at) <= eventAge {
		return at
	}
	return now
}

func (f *Frigate) take(ctx context.Context, s frigateSnapshot) error {
	id, err := f.camera(ctx, s.camera)
	if err != nil {
		return err
	}
	before, err := f.Cameras.Camera(ctx, id)
	if err != nil {
		return err
	}
	if before.Status.State == facegate.CameraPaused {
		return nil
	}
	if err := f.Cameras.Push(ctx, id, s.jpeg, s.at); err != nil {
		return err
	}
	// A picture that waits is replaced by the next one, which may show somebody else.
	ctx, cancel := context.WithTimeout(ctx, frigatePatience)
	defer cancel()
	for {
		now, err := f.Cameras.Camera(ctx, id)
		if err != nil || now.Status.Analysed > before.Status.Analysed {
			return err
		}
		if pause(ctx, 10*time.Millisecond) != nil {
			return nil
		}
	}
}

// frigatePatience is how long a snapshot may wait to be looked at.
const frigatePatience = 3 * time.Second

// camera is our camera for Frigate's, which gets the same name unless another
// camera has it.
func (f *Frigate) camera(ctx context.Context, name string) (string, error) {
	all, err := f.Cameras.List(ctx)
	if err != nil {
		return "", err
	}
	names := []string{name, name + " (Frigate)"}
	taken := map[string]bool{}
	for _, c := range all {
		for _, n := range names {
			if c.Name == n && c.Source == pushStills {
				return c.ID, nil
			}
		}
		taken[c.Name] = true
	}
	if taken[name] {
		name = names[1]
	}
	added, err := f.Cameras.Add(ctx, facegate.Camera{Name: name, Source: pushStills})
	if err != nil {
		return "", err
	}
	f.Logger.InfoContext(ctx, "a camera of Frigate's was added", "camera", name)
	return added.ID, nil
}

package camera

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"facegate"
)

// counted counts what is embedded, and lets time pass with it.
type counted struct {
	facegate.FrameAnalyser
	embedded int
	pass     func()
}

func (c *counted) EmbedFace(context.Context, facegate.Frame, *facegate.Face) error {
	c.embedded++
	c.pass()
	return nil
}

// Of a crowd two faces of a picture are embedded, and one where that takes so long
// that the next picture would be missed.
func TestEmbedsWhatThereIsTimeFor(t *testing.T) {
	for name, tt := range map[string]struct {
		takes time.Duration
		pace  facegate.Pace
		alone bool
		want  int
	}{
		"quick":             {10 * time.Millisecond, "", false, 2},
		"half of the time":  {50 * time.Millisecond, "", false, 2},
		"slow":              {51 * time.Millisecond, "", false, 1},
		"slow, real pace":   {51 * time.Millisecond, facegate.RealPace, false, 1},
		"slow, but waiting": {51 * time.Millisecond, facegate.FastPace, false, 2},
		"slow, but alone":   {51 * time.Millisecond, "", true, 4},
	} {
		t.Run(name, func(t *testing.T) {
			now := at(0)
			faces := &counted{pass: func() { now = now.Add(tt.takes) }}
			a := &analyst{settings: facegate.CameraSettings{FPS: 10, Pace: tt.pace}, frames: faces, journal: &journal{}, gauge: &gauge{},
				time: &timings{}, now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler), begun: now}
			var crowd []facegate.Face
			var tracks []*track
			for i := range 4 {
				crowd = append(crowd, facegate.Face{Quality: facegate.Quality{Overall: 0.9}})
				tracks = append(tracks, &track{id: int64(i + 1), first: now})
			}
			if err := a.embed(t.Context(), &picture{at: now, alone: tt.alone}, facegate.Frame{}, crowd, tracks); err != nil {
				t.Fatal(err)
			}
			if faces.embedded != tt.want {
				t.Errorf("%d embedded, want %d", faces.embedded, tt.want)
			}
		})
	}
}

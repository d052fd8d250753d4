package facegate_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"facegate"
)

func TestSourceHidesSecrets(t *testing.T) {
	for _, c := range []struct {
		source, shown string
		kind          facegate.SourceKind
	}{
		{"rtsp://cam/1", "rtsp://cam/1", facegate.SourceRTSP},
		{"rtsp://joe:hush@cam:554/1", "rtsp://joe:***@cam:554/1", facegate.SourceRTSP},
		{"RTSPS://joe:hush@cam/1", "RTSPS://joe:***@cam/1", facegate.SourceRTSP},
		{"rtsp://joe:hu@sh@cam/a@b", "rtsp://joe:***@cam/a@b", facegate.SourceRTSP},
		{"rtsp://joe:hu/hush@cam/1", "rtsp://joe:***@cam/1", facegate.SourceRTSP},
		{"rtsp://joe@cam/1", "rtsp://joe@cam/1", facegate.SourceRTSP},
		{"rtsp://cam:554/a@b", "rtsp://cam:554/a@b", facegate.SourceRTSP},
		{"http://cam/v.cgi?user=joe&password=hush&size=2", "http://cam/v.cgi?user=joe&password=***&size=2", facegate.SourceHTTP},
		{"https://cam/v?Access_Token=hush#x", "https://cam/v?Access_Token=***#x", facegate.SourceHTTP},
		{"http://joe:hush@cam/v?pwd=hush", "http://joe:***@cam/v?pwd=***", facegate.SourceHTTP},
		{"/dev/video0", "/dev/video0", facegate.SourceDevice},
		{"clips/a:b@c.mp4", "clips/a:b@c.mp4", facegate.SourcePath},
		{"push:", "push:", facegate.SourcePush},
		{"ftp://joe:hush@host/x", "ftp://joe:***@host/x", facegate.SourceOther},
		{"", "", facegate.SourceOther},
	} {
		s := facegate.Source(c.source)
		if got := s.String(); got != c.shown {
			t.Errorf("%s is shown as %s, want %s", c.source, got, c.shown)
		}
		if got := s.Kind(); got != c.kind {
			t.Errorf("%s is %q, want %q", c.source, got, c.kind)
		}
		if s.Reveal() != c.source {
			t.Errorf("Reveal(%s) = %s", c.source, s.Reveal())
		}
		var log strings.Builder
		camera := facegate.Camera{Source: s}
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "source", s, "camera", camera)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "source", s, "camera", camera)
		object, err := json.Marshal(camera)
		if err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{log.String(), string(object), fmt.Sprintf("%v %+v %#v %s %q", camera, camera, camera, s, s)} {
			if strings.Contains(c.source, "hush") && strings.Contains(out, "hush") {
				t.Errorf("%s: the secret is in %s", c.source, out)
			}
		}
	}
}

func TestSourceKeep(t *testing.T) {
	for _, c := range []struct{ new, old, want string }{
		{"rtsp://joe:***@cam/1", "rtsp://joe:hush@cam/1", "rtsp://joe:hush@cam/1"},
		{"rtsp://joe:***@cam/2", "rtsp://joe:hush@cam/1", "rtsp://joe:hush@cam/2"},
		{"rtsp://joe:new@cam/2", "rtsp://joe:hush@cam/1", "rtsp://joe:new@cam/2"},
		{"rtsp://joe:***@evil/1", "rtsp://joe:hush@cam/1", "rtsp://joe:***@evil/1"},
		{"rtsp://eve:***@cam/1", "rtsp://joe:hush@cam/1", "rtsp://eve:***@cam/1"},
		{"http://cam/v?token=***&size=1", "http://cam/v?token=hush", "http://cam/v?size=1&token=hush"},
		{"door.mp4", "rtsp://joe:hush@cam/1", "door.mp4"},
	} {
		if got := facegate.Source(c.new).Keep(facegate.Source(c.old)).Reveal(); got != c.want {
			t.Errorf("%s after %s is %s, want %s", c.new, c.old, got, c.want)
		}
	}
}

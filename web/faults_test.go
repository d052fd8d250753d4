package web_test

import (
	"context"
	"log/slog"
	"testing"

	"facegate"
	"facegate/web"
)

// faults is a Recognition that fails, waits or panics when told to: what the real
// one does only on a bad day. Calls it has no function for are a fault of the test.
type faults struct {
	facegate.Recognition
	detect func(ctx context.Context) (facegate.Analysis, error)
}

func (f *faults) Detect(ctx context.Context, _ []byte, _ facegate.AnalyseOptions) (facegate.Analysis, error) {
	return f.detect(ctx)
}

func (f *faults) Identify(ctx context.Context, _ []byte, _ facegate.IdentifyOptions) (facegate.IdentifyResult, error) {
	_, err := f.detect(ctx)
	return facegate.IdentifyResult{}, err
}

// nobody is a People that no test of faults may reach.
type nobody struct{ facegate.People }

// newFaulty is a server whose detect and identify calls run f.
func newFaulty(t testing.TB, f func(ctx context.Context) (facegate.Analysis, error), adjust ...func(*web.Server)) (*web.Server, *logBuffer) {
	t.Helper()
	log := &logBuffer{}
	s := &web.Server{
		Recognition: &faults{detect: f}, People: nobody{}, Version: "test",
		GallerySize: func() (int, int) { return 3, 7 },
		Logger:      slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, a := range adjust {
		a(s)
	}
	if err := s.Initialize(); err != nil {
		t.Fatal(err)
	}
	return s, log
}

// anyPhoto goes through to the fault: what is in it does not matter there.
func anyPhoto() body { return body{"image/jpeg", []byte("a photo")} }

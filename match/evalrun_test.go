package match_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"facegate"
	"facegate/match"
)

// evaluation is of a folder in which every file holds one number: the place of
// its face on the first axis.
func evaluation(t *testing.T, pairs string, photos map[string]string) *match.Evaluation {
	t.Helper()
	dir := t.TempDir()
	for name, text := range photos {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read, err := match.ReadPairs(strings.NewReader(pairs))
	if err != nil {
		t.Fatal(err)
	}
	return &match.Evaluation{Dir: dir, Pairs: read, Workers: 2, Embed: func(_ context.Context, path string) (*facegate.Embedding, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		e := &facegate.Embedding{1: 1}
		if _, err := fmt.Sscan(string(text), &e[0]); err != nil {
			return nil, facegate.NewError(facegate.Code(text), "refused", "")
		}
		return e, nil
	}}
}

const twoFolds = "2 1\nA 1 2\nA 1 B 1\nB 1 2\nA 2 B 2\n"

func TestEvaluationRun(t *testing.T) {
	v := evaluation(t, twoFolds, map[string]string{
		"A/A_0001.jpg": "0", "A/A_0002.png": "0.25", "B/B_0001.jpeg": "1", "B/B_0002.jpg": string(facegate.CodeNoFace),
	})
	var progress []string
	v.Progress = func(done, total int) { progress = append(progress, fmt.Sprintf("%d/%d", done, total)) }
	trials, lost, err := v.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []match.Trial{
		{Genuine: true, Distance: 0.25}, {Distance: 1},
		{Genuine: true, Fold: 1, Failed: true}, {Fold: 1, Failed: true},
	}
	if !slices.Equal(trials, want) {
		t.Errorf("trials %+v, want %+v", trials, want)
	}
	if want := []string{filepath.Join("B", "B_0002")}; !slices.Equal(lost, want) {
		t.Errorf("lost %v, want %v", lost, want)
	}
	if want := []string{"1/4", "2/4", "3/4", "4/4"}; !slices.Equal(progress, want) {
		t.Errorf("progress %v, want %v", progress, want)
	}
	if r, err := match.Evaluate(trials); err != nil || r.FailuresToDetect != 2 {
		t.Errorf("report %+v, %v", r, err)
	}
}

func TestEvaluationRunFails(t *testing.T) {
	whole := map[string]string{"A/A_0001.jpg": "0", "A/A_0002.jpg": "0", "B/B_0001.jpg": "1", "B/B_0002.jpg": "1"}
	without := func(name, text string) map[string]string {
		m := map[string]string{}
		for k, v := range whole {
			m[k] = v
		}
		delete(m, name)
		if text != "" {
			m[name] = text
		}
		return m
	}
	if _, _, err := evaluation(t, twoFolds, without("B/B_0002.jpg", "")).Run(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing photo: %v", err)
	}
	_, _, err := evaluation(t, twoFolds, without("B/B_0002.jpg", string(facegate.CodeModelMissing))).Run(t.Context())
	if facegate.CodeOf(err) != facegate.CodeModelMissing {
		t.Errorf("a missing model: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := evaluation(t, twoFolds, whole).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

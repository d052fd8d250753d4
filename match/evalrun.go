package match

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Evaluation runs pairs of a labelled folder through an embedder.
type Evaluation struct {
	// Dir holds a folder per person with the photos Person/Person_0001.jpg (or
	// .jpeg, .png, .webp, .bmp).
	Dir   string
	Pairs []Pair
	// Embed is asked once for each photo.
	Embed Embedder
	// Workers is how many photos are embedded at a time; 0: 1.
	Workers int
	// Progress is told after each photo, one call at a time; may be nil.
	Progress func(done, total int)
}

// Run embeds every photo of the pairs and compares them. Trials come in the
// order of the pairs; lost lists the photos in which no face was found.
func (v *Evaluation) Run(ctx context.Context) (trials []Trial, lost []string, err error) {
	var paths []string
	var shots []Shot
	place := map[Shot]int{}
	for _, p := range v.Pairs {
		for _, s := range []Shot{p.A, p.B} {
			if _, ok := place[s]; ok {
				continue
			}
			path, err := v.path(s)
			if err != nil {
				return nil, nil, err
			}
			place[s] = len(shots)
			shots, paths = append(shots, s), append(paths, path)
		}
	}
	embeddings, err := EmbedAll(ctx, paths, v.Embed, v.Workers, v.Progress)
	if err != nil {
		return nil, nil, err
	}
	for i, e := range embeddings {
		if e == nil {
			lost = append(lost, shots[i].File())
		}
	}
	for _, p := range v.Pairs {
		a, b := embeddings[place[p.A]], embeddings[place[p.B]]
		t := Trial{Genuine: p.Genuine, Fold: p.Fold, Failed: a == nil || b == nil}
		if !t.Failed {
			t.Distance = a.Distance(b)
		}
		trials = append(trials, t)
	}
	return trials, lost, nil
}

func (v *Evaluation) path(s Shot) (string, error) {
	for _, extension := range extensions {
		path := filepath.Join(v.Dir, s.File()+extension)
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("evaluate: %w", err)
		}
	}
	return "", fmt.Errorf("evaluate: %s is in the pairs but not in %s: %w", s.File(), v.Dir, fs.ErrNotExist)
}

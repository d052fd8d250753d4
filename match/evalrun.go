package match

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"facegate"
)

// Evaluation runs pairs of a labelled folder through an embedder.
type Evaluation struct {
	// Dir holds a folder per person with the photos Person/Person_0001.jpg (or
	// .jpeg, .png, .webp, .bmp).
	Dir   string
	Pairs []Pair
	// Embed is asked once for each photo. A photo it refuses with CodeNoFace, or
	// as unreadable, is a failure to detect; any other error ends the run.
	Embed func(ctx context.Context, path string) (*facegate.Embedding, error)
	// Workers is how many photos are embedded at a time; 0: 1.
	Workers int
	// Progress is told after each photo, one call at a time; may be nil.
	Progress func(done, total int)
}

// Run embeds every photo of the pairs and compares them. Trials come in the
// order of the pairs; lost lists the photos in which no face was found.
func (v *Evaluation) Run(ctx context.Context) (trials []Trial, lost []string, err error) {
	var shots []Shot
	place := map[Shot]int{}
	for _, p := range v.Pairs {
		for _, s := range []Shot{p.A, p.B} {
			if _, ok := place[s]; !ok {
				place[s] = len(shots)
				shots = append(shots, s)
			}
		}
	}
	embeddings, lost, err := v.embed(ctx, shots)
	if err != nil {
		return nil, nil, err
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

func (v *Evaluation) embed(ctx context.Context, shots []Shot) ([]*facegate.Embedding, []string, error) {
	embeddings := make([]*facegate.Embedding, len(shots))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(v.Workers, 1))
	finished := make(chan struct{}, len(shots))
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		for done := range len(shots) {
			if _, ok := <-finished; !ok {
				return
			}
			if v.Progress != nil {
				v.Progress(done+1, len(shots))
			}
		}
	}()
	for i, s := range shots {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			path, err := v.path(s)
			if err != nil {
				return err
			}
			e, err := v.Embed(ctx, path)
			switch {
			case err == nil:
				embeddings[i] = e
			case !unusable(err):
				return fmt.Errorf("embed %s: %w", path, err)
			}
			finished <- struct{}{}
			return nil
		})
	}
	err := group.Wait()
	close(finished)
	<-reported
	if err != nil {
		return nil, nil, err
	}
	var lost []string
	for i, e := range embeddings {
		if e == nil {
			lost = append(lost, shots[i].File())
		}
	}
	return embeddings, lost, nil
}

// unusable tells the photo's fault from the machine's.
func unusable(err error) bool {
	var e *facegate.Error
	faults := []facegate.Code{facegate.CodeNoFace, facegate.CodeEmpty, facegate.CodeNotAnImage,
		facegate.CodeUnsupportedFormat, facegate.CodeTooLarge, facegate.CodeTruncated}
	return errors.As(err, &e) && slices.Contains(faults, e.Code)
}

func (v *Evaluation) path(s Shot) (string, error) {
	for _, extension := range []string{".jpg", ".jpeg", ".png", ".webp", ".bmp"} {
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

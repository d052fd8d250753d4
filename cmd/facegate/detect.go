package main

import (
	"context"
	"fmt"

	"facegate"
)

type detectCommand struct {
	Photos []string `arg:"" help:"Photos, folders of photos, or - for one on standard input."`
	faceOptions
	Embeddings bool `help:"Print each face's embedding too (with --json)." env:"-"`
	analysisSettings
}

// faceOptions choose which faces of a photo count.
type faceOptions struct {
	SmallFaces bool  `help:"Search once more at full size, for faces that are small in a large photo (slower)." env:"-"`
	MinScore   share `help:"Leave out faces the detector is less sure of, 0..1." env:"-" placeholder:"SCORE" default:"0"`
	MaxFaces   count `help:"Only the largest N faces of a photo; 0: all." env:"-" placeholder:"N" default:"0"`
}

// detection is a line of `facegate detect --json`.
type detection struct {
	Photo string `json:"photo"`
	facegate.Analysis
}

// Run prints the faces of every photo.
func (c *detectCommand) Run(ctx context.Context, p *program) error {
	paths, err := expandPhotos(c.Photos)
	if err != nil {
		return err
	}
	workers := c.workersFor(len(paths))
	faces, err := p.openDetector(c.analysisSettings, workers)
	if err != nil {
		return err
	}
	defer faces.Close()
	options := facegate.AnalyseOptions{Embed: c.Embeddings, SmallFaces: c.SmallFaces, MinScore: float64(c.MinScore), MaxFaces: int(c.MaxFaces)}
	var tally tally
	width := widest(paths, 60)
	err = eachPhoto(ctx, p, paths, int64(c.MaxPhotoBytes), workers,
		func(ctx context.Context, photo facegate.Photo) (facegate.Analysis, error) {
			return faces.Analyse(ctx, photo.Data, options)
		},
		func(w work[facegate.Analysis]) error {
			if w.err != nil {
				return tally.refuse(p, w.photo, w.err)
			}
			tally.answer(len(w.result.Faces) > 0)
			if p.settings.JSON {
				return p.printJSON(detection{w.photo, w.result})
			}
			return printDetection(p, pad(w.photo, width), w.result)
		})
	return tally.outcome(err)
}

func printDetection(p *program, photo string, a facegate.Analysis) error {
	if len(a.Faces) == 0 {
		return p.printf("%s  no face\n", photo)
	}
	for _, f := range a.Faces {
		line := fmt.Sprintf("%s  %s  score %.2f  quality %.2f", photo, place(f.Box), f.Score, f.Quality.Overall)
		for i, reason := range f.Quality.Reasons {
			line += map[bool]string{true: "  ", false: "; "}[i == 0] + reason
		}
		if err := p.printf("%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// place says where a face is.
func place(b facegate.Box) string {
	return fmt.Sprintf("face at %.0f,%.0f size %.0fx%.0f", b.X, b.Y, b.Width, b.Height)
}

// A tally remembers what the exit code will be.
type tally struct{ negative, refused bool }

// answer counts an answer; positive is yes.
func (t *tally) answer(positive bool) { t.negative = t.negative || !positive }

// refuse prints that a photo was refused, and lets the others go on; other
// errors it returns.
func (t *tally) refuse(p *program, photo string, err error) error {
	if !refused(err) {
		return fmt.Errorf("%s: %w", photo, err)
	}
	t.refused = true
	return p.printRefusal(photo, err)
}

// outcome is what a command ends with when all photos have been worked on.
func (t *tally) outcome(err error) error {
	switch {
	case err != nil:
		return err
	case t.refused:
		return exitStatus(exitRefused)
	case t.negative:
		return exitStatus(exitNegative)
	}
	return nil
}

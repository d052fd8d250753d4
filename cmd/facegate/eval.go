package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"slices"

	"facegate"
	"facegate/match"
)

type evalCommand struct {
	Dir   string `arg:"" help:"Folder with a subfolder per person: DIR/NAME/NAME_0001.jpg." type:"existingdir"`
	Pairs string `required:"" help:"Pairs to compare, in LFW's own format (pairs.txt)." env:"-" placeholder:"FILE"`
	analysisSettings
}

// evaluation is the line of `facegate eval --json`.
type evaluation struct {
	match.Report
	Photos     int      `json:"photos"`
	Undetected []string `json:"undetected"` // photos in which no face was found
	Recipe     string   `json:"recipe"`
}

// Run embeds every photo of the pairs and prints how well distances tell
// genuine from impostor pairs.
func (c *evalCommand) Run(ctx context.Context, p *program) error {
	pairs, err := readPairs(c.Pairs)
	if err != nil {
		return err
	}
	workers := c.workersFor(2 * len(pairs))
	faces, err := p.openDetector(c.analysisSettings, workers)
	if err != nil {
		return err
	}
	defer faces.Close()
	photos := 0
	bar := p.newProgress(-1, "photos", false)
	run := match.Evaluation{
		Dir: c.Dir, Pairs: pairs, Workers: workers,
		Embed: func(ctx context.Context, path string) (*facegate.Embedding, error) {
			return p.embedSubject(ctx, faces, path, int64(c.MaxPhotoBytes))
		},
		Progress: func(done, total int) {
			photos = total
			bar.ChangeMax(total)
			_ = bar.Set(done) // a bar that cannot be drawn stops nothing
		},
	}
	trials, lost, err := run.Run(ctx)
	_ = bar.Finish()
	if err != nil {
		return err
	}
	report, err := match.Evaluate(trials)
	if err != nil {
		return err
	}
	if lost == nil {
		lost = []string{}
	}
	e := evaluation{Report: report, Photos: photos, Undetected: lost, Recipe: faces.Recipe()}
	if p.settings.JSON {
		return p.printJSON(e)
	}
	return printEvaluation(p, e)
}

func readPairs(path string) ([]match.Pair, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the pairs: %w", err)
	}
	defer file.Close()
	return match.ReadPairs(file)
}

// embedSubject is the embedding of the face a labelled photo is about: the largest,
// unless that stands off the middle of the photo and another is nearer to it.
// Photos of Labeled Faces in the Wild are centred on the person they are named for.
func (p *program) embedSubject(ctx context.Context, faces facegate.Analyser, path string, limit int64) (*facegate.Embedding, error) {
	photo, err := p.readPhoto(path, limit)
	if err != nil {
		return nil, err
	}
	a, err := faces.Analyse(ctx, photo.Data, facegate.AnalyseOptions{Embed: true, MaxFaces: 1})
	if err != nil {
		return nil, err
	}
	if len(a.Faces) == 0 {
		return nil, facegate.NewError(facegate.CodeNoFace, path+" shows no face", "")
	}
	off := func(f facegate.Face) float64 {
		c := f.Box.Center()
		return math.Hypot(c.X-float64(a.Width)/2, c.Y-float64(a.Height)/2) / float64(max(a.Width, a.Height))
	}
	if off(a.Faces[0]) > 0.1 {
		if a, err = faces.Analyse(ctx, photo.Data, facegate.AnalyseOptions{Embed: true}); err != nil {
			return nil, err
		}
		slices.SortStableFunc(a.Faces, func(x, y facegate.Face) int { return cmp.Compare(off(x), off(y)) })
	}
	return a.Faces[0].Embedding, nil
}

func printEvaluation(p *program, e evaluation) error {
	percent := func(v float64) string { return fmt.Sprintf("%.2f%%", 100*v) }
	var t table
	t.add("pairs", fmt.Sprintf("%d genuine, %d impostor, in %d folds", e.Genuine, e.Impostor, e.Folds))
	t.add("photos", fmt.Sprintf("%d, %d without a face found", e.Photos, len(e.Undetected)))
	t.add("accuracy", fmt.Sprintf("%s ± %s (mean and standard error over folds; mean threshold %.3f)",
		percent(e.Accuracy), percent(e.AccuracySE), e.Threshold))
	t.add("failures to detect", fmt.Sprintf("%d pairs, counted as errors", e.FailuresToDetect))
	t.add("EER", fmt.Sprintf("%s at distance %.3f", percent(e.EER), e.EERThreshold))
	t.add("TMR at FMR 1%", fmt.Sprintf("%s at distance %.3f", percent(e.TMRAtFMR1), e.ThresholdAtFMR1))
	t.add("TMR at FMR 0.1%", fmt.Sprintf("%s at distance %.3f", percent(e.TMRAtFMR01), e.ThresholdAtFMR01))
	t.add("FMR, FNMR", fmt.Sprintf("%s, %s at the mean threshold", percent(e.FMR), percent(e.FNMR)))
	t.add("recipe", e.Recipe)
	return t.print(p.Stdout)
}

package main

import (
	"context"
	"fmt"
	"os"

	"facegate/match"
)

type evalCommand struct {
	Dir      string `arg:"" help:"Folder with a subfolder per person: DIR/NAME/NAME_0001.jpg." type:"existingdir"`
	Pairs    string `help:"Pairs to compare, in LFW's own format (pairs.txt)." env:"-" placeholder:"FILE"`
	Identify bool   `help:"Test open-set identification: some people of the folder are enrolled, all others are impostors." env:"-"`
	Share    share  `help:"Share of the people that are enrolled with --identify (${default})." env:"-" default:"0.5" placeholder:"SHARE"`
	Samples  size   `help:"Photos enrolled of each person with --identify, at most (${default})." env:"-" default:"1" placeholder:"N"`
	Repeats  size   `help:"How often --identify is repeated with other people enrolled (${default})." env:"-" default:"10" placeholder:"N"`
	Seed     uint64 `help:"Seed of the choices of --identify (${default})." env:"-" default:"1" placeholder:"N"`
	HTML     string `name:"html" help:"Write a report with curves and histograms to a file." env:"-" placeholder:"FILE"`
	cacheSettings
	analysisSettings
}

// Validate is called by kong.
func (c *evalCommand) Validate() error {
	if c.Pairs == "" && !c.Identify {
		return fmt.Errorf("needs --pairs, --identify, or both")
	}
	if c.Identify && (c.Share == 0 || c.Share == 1) {
		return fmt.Errorf("--share must lie between 0 and 1: some are enrolled, some are impostors")
	}
	return nil
}

// evaluation is the line of `facegate eval --json`.
type evaluation struct {
	*match.Report
	Photos         int                  `json:"photos"`
	Undetected     []string             `json:"undetected"` // photos in which no face was found
	Identification *match.OpenSetReport `json:"identification,omitempty"`
	Recipe         string               `json:"recipe"`

	trials []match.Trial
}

// Run embeds the photos and prints how well distances tell people apart.
func (c *evalCommand) Run(ctx context.Context, p *program) error {
	var pairs []match.Pair
	if c.Pairs != "" {
		var err error
		if pairs, err = readPairs(c.Pairs); err != nil {
			return err
		}
	}
	embedder, err := p.newSubjectEmbedder(c.analysisSettings, c.cacheSettings, manyPhotos)
	if err != nil {
		return err
	}
	defer embedder.Close()
	e := evaluation{Undetected: []string{}, Recipe: embedder.recipe}
	if pairs != nil {
		if err := c.verification(ctx, p, embedder, pairs, &e); err != nil {
			return err
		}
	}
	if c.Identify {
		if err := c.identification(ctx, p, embedder, &e); err != nil {
			return err
		}
	}
	if c.HTML != "" {
		if err := writeEvaluationHTML(c.HTML, c.Dir, e); err != nil {
			return err
		}
	}
	if p.settings.JSON {
		return p.printJSON(e)
	}
	return printEvaluation(p, e)
}

func (c *evalCommand) verification(ctx context.Context, p *program, embedder *subjectEmbedder, pairs []match.Pair, e *evaluation) error {
	bar := p.newProgress(-1, "photos", false)
	run := match.Evaluation{
		Dir: c.Dir, Pairs: pairs, Workers: embedder.workers, Embed: embedder.embed,
		Progress: func(done, total int) {
			e.Photos = total
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
	e.Report, e.trials = &report, trials
	e.Undetected = append(e.Undetected, lost...)
	return nil
}

func (c *evalCommand) identification(ctx context.Context, p *program, embedder *subjectEmbedder, e *evaluation) error {
	photos, err := embedder.embedFolder(ctx, c.Dir)
	if err != nil {
		return err
	}
	bar := p.newProgress(int64(c.Repeats), "repeats", false)
	test := match.OpenSet{Share: float64(c.Share), Samples: int(c.Samples), Repeats: int(c.Repeats), Seed: c.Seed}
	report, err := test.Run(ctx, photos, func(done, _ int) {
		_ = bar.Set(done) // a bar that cannot be drawn stops nothing
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	e.Identification = &report
	e.Photos = max(e.Photos, len(photos))
	return nil
}

func readPairs(path string) ([]match.Pair, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the pairs: %w", err)
	}
	defer file.Close()
	return match.ReadPairs(file)
}

func percent(v float64) string { return fmt.Sprintf("%.2f%%", 100*v) }

func printEvaluation(p *program, e evaluation) error {
	var t table
	if r := e.Report; r != nil {
		t.add("pairs", fmt.Sprintf("%d genuine, %d impostor, in %d folds", r.Genuine, r.Impostor, r.Folds))
		t.add("photos", fmt.Sprintf("%d, %d without a face found", e.Photos, len(e.Undetected)))
		t.add("accuracy", fmt.Sprintf("%s ± %s (mean and standard error over folds; mean threshold %.3f)",
			percent(r.Accuracy), percent(r.AccuracySE), r.Threshold))
		t.add("failures to detect", fmt.Sprintf("%d pairs, counted as errors", r.FailuresToDetect))
		t.add("EER", fmt.Sprintf("%s at distance %.3f", percent(r.EER), r.EERThreshold))
		t.add("TMR at FMR 1%", fmt.Sprintf("%s at distance %.3f", percent(r.TMRAtFMR1), r.ThresholdAtFMR1))
		t.add("TMR at FMR 0.1%", fmt.Sprintf("%s at distance %.3f", percent(r.TMRAtFMR01), r.ThresholdAtFMR01))
		t.add("FMR, FNMR", fmt.Sprintf("%s, %s at the mean threshold", percent(r.FMR), percent(r.FNMR)))
	}
	if r := e.Identification; r != nil {
		t.add("identification", fmt.Sprintf("%d people in %d photos; %.0f enrolled with %.0f samples, %.0f probes of theirs, %.0f of impostors; %s, seed %d",
			r.People, r.Photos, r.Enrolled, r.EnrolledSamples, r.MatedProbes, r.NonMatedProbes, plural(r.Repeats, "repeat", "repeats"), r.Seed))
		if r.FailuresToDetect > 0 || r.FailuresToEnrol > 0 {
			t.add("failures", fmt.Sprintf("%d photos without a face found; %.1f people who could not be enrolled", r.FailuresToDetect, r.FailuresToEnrol))
		}
		t.add("rank 1", fmt.Sprintf("%s ± %s (mean and standard deviation over repeats)", percent(r.Rank1), percent(r.Rank1SD)))
		t.add("rank 5", fmt.Sprintf("%s ± %s", percent(r.Rank5), percent(r.Rank5SD)))
		t.add("FNIR at FPIR 1%", fmt.Sprintf("%s at distance %.3f", percent(r.FNIRAtFPIR1), r.ThresholdAtFPIR1))
		t.add("FNIR at FPIR 0.1%", fmt.Sprintf("%s at distance %.3f", percent(r.FNIRAtFPIR01), r.ThresholdAtFPIR01))
	}
	t.add("recipe", e.Recipe)
	if err := t.print(p.Stdout); err != nil {
		return err
	}
	if e.Identification == nil {
		return nil
	}
	t = table{}
	t.add("", "", "", "", "")
	t.add("THRESHOLD", "FPIR", "FNIR", "FPIR EXPECTED FROM PAIRS")
	for i, point := range e.Identification.Points {
		if i%5 == 0 {
			t.add(fmt.Sprintf("%.2f", point.Threshold), percent(point.FPIR)+" ± "+percent(point.FPIRSD),
				percent(point.FNIR)+" ± "+percent(point.FNIRSD), percent(point.FPIRExpected))
		}
	}
	return t.print(p.Stdout)
}

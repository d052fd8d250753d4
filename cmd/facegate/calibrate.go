package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"facegate"
	"facegate/match"
)

type calibrateCommand struct {
	Dir         string          `arg:"" optional:"" help:"Folder with a subfolder of photos for each person; without it, the gallery's own samples are measured." type:"existingdir"`
	Choose      facegate.Policy `help:"Choose the named policy: strict, normal or lenient." enum:",strict,normal,lenient" default:"" env:"-" placeholder:"NAME"`
	TargetFMR   share           `name:"target-fmr" help:"Choose the threshold of verification by this false match rate." env:"-" placeholder:"RATE"`
	TargetFPIR  share           `name:"target-fpir" help:"Choose the threshold of identification by this false positive identification rate." env:"-" placeholder:"RATE"`
	GallerySize count           `help:"Show thresholds for a gallery of so many samples, instead of the present one." env:"-" placeholder:"N"`
	Apply       bool            `help:"Store the calibration and what was chosen; decisions follow it at once." env:"-"`
	Force       bool            `help:"Store it even where there is too little data." env:"-"`
	Reference   bool            `help:"Show the calibration that comes with the program; with --apply, go back to it." env:"-"`
	cacheSettings
	analysisSettings
}

// Validate is called by kong.
func (c *calibrateCommand) Validate() error {
	targets := c.TargetFMR > 0 || c.TargetFPIR > 0
	switch {
	case c.Choose != "" && targets:
		return errors.New("--choose and targets exclude each other")
	case c.TargetFMR == 1 || c.TargetFPIR == 1:
		return errors.New("a target must lie below 1")
	case c.Reference && c.Dir != "":
		return errors.New("--reference measures nothing, so it takes no folder")
	case c.Apply && c.GallerySize > 0:
		return errors.New("--apply is for the gallery as it is, whatever its size: leave out --gallery-size")
	}
	return nil
}

// calibration is the line of `facegate calibrate --json`.
type calibration struct {
	*match.Calibration
	GallerySize int             `json:"gallery_size"` // samples that identification is for
	Choices     []match.Choice  `json:"choices"`
	Applied     bool            `json:"applied"`
	Chosen      facegate.Policy `json:"chosen,omitempty"`
}

// Run measures, shows what follows, and stores it where asked to.
func (c *calibrateCommand) Run(ctx context.Context, p *program) error {
	gallery, err := p.openGallery(ctx, c.analysisSettings)
	if err != nil {
		return err
	}
	defer gallery.Close()
	cal, err := c.measure(ctx, p, gallery)
	if err != nil {
		return err
	}
	answer := calibration{Calibration: cal, GallerySize: int(c.GallerySize), Choices: []match.Choice{}}
	if answer.GallerySize == 0 {
		_, answer.GallerySize = gallery.rules.Size()
	}
	for _, policy := range []facegate.Policy{facegate.PolicyStrict, facegate.PolicyNormal, facegate.PolicyLenient} {
		answer.Choices = append(answer.Choices, cal.ChoosePolicy(policy, answer.GallerySize))
	}
	if c.TargetFMR > 0 || c.TargetFPIR > 0 {
		answer.Choices = append(answer.Choices, cal.ChooseTargets(float64(c.TargetFMR), float64(c.TargetFPIR), answer.GallerySize))
	}
	if c.Apply {
		if err := c.apply(ctx, gallery.rules, cal); err != nil {
			return err
		}
		t, err := gallery.rules.Thresholds(ctx)
		if err != nil {
			return err
		}
		answer.Applied, answer.Chosen = true, t.Policy
	}
	if p.settings.JSON {
		return p.printJSON(answer)
	}
	return printCalibration(p, answer)
}

func (c *calibrateCommand) measure(ctx context.Context, p *program, gallery *galleryRooms) (*match.Calibration, error) {
	switch {
	case c.Reference:
		cal, err := match.Reference(gallery.recipe)
		if err == nil && cal == nil {
			err = facegate.NewError(facegate.CodeInvalid, "no calibration comes with the program for the recipe "+gallery.recipe,
				"measure one: facegate calibrate, or facegate calibrate DIR")
		}
		return cal, err
	case c.Dir == "":
		return gallery.rules.CalibrateGallery(ctx)
	}
	embedder, err := p.newSubjectEmbedder(c.analysisSettings, c.cacheSettings, manyPhotos)
	if err != nil {
		return nil, err
	}
	defer embedder.Close()
	photos, err := match.ReadLabelled(c.Dir)
	if err != nil {
		return nil, err
	}
	entries, err := embedder.entries(ctx, c.Dir)
	if err != nil {
		return nil, err
	}
	cal, err := match.Calibrate(ctx, entries, match.CalibrateOptions{})
	if err != nil {
		return nil, err
	}
	if lost := len(photos) - len(entries); lost > 0 {
		cal.Warnings = append(cal.Warnings, fmt.Sprintf("%s without a face found: not counted here; facegate eval counts them as errors", plural(lost, "photo", "photos")))
	}
	now := time.Now().UTC().Truncate(time.Second)
	cal.Source, cal.Recipe, cal.MadeAt = filepath.Base(filepath.Clean(c.Dir)), embedder.recipe, &now
	return cal, nil
}

func (c *calibrateCommand) apply(ctx context.Context, rules *match.Rules, cal *match.Calibration) error {
	var u facegate.ThresholdsUpdate
	if c.Choose != "" {
		u.Policy = &c.Choose
	}
	for _, t := range []struct {
		given share
		field **float64
	}{{c.TargetFMR, &u.TargetFMR}, {c.TargetFPIR, &u.TargetFPIR}} {
		if t.given > 0 {
			v := float64(t.given)
			*t.field = &v
		}
	}
	if c.Reference {
		reference := "reference"
		u.Calibration = &reference
		_, err := rules.SetThresholds(ctx, u)
		return err
	}
	if err := cal.TooLittle(); err != nil && !c.Force {
		return err
	}
	return rules.Apply(ctx, cal, u)
}

func printCalibration(p *program, c calibration) error {
	var t table
	t.add("source", fmt.Sprintf("%s: %s, %s", c.Source, plural(c.People, "person", "people"), plural(c.Samples, "sample", "samples")))
	t.add("pairs", fmt.Sprintf("%d genuine, of %s; %d impostor", c.GenuinePairs, plural(c.GenuinePeople, "person", "people"), c.ImpostorPairs))
	t.add("measured", fmt.Sprintf("from distance %.2f up; false match rates below are extrapolated (marked ~)", c.MeasuredFrom))
	t.add("recipe", c.Recipe)
	for _, w := range c.Warnings {
		t.add("WARNING", w)
	}
	if err := t.print(p.Stdout); err != nil {
		return err
	}
	t = table{}
	t.add("", "", "")
	t.add("THRESHOLD", "FMR (95% INTERVAL)", "FNMR (95% INTERVAL)")
	for _, point := range c.Points {
		if step := int(point.Threshold*100 + 0.5); step >= 30 && step <= 70 && step%5 == 0 {
			mark := ""
			if point.Extrapolated {
				mark = "~"
			}
			t.add(fmt.Sprintf("%.2f", point.Threshold),
				fmt.Sprintf("%s%s (%s to %s)", mark, rate(point.FMR), rate(point.FMRLow), rate(point.FMRHigh)),
				fmt.Sprintf("%s (%s to %s)", rate(point.FNMR), rate(point.FNMRLow), rate(point.FNMRHigh)))
		}
	}
	if err := t.print(p.Stdout); err != nil {
		return err
	}
	t = table{}
	t.add("", "", "", "", "")
	t.add("POLICY", "VERIFY", "FMR, FNMR", fmt.Sprintf("IDENTIFY AMONG %d", c.GallerySize), "FPIR, FNMR")
	for _, choice := range c.Choices {
		mark := func(threshold float64) string {
			if c.Extrapolated(threshold) {
				return "~"
			}
			return ""
		}
		t.add(string(choice.Policy), fmt.Sprintf("%.3f", choice.Verify), mark(choice.Verify)+rate(choice.VerifyFMR)+", "+rate(choice.VerifyFNMR),
			fmt.Sprintf("%.3f", choice.Identify), mark(choice.Identify)+rate(choice.IdentifyFPIR)+", "+rate(choice.IdentifyFNMR))
	}
	if err := t.print(p.Stdout); err != nil {
		return err
	}
	if c.Applied {
		return p.printf("\napplied; the policy in force is %s\n", c.Chosen)
	}
	return nil
}

// rate in percent, or as a power of ten where it is small.
func rate(v float64) string {
	if v != 0 && v < 0.0005 {
		return fmt.Sprintf("%.1e", v)
	}
	return fmt.Sprintf("%.2f%%", 100*v)
}

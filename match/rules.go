package match

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"facegate"
)

// Rules are what decisions are taken by: the operator's choice, as stored or as
// the configuration fixes it, applied to a calibration and the gallery's size.
// They are [facegate.Thresholding]. Set the fields before the first call and
// leave them; Rules are then safe for concurrent use.
type Rules struct {
	Recipe string
	// Size is that of the gallery; thresholds follow it.
	Size func() (people, samples int)
	// Settings keep the choice; nil: nothing is stored, and nothing can be.
	Settings facegate.Settings
	// Samples are what the gallery's own pairs are made of; nil: there are none.
	Samples facegate.SampleSource
	Now     func() time.Time // for the date of a calibration; nil: time.Now

	// What the configuration fixes; zero: it does not.
	Policy   facegate.Policy
	Verify   float64 // distance
	Identify float64 // distance
	Margin   float64 // distance; 0: facegate.DefaultMargin; negative: no decision is ambiguous

	mu        sync.Mutex
	loaded    bool
	choice    choice
	rawChoice []byte
	own       *Calibration
	reference *Calibration

	pairing sync.Mutex // guards pairs, while they are made too
	pairs   *ownPairs
}

var _ facegate.Thresholding = (*Rules)(nil)

// Names of settings.
const (
	settingThresholds  = "thresholds"
	settingCalibration = "calibration"
)

// force is the ruling of this moment.
func (r *Rules) force(ctx context.Context) (*ruling, error) {
	c, cal, err := r.state(ctx)
	if err != nil {
		return nil, err
	}
	_, samples := r.size()
	rule := c.rule(cal, samples)
	r.fix(&rule)
	return &rule, nil
}

func (r *Rules) size() (people, samples int) {
	if r.Size == nil {
		return 0, 0
	}
	return r.Size()
}

// fix puts what the configuration fixes in place of what was chosen.
func (r *Rules) fix(rule *ruling) {
	if r.Verify > 0 {
		rule.verify = r.Verify
	}
	if r.Identify > 0 {
		rule.identify = r.Identify
	}
	rule.margin = r.Margin
	if r.Margin == 0 {
		rule.margin = facegate.DefaultMargin
	}
}

// state is the choice and the calibration in force. Other processes may change
// what is stored, so it is read each time: a look at one row.
func (r *Rules) state(ctx context.Context) (choice, *Calibration, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded {
		var err error
		if r.reference, err = Reference(r.Recipe); err != nil {
			return choice{}, nil, err
		}
		r.choice = choice{Policy: facegate.PolicyNormal}
		r.loaded = true
	}
	if r.Settings != nil {
		if err := r.read(ctx); err != nil {
			return choice{}, nil, err
		}
	}
	c := r.choice
	if r.Policy != "" {
		c = choice{Policy: r.Policy, Own: c.Own}
	}
	return c, r.inForce(c), nil
}

func (r *Rules) read(ctx context.Context) error {
	raw, err := r.Settings.Setting(ctx, settingThresholds)
	if err != nil {
		return err
	}
	if raw == nil || bytes.Equal(raw, r.rawChoice) {
		return nil
	}
	var c choice
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("read the setting %s: %w", settingThresholds, err)
	}
	if !c.valid() {
		return fmt.Errorf("read the setting %s: nothing can be decided by it", settingThresholds)
	}
	if c.Own {
		rawOwn, err := r.Settings.Setting(ctx, settingCalibration)
		if err != nil {
			return err
		}
		own := new(Calibration)
		if err := json.Unmarshal(rawOwn, own); err != nil {
			return fmt.Errorf("read the setting %s: %w", settingCalibration, err)
		}
		if !own.valid() {
			return fmt.Errorf("read the setting %s: its rates are those of no calibration", settingCalibration)
		}
		r.own = own
	}
	r.choice, r.rawChoice = c, raw
	return nil
}

// Thresholds tells what is in force.
func (r *Rules) Thresholds(ctx context.Context) (facegate.Thresholds, error) {
	c, cal, err := r.state(ctx)
	if err != nil {
		return facegate.Thresholds{}, err
	}
	people, samples := r.size()
	rule := c.rule(cal, samples)
	r.fix(&rule)
	t := facegate.Thresholds{
		Policy: c.Policy, Verify: round(rule.verify), Identify: round(rule.identify), Margin: max(rule.margin, 0),
		People: people, Samples: samples, Fixed: r.fixed(), Policies: []facegate.PolicyTargets{},
		Calibration: cal.summary(cal != nil && cal != r.reference),
	}
	if r.own != nil && c.Own && cal == r.reference {
		t.Calibration.Warnings = append(t.Calibration.Warnings, "your own calibration was measured with another recipe, and is not used")
	}
	if p, ok := policyOf(c.Policy); ok {
		t.TargetFMR, t.TargetFPIR = &p.fmr, &p.fpir
	}
	if c.Policy == facegate.PolicyTarget {
		t.TargetFMR, t.TargetFPIR = &c.TargetFMR, &c.TargetFPIR
	}
	for _, p := range policies() {
		made := choice{Policy: p.name}.rule(cal, samples)
		t.Policies = append(t.Policies, facegate.PolicyTargets{Policy: p.name, FMR: p.fmr, FPIR: p.fpir, Verify: round(made.verify), Identify: round(made.identify)})
	}
	if cal != nil {
		number := func(v float64) *float64 { v = signif(v); return &v }
		t.VerifyFMR, t.VerifyFNMR = number(cal.FMR(rule.verify)), number(cal.FNMR(rule.verify))
		t.IdentifyFPIR, t.IdentifyFNMR = number(FPIR(cal.FMR(rule.identify), samples)), number(cal.FNMR(rule.identify))
		t.Extrapolated = cal.Extrapolated(rule.verify) || cal.Extrapolated(rule.identify)
	}
	return t, nil
}

func (r *Rules) fixed() []string {
	fixed := []string{}
	for _, f := range []struct {
		is   bool
		name string
	}{{r.Policy != "", "policy"}, {r.Verify > 0, "verify"}, {r.Identify > 0, "identify"}, {true, "margin"}} {
		if f.is {
			fixed = append(fixed, f.name)
		}
	}
	return fixed
}

// Calibration is the one in force.
func (r *Rules) Calibration(ctx context.Context) (facegate.Calibration, bool, error) {
	_, cal, err := r.state(ctx)
	if err != nil || cal == nil {
		return facegate.Calibration{}, false, err
	}
	return cal.Calibration, true, nil
}

// CalibrateGallery measures the gallery's own pairs.
func (r *Rules) CalibrateGallery(ctx context.Context) (*Calibration, error) {
	if r.Samples == nil {
		return nil, facegate.NewError(facegate.CodeInvalid, "there is no gallery to measure", "")
	}
	entries, _, err := r.Samples.Entries(ctx, 4*defaultMost) // people with many samples give only some
	if err != nil {
		return nil, fmt.Errorf("read the samples: %w", err)
	}
	cal, err := Calibrate(ctx, entries, CalibrateOptions{})
	if err != nil {
		return nil, err
	}
	now := r.now()
	cal.Source, cal.Recipe, cal.MadeAt = "gallery", r.Recipe, &now
	return cal, nil
}

func (r *Rules) now() time.Time {
	if r.Now == nil {
		return time.Now().UTC()
	}
	return r.Now().UTC()
}

package match

import (
	"context"
	"encoding/json"
	"fmt"

	"facegate"
)

// SetThresholds stores a change of the choice.
func (r *Rules) SetThresholds(ctx context.Context, u facegate.ThresholdsUpdate) (facegate.Thresholds, error) {
	var cal *Calibration
	if u.Calibration != nil {
		switch *u.Calibration {
		case "reference":
		case "gallery":
			var err error
			if cal, err = r.CalibrateGallery(ctx); err != nil {
				return facegate.Thresholds{}, err
			}
			if err := cal.TooLittle(); err != nil {
				return facegate.Thresholds{}, err
			}
		default:
			return facegate.Thresholds{}, facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no calibration", *u.Calibration), `choose "gallery" or "reference"`)
		}
	}
	if err := r.store(ctx, u, cal); err != nil {
		return facegate.Thresholds{}, err
	}
	return r.Thresholds(ctx)
}

// Apply stores a calibration with a change of the choice, without asking whether
// it has enough to go by.
func (r *Rules) Apply(ctx context.Context, cal *Calibration, u facegate.ThresholdsUpdate) error {
	if cal.Recipe != r.Recipe {
		return facegate.NewError(facegate.CodeInvalid, "the calibration was measured with another recipe: "+cal.Recipe, "measure again with the one in use: "+r.Recipe)
	}
	own := "gallery"
	u.Calibration = &own
	return r.store(ctx, u, cal)
}

func (r *Rules) store(ctx context.Context, u facegate.ThresholdsUpdate, cal *Calibration) error {
	if r.Settings == nil {
		return facegate.NewError(facegate.CodeInvalid, "there is no database to store thresholds in", "")
	}
	if _, _, err := r.state(ctx); err != nil { // what is stored now
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.changed(r.choice, u)
	if err != nil {
		return err
	}
	if u.Calibration != nil {
		c.Own = cal != nil
	}
	if err := r.keepsTargets(c, cal); err != nil {
		return err
	}
	if cal != nil { // first, so that nobody reads a choice without it
		if err := r.save(ctx, settingCalibration, cal); err != nil {
			return err
		}
		r.rawChoice = nil // the choice may be as it was, but what it means is not
	}
	return r.save(ctx, settingThresholds, stored{c, r.now().UnixMilli()})
}

// keepsTargets fails where no threshold is known to keep the targets: decisions
// would all be no.
func (r *Rules) keepsTargets(c choice, cal *Calibration) error {
	if cal == nil {
		cal = r.inForce(c)
	}
	_, samples := r.size()
	if rule := c.rule(cal, samples); rule.verify <= 0 || rule.identify <= 0 {
		return facegate.NewError(facegate.CodeInvalid, "the calibration knows no threshold that keeps the targets: it rests on too little data",
			"give looser targets, measure more photos, or stay with the reference")
	}
	return nil
}

// stored differs each time it is stored, so that other processes see that a
// calibration was replaced.
type stored struct {
	choice
	At int64 `json:"at"`
}

func (r *Rules) save(ctx context.Context, name string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("store the setting %s: %w", name, err)
	}
	return r.Settings.SaveSetting(ctx, name, raw)
}

func (r *Rules) changed(c choice, u facegate.ThresholdsUpdate) (choice, error) {
	for _, v := range []struct {
		name      string
		value     *float64
		high      float64
		exclusive bool
	}{
		{"target_fmr", u.TargetFMR, 1, true}, {"target_fpir", u.TargetFPIR, 1, true},
		{"verify", u.Verify, maxThreshold, false}, {"identify", u.Identify, maxThreshold, false},
	} {
		if v.value != nil && (!(*v.value > 0 && *v.value <= v.high) || v.exclusive && *v.value == v.high) {
			return c, facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%s is %v", v.name, *v.value), fmt.Sprintf("give a number above 0, up to %v", v.high))
		}
	}
	targets, fixed := u.TargetFMR != nil || u.TargetFPIR != nil, u.Verify != nil || u.Identify != nil
	kinds := 0
	for _, is := range []bool{u.Policy != nil && *u.Policy != facegate.PolicyTarget && *u.Policy != facegate.PolicyFixed, targets, fixed} {
		if is {
			kinds++
		}
	}
	if kinds > 1 {
		return c, facegate.NewError(facegate.CodeInvalid, "a named policy, targets and thresholds exclude each other", "give one of them")
	}
	if kinds > 0 && r.Policy != "" {
		return c, byConfiguration("policy")
	}
	normal, _ := policyOf(facegate.PolicyNormal)
	or := func(v *float64, otherwise float64) float64 {
		if v == nil {
			return otherwise
		}
		return *v
	}
	switch {
	case targets:
		return choice{Policy: facegate.PolicyTarget, TargetFMR: or(u.TargetFMR, normal.fmr), TargetFPIR: or(u.TargetFPIR, normal.fpir), Own: c.Own}, nil
	case fixed:
		if u.Verify != nil && r.Verify > 0 {
			return c, byConfiguration("verify")
		}
		if u.Identify != nil && r.Identify > 0 {
			return c, byConfiguration("identify")
		}
		_, samples := r.size()
		now := c.rule(r.inForce(c), samples)
		return choice{Policy: facegate.PolicyFixed, Verify: or(u.Verify, now.verify), Identify: or(u.Identify, now.identify), Own: c.Own}, nil
	case u.Policy != nil:
		if _, ok := policyOf(*u.Policy); !ok {
			return c, facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q alone is no policy", *u.Policy), "choose strict, normal or lenient, or give targets or thresholds")
		}
		return choice{Policy: *u.Policy, Own: c.Own}, nil
	}
	return c, nil
}

// inForce is the calibration that a choice is applied to. r.mu is held.
func (r *Rules) inForce(c choice) *Calibration {
	if c.Own && r.own != nil && r.own.Recipe == r.Recipe {
		return r.own
	}
	return r.reference
}

func byConfiguration(name string) error {
	return facegate.NewError(facegate.CodeFixed, "the configuration fixes the "+name+", so it cannot be changed here",
		"take it out of the command line, the environment and the configuration file, and start again")
}

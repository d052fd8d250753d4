package match

import (
	"math"

	"facegate"
)

// A policy is a named pair of targets. The thresholds that follow from them are
// never looser than the limits: where the gallery is small, a target would allow
// distances at which faces are no longer alike.
type policy struct {
	name                       facegate.Policy
	fmr, fpir                  float64
	verifyLimit, identifyLimit float64
}

// policies are from strict to lenient. docs/thresholds.md tells why these.
func policies() []policy {
	return []policy{
		{facegate.PolicyStrict, 0.001, 0.005, facegate.DefaultVerifyThreshold, facegate.DefaultIdentifyThreshold},
		{facegate.PolicyNormal, 0.01, 0.05, facegate.DefaultVerifyThreshold, facegate.DefaultIdentifyThreshold},
		{facegate.PolicyLenient, 0.02, 0.2, 0.65, 0.55},
	}
}

func policyOf(name facegate.Policy) (policy, bool) {
	for _, p := range policies() {
		if p.name == name {
			return p, true
		}
	}
	return policy{}, false
}

// choice is what the operator chose: a policy by name, targets, or thresholds. It
// is stored as JSON.
type choice struct {
	Policy     facegate.Policy `json:"policy"`
	TargetFMR  float64         `json:"target_fmr,omitempty"`
	TargetFPIR float64         `json:"target_fpir,omitempty"`
	Verify     float64         `json:"verify,omitempty"`
	Identify   float64         `json:"identify,omitempty"`
	Own        bool            `json:"own_calibration,omitempty"` // use what was measured; else the reference
}

// valid reports whether c can be decided by: it may come from a database.
func (c choice) valid() bool {
	threshold := func(v float64) bool { return v > 0 && v <= maxThreshold }
	target := func(v float64) bool { return v > 0 && v < 1 }
	switch c.Policy {
	case facegate.PolicyFixed:
		return threshold(c.Verify) && threshold(c.Identify)
	case facegate.PolicyTarget:
		return target(c.TargetFMR) && target(c.TargetFPIR)
	}
	_, known := policyOf(c.Policy)
	return known
}

// A ruling is what decisions are taken by in one moment.
type ruling struct {
	policy      facegate.Policy
	verify      float64
	identify    float64
	margin      float64
	calibration *Calibration // nil: none
	samples     int          // in the gallery
}

// rule is what follows from a choice in a gallery of so many samples.
func (c choice) rule(cal *Calibration, samples int) ruling {
	r := ruling{policy: c.Policy, verify: facegate.DefaultVerifyThreshold, identify: facegate.DefaultIdentifyThreshold, calibration: cal, samples: samples}
	p := policy{name: c.Policy, fmr: c.TargetFMR, fpir: c.TargetFPIR, verifyLimit: loosest, identifyLimit: loosest}
	switch c.Policy {
	case facegate.PolicyFixed:
		r.verify, r.identify = c.Verify, c.Identify
		return r
	case facegate.PolicyTarget:
	default:
		p, _ = policyOf(c.Policy)
	}
	if cal == nil { // nothing is known of rates
		return r
	}
	r.verify = math.Min(cal.ThresholdForFMR(p.fmr), p.verifyLimit)
	r.identify = math.Min(cal.ThresholdForFPIR(p.fpir, samples), p.identifyLimit)
	return r
}

// loosest is the largest threshold that targets of one's own come to: beyond it
// everybody is everybody.
const loosest = 0.8

// falseMatchRate is nil without a calibration.
func (r *ruling) falseMatchRate(distance float64) *float64 {
	if r.calibration == nil {
		return nil
	}
	v := signif(r.calibration.FMR(distance))
	return &v
}

// falsePositiveRate is that of the distance in the whole gallery.
func (r *ruling) falsePositiveRate(distance float64) *float64 {
	if r.calibration == nil {
		return nil
	}
	v := signif(FPIR(r.calibration.FMR(distance), r.samples))
	return &v
}

// A Choice is the thresholds that follow from a policy in a gallery of some
// size, and how often they are expected to be wrong.
type Choice struct {
	Policy       facegate.Policy `json:"policy"`
	TargetFMR    float64         `json:"target_fmr"`
	TargetFPIR   float64         `json:"target_fpir"`
	Verify       float64         `json:"verify"`
	VerifyFMR    float64         `json:"verify_fmr"`
	VerifyFNMR   float64         `json:"verify_fnmr"`
	Identify     float64         `json:"identify"`
	IdentifyFPIR float64         `json:"identify_fpir"`
	IdentifyFNMR float64         `json:"identify_fnmr"`
}

// ChoosePolicy is what a named policy comes to in a gallery of so many samples.
func (c *Calibration) ChoosePolicy(name facegate.Policy, samples int) Choice {
	p, _ := policyOf(name)
	return c.chosen(choice{Policy: name}, p.fmr, p.fpir, samples)
}

// ChooseTargets is what targets come to; one that is 0 is the normal policy's.
func (c *Calibration) ChooseTargets(fmr, fpir float64, samples int) Choice {
	normal, _ := policyOf(facegate.PolicyNormal)
	if fmr == 0 {
		fmr = normal.fmr
	}
	if fpir == 0 {
		fpir = normal.fpir
	}
	return c.chosen(choice{Policy: facegate.PolicyTarget, TargetFMR: fmr, TargetFPIR: fpir}, fmr, fpir, samples)
}

func (c *Calibration) chosen(made choice, fmr, fpir float64, samples int) Choice {
	r := made.rule(c, samples)
	return Choice{
		Policy: made.Policy, TargetFMR: fmr, TargetFPIR: fpir,
		Verify: round(r.verify), VerifyFMR: signif(c.FMR(r.verify)), VerifyFNMR: signif(c.FNMR(r.verify)),
		Identify: round(r.identify), IdentifyFPIR: signif(FPIR(c.FMR(r.identify), samples)), IdentifyFNMR: signif(c.FNMR(r.identify)),
	}
}

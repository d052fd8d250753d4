package match

import (
	"math"
	"sort"

	"facegate"
)

// A Calibration is a [facegate.Calibration] that answers.
type Calibration struct{ facegate.Calibration }

// FMR is the estimated false match rate of a threshold: the share of pairs of
// different people that are at most so far apart. It never falls with distance.
func (c *Calibration) FMR(distance float64) float64 {
	return c.between(distance, func(p facegate.CalibrationPoint) float64 { return p.FMR })
}

// FNMR is the estimated false non-match rate of a threshold: the share of pairs
// of one person that are farther apart. It never rises with distance.
func (c *Calibration) FNMR(distance float64) float64 {
	return c.between(distance, func(p facegate.CalibrationPoint) float64 { return p.FNMR })
}

// At is the rates of any threshold.
func (c *Calibration) At(distance float64) facegate.CalibrationPoint {
	pick := func(of func(facegate.CalibrationPoint) float64) float64 { return c.between(distance, of) }
	return facegate.CalibrationPoint{
		Threshold: distance,
		FMR:       c.FMR(distance),
		FMRLow:    pick(func(p facegate.CalibrationPoint) float64 { return p.FMRLow }),
		FMRHigh:   pick(func(p facegate.CalibrationPoint) float64 { return p.FMRHigh }),
		FNMR:      c.FNMR(distance),
		FNMRLow:   pick(func(p facegate.CalibrationPoint) float64 { return p.FNMRLow }),
		FNMRHigh:  pick(func(p facegate.CalibrationPoint) float64 { return p.FNMRHigh }),

		Extrapolated: distance < c.MeasuredFrom,
	}
}

// between is a rate between two points: rates change by factors, so their
// logarithms are interpolated, where they have one.
func (c *Calibration) between(distance float64, of func(facegate.CalibrationPoint) float64) float64 {
	at := distance / c.Step
	last := len(c.Points) - 1
	if !(at > 0) {
		return of(c.Points[0])
	}
	if at >= float64(last) {
		return of(c.Points[last])
	}
	i := int(at)
	a, b, t := of(c.Points[i]), of(c.Points[i+1]), at-math.Floor(at)
	switch {
	case a == b:
		return a
	case a > 0 && b > 0:
		return math.Exp(math.Log(a)*(1-t) + math.Log(b)*t)
	}
	return a*(1-t) + b*t
}

// ThresholdForFMR is the largest threshold whose FMR is at most the target; 0
// where none is known to be.
func (c *Calibration) ThresholdForFMR(target float64) float64 {
	over := sort.Search(len(c.Points), func(i int) bool { return c.Points[i].FMR > target })
	switch over {
	case 0:
		return 0
	case len(c.Points):
		return c.Points[over-1].Threshold
	}
	low, high := c.Points[over-1].Threshold, c.Points[over].Threshold
	for range 40 {
		if mid := (low + high) / 2; c.FMR(mid) <= target {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// ThresholdForFPIR is the largest threshold at which at most a share target of
// impostors are taken for somebody, in a gallery of n samples (see [FPIR]).
func (c *Calibration) ThresholdForFPIR(target float64, n int) float64 {
	return c.ThresholdForFMR(-math.Expm1(math.Log1p(-target) / float64(max(n, 1))))
}

// Extrapolated reports whether the FMR of a threshold was not measured.
func (c *Calibration) Extrapolated(threshold float64) bool { return threshold < c.MeasuredFrom }

// valid reports whether c can be worked with: it may come from a database.
func (c *Calibration) valid() bool {
	if c == nil || !(c.Step > 0) || len(c.Points) < 2 {
		return false
	}
	for i, p := range c.Points {
		rates := p.FMR >= 0 && p.FMR <= 1 && p.FNMR >= 0 && p.FNMR <= 1
		if !rates || math.Abs(p.Threshold-float64(i)*c.Step) > 1e-6 || i > 0 && (p.FMR < c.Points[i-1].FMR || p.FNMR > c.Points[i-1].FNMR) {
			return false
		}
	}
	return true
}

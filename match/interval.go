package match

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"facegate"
)

// bootstrap is the rates of as many people drawn with replacement.
func (t *pairTable) bootstrap(ctx context.Context, o CalibrateOptions) ([]*rates, error) {
	n := o.Resamples
	if n <= 0 {
		n = 200
	}
	drawn := make([]*rates, n)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range drawn {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("calibrate: %w", err)
			}
			random := rand.New(rand.NewPCG(o.Seed, uint64(i)+2))
			weights := make([]int32, t.people)
			for range weights {
				weights[random.IntN(t.people)]++
			}
			drawn[i] = t.rates(weights)
			return nil
		})
	}
	return drawn, g.Wait()
}

func (t *pairTable) fill(cal *Calibration, whole *rates, drawn []*rates) {
	interval := func(of func(*rates) float64) (low, high float64) {
		values := make([]float64, len(drawn))
		for i, r := range drawn {
			values[i] = of(r)
		}
		slices.Sort(values)
		at := func(q float64) float64 { return values[int(math.Round(q*float64(len(values)-1)))] }
		return at((1 - confidence) / 2), at((1 + confidence) / 2)
	}
	for s := range calibrationSteps {
		p := facegate.CalibrationPoint{Threshold: math.Round(float64(s)*calibrationStep*1e6) / 1e6, Extrapolated: s < t.from}
		p.FMR, p.FNMR = whole.fmr[s], whole.fnmr[s]
		p.FMRLow, p.FMRHigh = interval(func(r *rates) float64 { return r.fmr[s] })
		p.FNMRLow, p.FNMRHigh = interval(func(r *rates) float64 { return r.fnmr[s] })
		// No error seen is not no error: among n people, fewer than 1 in n/3 fail
		// ("rule of three").
		if t.genuinePeople > 0 {
			least := -math.Expm1(math.Log(1-confidence) / float64(t.genuinePeople))
			if p.FNMR < 1 {
				p.FNMRHigh = math.Max(p.FNMRHigh, math.Min(least, 1))
			}
		} else {
			p.FNMR, p.FNMRLow, p.FNMRHigh = 0, 0, 1
		}
		p.FMRHigh, p.FMRLow = math.Max(p.FMRHigh, p.FMR), math.Min(p.FMRLow, p.FMR)
		for _, v := range []*float64{&p.FMR, &p.FMRLow, &p.FMRHigh, &p.FNMR, &p.FNMRLow, &p.FNMRHigh} {
			*v = signif(*v)
		}
		cal.Points = append(cal.Points, p)
	}
}

// signif is v to four digits: more were never measured.
func signif(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	if math.IsInf(scale, 0) || scale == 0 {
		return v
	}
	return math.Round(v*scale) / scale
}

// warn says in words what the data cannot carry.
func (c *Calibration) warn() {
	tell := func(format string, args ...any) { c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...)) }
	if c.People < fewPeople {
		tell("only %d people: a false match rate from so few says little about strangers; %d or more are needed", c.People, fewPeople)
	}
	switch {
	case c.GenuinePeople == 0:
		tell("nobody has two samples: how often the right person is missed is not known")
	case c.GenuinePeople < fewGenuine:
		tell("only %d people have two samples or more: how often the right person is missed is a rough guess; %d or more are needed", c.GenuinePeople, fewGenuine)
	}
	if c.TailRate == 0 {
		tell("only %d pairs of different people: too few to tell rates below %.2g", c.ImpostorPairs, c.FMR(c.MeasuredFrom))
	}
}

// errTooLittle is what TooLittle is about.
var errTooLittle = errors.New("too little data")

// TooLittle is why thresholds should not be chosen by c; nil where they may.
func (c *Calibration) TooLittle() error {
	if c.People < fewPeople || c.TailRate == 0 {
		return &facegate.Error{Code: facegate.CodeInvalid, Detail: "there is too little data to choose thresholds by: " + c.Warnings[0],
			Next: "enrol more people, name a folder of labelled photos, or stay with the reference", Err: errTooLittle}
	}
	return nil
}

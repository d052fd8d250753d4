package match_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"facegate"
	"facegate/internal/syntheticfaces"
	"facegate/match"
)

func calibrate(t testing.TB, samples []facegate.GalleryEntry, o match.CalibrateOptions) *match.Calibration {
	t.Helper()
	c, err := match.Calibrate(t.Context(), samples, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Rates are what counting the pairs gives, from MeasuredFrom up.
func TestCalibrateCounts(t *testing.T) {
	samples, _ := syntheticfaces.New(1).Gallery(90, 3)
	c := calibrate(t, samples, match.CalibrateOptions{Resamples: 2})
	if c.People != 30 || c.Samples != 90 || c.GenuinePeople != 30 || c.GenuinePairs != 90 || c.ImpostorPairs != 90*89/2-90 {
		t.Fatalf("%+v", c)
	}
	for _, p := range c.Points {
		var missed, confused float64
		for i, a := range samples {
			for _, b := range samples[:i] {
				within := a.Embedding.Distance(&b.Embedding) <= p.Threshold
				switch {
				case a.Person.ID == b.Person.ID && !within:
					missed++
				case a.Person.ID != b.Person.ID && within:
					confused++
				}
			}
		}
		near := func(got, want float64) bool { return math.Abs(got-want) <= 1e-3*want }
		if p.Extrapolated != (p.Threshold < c.MeasuredFrom) {
			t.Errorf("at %v extrapolated is %v, measured from %v", p.Threshold, p.Extrapolated, c.MeasuredFrom)
		}
		if !p.Extrapolated && !near(p.FMR, confused/float64(c.ImpostorPairs)) {
			t.Errorf("FMR at %v is %v, want %v/%d", p.Threshold, p.FMR, confused, c.ImpostorPairs)
		}
		if p.Extrapolated && confused >= 10 {
			t.Errorf("at %v %v pairs are confused, yet the FMR is extrapolated", p.Threshold, confused)
		}
		if !near(p.FNMR, missed/90) {
			t.Errorf("FNMR at %v is %v, want %v/90", p.Threshold, p.FNMR, missed)
		}
	}
}

// Each person counts the same for the FNMR, however many pairs they make.
func TestCalibrateWeighsPeople(t *testing.T) {
	var samples []facegate.GalleryEntry
	add := func(person string, places ...float64) {
		for i, x := range places {
			samples = append(samples, entry(fmt.Sprint(person, i), person, x))
		}
	}
	add("far", 0, 0.9)                   // one pair, beyond 0.5
	add("near", 5, 5, 5, 5, 5)           // ten pairs within
	add("third", 10, 10, 10.8)           // one of three within
	add("busy", 15, 15, 15, 15, 15, 15.) // fifteen
	if got := calibrate(t, samples, match.CalibrateOptions{Resamples: 2}).FNMR(0.5); math.Abs(got-(1+0+2./3+0)/4) > 1e-4 {
		t.Errorf("FNMR %v, want %v", got, (1+2./3)/4)
	}
}

// The interval holds the true rate about as often as it says. One made by drawing
// pairs would not: it is far narrower.
func TestCalibrateCoverage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const people, each, trials = 60, 3, 80
	population, _ := syntheticfaces.New(99).Gallery(3000, 1)
	var truth [2]float64
	thresholds := [2]float64{0.65, 0.75}
	for i, a := range population {
		for _, b := range population[:i] {
			d := a.Embedding.Distance(&b.Embedding)
			for k, at := range thresholds {
				if d <= at {
					truth[k] += 2. / 3000 / 2999
				}
			}
		}
	}
	var held, heldByPairs, heldFNMR [2]float64
	var fnmr [2]float64
	f := syntheticfaces.New(7)
	var all []*match.Calibration
	for range trials {
		samples, _ := f.Gallery(people*each, each)
		c := calibrate(t, samples, match.CalibrateOptions{})
		all = append(all, c)
		for k, at := range thresholds {
			fnmr[k] += c.FNMR(at) / trials // the mean over many sets is close to the truth
		}
	}
	for _, c := range all {
		for k, at := range thresholds {
			p := c.At(at)
			if p.FMRLow <= truth[k] && truth[k] <= p.FMRHigh {
				held[k] += 1. / trials
			}
			if p.FNMRLow <= fnmr[k] && fnmr[k] <= p.FNMRHigh {
				heldFNMR[k] += 1. / trials
			}
			if spread := 1.96 * math.Sqrt(p.FMR*(1-p.FMR)/float64(c.ImpostorPairs)); math.Abs(p.FMR-truth[k]) <= spread {
				heldByPairs[k] += 1. / trials
			}
		}
	}
	for k, at := range thresholds {
		t.Logf("at %v: FMR %.4f; the interval over people held it in %.0f%% of %d sets, one over pairs would in %.0f%%; FNMR %.4f in %.0f%%",
			at, truth[k], 100*held[k], trials, 100*heldByPairs[k], fnmr[k], 100*heldFNMR[k])
		if held[k] < 0.85 || heldFNMR[k] < 0.85 {
			t.Errorf("at %v the 95%% intervals held the truth in only %.0f%% and %.0f%%", at, 100*held[k], 100*heldFNMR[k])
		}
		if heldByPairs[k] > held[k]-0.1 {
			t.Errorf("at %v intervals over pairs hold it as well (%.0f%%): the test tells nothing", at, 100*heldByPairs[k])
		}
	}
}

// What is foretold below the measured rates is near the truth, and not below it
// by much.
func TestCalibrateTail(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	f := syntheticfaces.New(3)
	small, _ := f.Gallery(500, 1)
	large, _ := f.Gallery(4000, 1)
	c, truth := calibrate(t, small, match.CalibrateOptions{}), calibrate(t, large, match.CalibrateOptions{Resamples: 2})
	if c.MeasuredFrom <= truth.MeasuredFrom+0.02 {
		t.Fatalf("measured from %v and %v: nothing to foretell", c.MeasuredFrom, truth.MeasuredFrom)
	}
	for at := truth.MeasuredFrom; at < c.MeasuredFrom; at += 0.01 {
		p, want := c.At(at), truth.FMR(at)
		t.Logf("at %.2f foretold %.2g (%.2g to %.2g), true %.2g", at, p.FMR, p.FMRLow, p.FMRHigh, want)
		if !p.Extrapolated || p.FMR < want/3 || p.FMR > want*10 || p.FMRHigh < want {
			t.Errorf("at %.2f: FMR %.2g (%.2g to %.2g), true %.2g", at, p.FMR, p.FMRLow, p.FMRHigh, want)
		}
	}
}

// Whatever comes in, what goes out are rates: monotone, within their intervals,
// and the thresholds chosen by them keep their targets.
func TestCalibrateProperties(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	f := syntheticfaces.New(5)
	for round := range 30 {
		n, each := 2+r.IntN(150), 1+r.IntN(4)
		samples, _ := f.Gallery(max(n, each+1), each)
		if r.IntN(4) == 0 { // photos that are the same under two names
			samples[0].Embedding = samples[len(samples)-1].Embedding
		}
		c := calibrate(t, samples, match.CalibrateOptions{Resamples: 20, Seed: uint64(round)})
		for i, p := range c.Points {
			if !(0 <= p.FMRLow && p.FMRLow <= p.FMR && p.FMR <= p.FMRHigh && p.FMRHigh <= 1 && p.FNMRLow <= p.FNMRHigh && 0 <= p.FNMR && p.FNMR <= 1) {
				t.Fatalf("no rates: %+v", p)
			}
			if i > 0 && (p.FMR < c.Points[i-1].FMR || p.FNMR > c.Points[i-1].FNMR) {
				t.Fatalf("not monotone: %+v after %+v", p, c.Points[i-1])
			}
		}
		previous := 0.0
		for _, target := range []float64{1e-12, 1e-6, 1e-4, 0.001, 0.01, 0.1, 0.5} {
			at := c.ThresholdForFMR(target)
			if at > 0 && c.FMR(at) > target*(1+1e-9) {
				t.Fatalf("threshold %v for FMR %v has %v", at, target, c.FMR(at))
			}
			if at < 1.39 && c.FMR(at+1e-6) <= target && c.FMR(0) <= target {
				t.Fatalf("threshold %v for FMR %v is not the largest", at, target)
			}
			if at < previous {
				t.Fatalf("threshold %v for FMR %v, %v for a smaller one", at, target, previous)
			}
			previous = at
			wider := math.Inf(1)
			for _, size := range []int{1, 10, 1000, 1e6} {
				one := c.ThresholdForFPIR(target, size)
				if one > wider {
					t.Fatalf("threshold %v for FPIR %v among %d, %v among fewer", one, target, size, wider)
				}
				if one > 0 && match.FPIR(c.FMR(one), size) > target*(1+1e-6) {
					t.Fatalf("FPIR %v at %v among %d, want at most %v", match.FPIR(c.FMR(one), size), one, size, target)
				}
				wider = one
			}
		}
		for d := 0.0; d < 2; d += 0.0137 {
			if c.FMR(d) > c.FMR(d+0.001) || c.FNMR(d) < c.FNMR(d+0.001) {
				t.Fatalf("not monotone between points, at %v: FMR %v, %v; FNMR %v, %v", d, c.FMR(d), c.FMR(d+0.001), c.FNMR(d), c.FNMR(d+0.001))
			}
		}
		raw, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again := new(match.Calibration)
		if err := json.Unmarshal(raw, again); err != nil || again.FMR(0.456) != c.FMR(0.456) {
			t.Fatalf("as JSON it is another: %v", err)
		}
	}
}

func TestCalibrateWarns(t *testing.T) {
	f := syntheticfaces.New(2)
	few, _ := f.Gallery(20, 2)
	singles, _ := f.Gallery(80, 1)
	many, _ := f.Gallery(200, 2)
	for _, c := range []struct {
		name    string
		samples []facegate.GalleryEntry
		want    []string
		little  bool
	}{
		{"few people", few, []string{"only 10 people:", "only 10 people have two samples"}, true},
		{"one sample each", singles, []string{"nobody has two samples"}, false},
		{"enough", many, nil, false},
	} {
		got := calibrate(t, c.samples, match.CalibrateOptions{Resamples: 2})
		if len(got.Warnings) < len(c.want) || len(c.want) == 0 && len(got.Warnings) > 0 {
			t.Errorf("%s: warnings %q, want %q", c.name, got.Warnings, c.want)
			continue
		}
		for i, w := range c.want {
			if !strings.HasPrefix(got.Warnings[i], w) {
				t.Errorf("%s: warning %q, want %q", c.name, got.Warnings[i], w)
			}
		}
		if err := got.TooLittle(); (err != nil) != c.little {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := match.Calibrate(t.Context(), few[:2], match.CalibrateOptions{}); facegate.CodeOf(err) != facegate.CodeInvalid {
		t.Errorf("one person: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := match.Calibrate(ctx, many, match.CalibrateOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// Of a gallery that is too large, whole people are left out.
func TestCalibrateSome(t *testing.T) {
	samples, _ := syntheticfaces.New(1).Gallery(600, 12)
	c := calibrate(t, samples, match.CalibrateOptions{Samples: 100, Resamples: 2})
	if c.People != 10 || c.Samples != 100 || c.GenuinePairs != 10*45 {
		t.Errorf("%d people, %d samples, %d genuine pairs; want 10 of 10 samples", c.People, c.Samples, c.GenuinePairs)
	}
}

func BenchmarkCalibrate(b *testing.B) {
	samples, _ := syntheticfaces.New(1).Gallery(4000, 2)
	for b.Loop() {
		calibrate(b, samples, match.CalibrateOptions{})
	}
}

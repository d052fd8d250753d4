package match_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"facegate/match"
)

func TestCurve(t *testing.T) {
	got := match.Curve(folds([]float64{0.2, 0.4, 0.4, failed}, []float64{0.4, 0.8, failed, 0.9}))
	want := []match.RatePoint{{0, 0, 1}, {0.2, 0, 0.75}, {0.4, 0.25, 0.25}, {0.8, 0.5, 0.25}, {0.9, 0.75, 0.25}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// The rates agree with counting, and are monotone.
func TestCurveCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var trials []match.Trial
		for range 1 + r.IntN(60) {
			trials = append(trials, match.Trial{Genuine: r.IntN(2) == 0, Distance: float64(r.IntN(30)) / 20, Failed: r.IntN(9) == 0})
		}
		curve := match.Curve(trials)
		for i, p := range curve {
			var g, i0, matched, falsely float64
			for _, trial := range trials {
				within := !trial.Failed && trial.Distance <= p.Threshold && i > 0
				switch {
				case trial.Genuine:
					g++
					if within {
						matched++
					}
				default:
					i0++
					if within {
						falsely++
					}
				}
			}
			if i0 > 0 && math.Abs(p.FMR-falsely/i0) > 1e-12 || g > 0 && math.Abs(p.FNMR-(1-matched/g)) > 1e-12 {
				t.Fatalf("%+v at %v, want FMR %v/%v, TMR %v/%v", p, p.Threshold, falsely, i0, matched, g)
			}
			if i > 0 && (p.FMR < curve[i-1].FMR || p.FNMR > curve[i-1].FNMR || p.Threshold < curve[i-1].Threshold) {
				t.Fatalf("not monotone: %+v after %+v", p, curve[i-1])
			}
		}
	}
}

func TestHistograms(t *testing.T) {
	g, i := match.Histograms(folds([]float64{0.05, 0.1, 0.15, failed}, []float64{0.99, 5, 1, failed}), 1, 0.1)
	if want := []float64{1, 2, 0, 0, 0, 0, 0, 0, 0, 0}; !slices.Equal(g.Counts, want) {
		t.Errorf("genuine %v, want %v", g.Counts, want)
	}
	if want := []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 3}; !slices.Equal(i.Counts, want) {
		t.Errorf("impostor %v, want %v: what lies beyond is in the last", i.Counts, want)
	}
}

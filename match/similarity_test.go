package match_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"facegate/match"
)

func TestSimilarity(t *testing.T) {
	if s := match.Similarity(0.6); s != 0.5 {
		t.Errorf("similarity at 0.6 is %v, want exactly 0.5", s)
	}
	if s := match.Similarity(0); s < 0.99 || s > 1 {
		t.Errorf("similarity of a face with itself is %v", s)
	}
	previous := math.Inf(1)
	for i := range 3001 {
		d := float64(i) / 1000
		s := match.Similarity(d)
		if s < 0 || s > 1 {
			t.Fatalf("similarity at %v is %v, out of 0..1", d, s)
		}
		if !(s < previous) {
			t.Fatalf("similarity does not fall at %v: %v after %v", d, s, previous)
		}
		previous = s
	}
}

// TestFitSlope draws pairs whose probability of being genuine is the curve
// itself, so the slope to be found is known.
func TestFitSlope(t *testing.T) {
	for _, want := range []float64{5, 20, 40} {
		r := rand.New(rand.NewPCG(1, uint64(want)))
		var genuine, impostor []float64
		for range 50_000 {
			// The prior must be even, as the fit weighs both kinds the same: the
			// distances lie symmetrically around 0.6.
			d := 0.1 + r.Float64()
			if r.Float64() < 1/(1+math.Exp(want*(d-0.6))) {
				genuine = append(genuine, d)
			} else {
				impostor = append(impostor, d)
			}
		}
		got, err := match.FitSlope(genuine, impostor)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-want)/want > 0.05 {
			t.Errorf("slope %v, want %v", got, want)
		}
	}
}

func TestFitSlopeRefuses(t *testing.T) {
	for name, lists := range map[string][2][]float64{
		"no genuine":  {nil, {0.8}},
		"no impostor": {{0.4}, nil},
		"parted":      {{0.4, 0.5}, {0.7, 0.8}},
		"reversed":    {{0.8, 0.9}, {0.3, 0.4}},
	} {
		if slope, err := match.FitSlope(lists[0], lists[1]); err == nil {
			t.Errorf("%s: slope %v, want an error", name, slope)
		}
	}
}

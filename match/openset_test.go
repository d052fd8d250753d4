package match_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"facegate"
	"facegate/match"
)

// population is of people whose photos lie around a point of their own: near by
// tightness, apart by chance.
func population(r *rand.Rand, people, photos int, tightness float64) []match.Labelled {
	var all []match.Labelled
	for p := range people {
		var centre facegate.Embedding
		for d := range centre {
			centre[d] = float32(r.NormFloat64() * 0.075)
		}
		for range photos {
			e := centre
			for d := range e {
				e[d] += float32(r.NormFloat64() * tightness)
			}
			all = append(all, match.Labelled{Person: fmt.Sprintf("p%03d", p), Embedding: &e})
		}
	}
	return all
}

func TestOpenSet(t *testing.T) {
	photos := population(rand.New(rand.NewPCG(1, 1)), 60, 3, 0.02)
	r, err := match.OpenSet{Repeats: 4, Seed: 7}.Run(t.Context(), photos, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.People != 60 || r.Photos != 180 || r.Enrolled != 30 || r.EnrolledSamples != 30 || r.MatedProbes != 60 || r.NonMatedProbes != 90 {
		t.Errorf("%+v", r)
	}
	if r.Rank1 != 1 || r.Rank5 != 1 || r.FNIRAtFPIR1 != 0 {
		t.Errorf("people far apart: rank 1 %v, rank 5 %v, FNIR %v", r.Rank1, r.Rank5, r.FNIRAtFPIR1)
	}
	for i, p := range r.Points {
		if p.FPIR < 0 || p.FPIR > 1 || p.FNIR < 0 || p.FNIR > 1 {
			t.Fatalf("no rates: %+v", p)
		}
		if before := r.Points[max(i-1, 0)]; p.FPIR < before.FPIR || p.FNIR > before.FNIR {
			t.Errorf("not monotone: %+v after %+v", p, before)
		}
	}
	again, err := match.OpenSet{Repeats: 4, Seed: 7}.Run(t.Context(), photos, nil)
	if err != nil || !reflect.DeepEqual(r, again) {
		t.Errorf("the same seed gives another report: %v", err)
	}
	if other, _ := (match.OpenSet{Repeats: 4, Seed: 8}).Run(t.Context(), photos, nil); reflect.DeepEqual(r.Points, other.Points) {
		t.Error("another seed gives the same points")
	}
}

// Against a plain count over distances, where every photo but the first of each
// person is a probe and half of the people are enrolled.
func TestOpenSetCounts(t *testing.T) {
	photos := population(rand.New(rand.NewPCG(3, 1)), 40, 4, 0.06)
	photos[5].Embedding, photos[9].Embedding = nil, nil
	r, err := match.OpenSet{Repeats: 1, Samples: 4}.Run(t.Context(), photos, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.MatedProbes != 0 || r.FailuresToDetect != 2 || r.NonMatedProbes != 80 {
		t.Errorf("all photos enrolled: %+v", r)
	}
	r, err = match.OpenSet{Repeats: 200}.Run(t.Context(), photos, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The expectation over choices: a pair of an impostor's probe and an enrolled
	// sample is drawn with the same probability, whichever it is.
	const at = 0.5
	for _, p := range r.Points {
		if p.Threshold != at {
			continue
		}
		var within, all float64
		for i, a := range photos {
			for _, b := range photos[:i] {
				if a.Person == b.Person || a.Embedding == nil || b.Embedding == nil {
					continue
				}
				all++
				if a.Embedding.Distance(b.Embedding) <= at {
					within++
				}
			}
		}
		if want := match.FPIR(within/all, int(math.Round(r.EnrolledSamples))); math.Abs(p.FPIRExpected-want) > 1e-12 {
			t.Errorf("expected FPIR %v, want %v", p.FPIRExpected, want)
		}
		if p.FPIR > p.FPIRExpected+0.05 {
			t.Errorf("FPIR %v is more than independent comparisons give, %v", p.FPIR, p.FPIRExpected)
		}
	}
}

// Faces that are not found cost enrolled people, and do impostors no harm.
func TestOpenSetFailures(t *testing.T) {
	photos := population(rand.New(rand.NewPCG(1, 5)), 10, 2, 0.02)
	for i := range photos {
		photos[i].Embedding = nil
	}
	r, err := match.OpenSet{Repeats: 2}.Run(t.Context(), photos, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := r.Points[len(r.Points)-1]
	if r.FailuresToEnrol != 5 || last.FNIR != 1 || last.FPIR != 0 || r.Rank1 != 0 {
		t.Errorf("%+v", r)
	}
}

func TestOpenSetRefuses(t *testing.T) {
	photos := population(rand.New(rand.NewPCG(1, 5)), 3, 1, 0.02)
	for name, c := range map[string]struct {
		test   match.OpenSet
		photos []match.Labelled
	}{
		"one person": {match.OpenSet{}, photos[:1]},
		"nobody":     {match.OpenSet{}, nil},
		"share":      {match.OpenSet{Share: 1.5}, photos},
		"repeats":    {match.OpenSet{Repeats: -1}, photos},
	} {
		if _, err := c.test.Run(t.Context(), c.photos, nil); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (match.OpenSet{}).Run(ctx, photos, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestFPIR(t *testing.T) {
	for _, c := range []struct {
		fmr  float64
		n    int
		want float64
	}{{0, 1000, 0}, {0.5, 1, 0.5}, {0.5, 2, 0.75}, {1, 3, 1}, {0.1, 0, 0}, {1e-12, 1000, 1e-9}} {
		if got := match.FPIR(c.fmr, c.n); math.Abs(got-c.want) > 1e-9*math.Max(c.want, 1e-9) {
			t.Errorf("FPIR(%v, %d) = %v, want %v", c.fmr, c.n, got, c.want)
		}
	}
}

package match_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"facegate"
	"facegate/internal/syntheticfaces"
	"facegate/match"
)

func doctorOf(t testing.TB, samples []facegate.GalleryEntry) *match.Doctor {
	t.Helper()
	g := match.NewGallery()
	t.Cleanup(g.Close)
	g.Reset(samples)
	c, err := match.Reference(recipeFast)
	if err != nil {
		t.Fatal(err)
	}
	return &match.Doctor{Gallery: g, Calibration: c}
}

// Labels that were exchanged are found, and little else.
func TestDoctorFindsExchangedLabels(t *testing.T) {
	samples, _ := syntheticfaces.New(11).Gallery(400, 4)
	d := doctorOf(t, samples)
	healthy, err := d.Examine(t.Context(), samples, nil)
	if err != nil || healthy.People != 100 || healthy.Samples != 400 {
		t.Fatalf("%+v, %v", healthy, err)
	}
	if len(healthy.Strays) > 4 || len(healthy.Doubles) > 0 {
		t.Errorf("in a healthy gallery %d strays and %d doubles", len(healthy.Strays), len(healthy.Doubles))
	}
	wrong := slices.Clone(samples)
	exchanged := map[string]facegate.PersonRef{} // whose they are
	for _, i := range []int{0, 40, 80, 120, 160} {
		j := i + 20
		exchanged[wrong[i].SampleID], exchanged[wrong[j].SampleID] = wrong[i].Person, wrong[j].Person
		wrong[i].Person, wrong[j].Person = wrong[j].Person, wrong[i].Person
	}
	found, err := doctorOf(t, wrong).Examine(t.Context(), wrong, nil)
	if err != nil {
		t.Fatal(err)
	}
	right, other := 0, 0
	for _, s := range found.Strays {
		if who, ok := exchanged[s.SampleID]; ok {
			right++
			if s.Looks == nil || s.Looks.Person != who || !strings.Contains(s.Why, who.Name) {
				t.Errorf("%+v, want it to look like %s", s, who.Name)
			}
		} else {
			other++
		}
	}
	if right < 9 || other > len(healthy.Strays) {
		t.Errorf("of 10 exchanged labels %d are found, and %d others", right, other)
	}
}

// Somebody enrolled under two names is found.
func TestDoctorFindsDoubles(t *testing.T) {
	f := syntheticfaces.New(12)
	samples, _ := f.Gallery(100, 2)
	again := f.Photo(meanOf(samples[0].Embedding, samples[1].Embedding))
	samples = append(samples, facegate.GalleryEntry{SampleID: f.ID(), Person: facegate.PersonRef{ID: f.ID(), Name: "Alias"}, Embedding: again})
	// A photo of the same moment is closer than photos usually are.
	for i := range samples[100].Embedding {
		samples[100].Embedding[i] = 0.7*samples[0].Embedding[i] + 0.3*again[i]
	}
	found, err := doctorOf(t, samples).Examine(t.Context(), samples, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Doubles) == 0 {
		t.Fatal("nothing is found")
	}
	p := found.Doubles[0]
	if !slices.Contains([]string{p.A.Name, p.B.Name}, "Alias") || !slices.Contains([]string{p.A.ID, p.B.ID}, samples[0].Person.ID) || p.Expected == nil || *p.Expected > 1 {
		t.Errorf("%+v", p)
	}
}

func meanOf(a, b facegate.Embedding) (m [facegate.EmbeddingSize]float64) {
	for i := range m {
		m[i] = float64(a[i]+b[i]) / 2
	}
	return m
}

func TestDoctorWords(t *testing.T) {
	samples := []facegate.GalleryEntry{
		entry("a1", "ann", 0), entry("a2", "ann", 0.125), entry("a3", "ann", 2), // a3 is far from all
		entry("b1", "bob", 5), entry("b2", "bob", 5.125), entry("b3", "bob", 8.25), // b3 is cid's
		entry("c1", "cid", 8), entry("c2", "cid", 8.5),
		entry("d1", "dan", 20), entry("d2", "dan", 21), // either may be wrong
		entry("e1", "eve", 30),
	}
	d := doctorOf(t, samples)
	got, err := d.Examine(t.Context(), samples, nil)
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, s := range got.Strays {
		why[s.SampleID] = s.Why
	}
	for id, want := range map[string]string{
		"a3": "unlike all others of N ann (the nearest is 1.875 away)",
		"b3": "it looks like N cid (0.250), and unlike all others of N bob",
		"d1": "of two photos, either may be the wrong one",
		"d2": "of two photos, either may be the wrong one",
	} {
		if !strings.Contains(why[id], want) {
			t.Errorf("%s: %q, want %q", id, why[id], want)
		}
		delete(why, id)
	}
	if len(why) > 0 {
		t.Errorf("others: %v", why)
	}
	if len(got.Doubles) != 0 { // bob and cid are near each other by b3 alone, which is known to be wrong
		t.Errorf("%+v", got.Doubles)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Examine(ctx, samples, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// The closest pairs are those that comparing everybody with everybody finds.
func TestLookalikes(t *testing.T) {
	samples, _ := syntheticfaces.New(13).Gallery(600, 3)
	d := doctorOf(t, samples)
	closest := map[string]float64{}
	for i, a := range samples {
		for _, b := range samples[:i] {
			if a.Person.ID == b.Person.ID {
				continue
			}
			key := fmt.Sprint(min(a.Person.ID, b.Person.ID), max(a.Person.ID, b.Person.ID))
			if was, ok := closest[key]; !ok || a.Embedding.Distance(&b.Embedding) < was {
				closest[key] = a.Embedding.Distance(&b.Embedding)
			}
		}
	}
	all := make([]string, 0, len(closest))
	for key := range closest {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(closest[a], closest[b]) })
	for _, who := range []string{"", samples[30].Person.ID} {
		var want []string
		for _, key := range all {
			if strings.Contains(key, who) && len(want) < 15 {
				want = append(want, key)
			}
		}
		var done []int
		got, err := d.Lookalikes(t.Context(), samples, who, 15, func(n, _ int) { done = append(done, n) })
		if err != nil || len(got) != 15 || len(done) == 0 {
			t.Fatalf("%d pairs, %v", len(got), err)
		}
		for i, p := range got {
			if key := p.A.ID + p.B.ID; key != want[i] || p.FalseMatchRate == nil || p.A.Name == "" || p.B.Name == "" {
				t.Errorf("of %q the pair %d is %+v, want %s at %v", who, i, p, want[i], closest[want[i]])
			}
		}
	}
}

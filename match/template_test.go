package match_test

import (
	"math"
	"testing"

	"facegate"
)

// Of several samples the centre counts as much as the nearest; one sample is what
// it was. The nearest sample is still the one that is named.
func TestTemplates(t *testing.T) {
	s := explained(t)
	plain, err := s.IdentifyEmbedding(t.Context(), at(0.25), facegate.IdentifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.Templates = true
	got, err := s.IdentifyEmbedding(t.Context(), at(0.25), facegate.IdentifyOptions{Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{}
	for _, c := range plain.Candidates {
		want[c.Person.ID] = c.Distance
	}
	// Ann's samples are at 0 and 0.0625, so 0.25 is 0.1875 from the nearest and
	// 0.21875 from their centre.
	want["ann"] = (0.1875 + 0.21875) / 2
	for i, c := range got.Candidates {
		if math.Abs(c.Distance-want[c.Person.ID]) > 1e-6 || c.Person.ID == "ann" && c.SampleID != "s2" {
			t.Errorf("%s is %v away by %s, want %v", c.Person.ID, c.Distance, c.SampleID, want[c.Person.ID])
		}
		if i > 0 && c.Distance < got.Candidates[i-1].Distance {
			t.Errorf("not in order: %+v", got.Candidates)
		}
		if x := got.Explanation.Candidates[i]; x.Distance != c.Distance || x.Person != c.Person {
			t.Errorf("%+v is explained by %+v", c, x)
		}
	}
	v, err := s.VerifyPerson(t.Context(), facegate.Photo{Data: []byte("ann")}, "ann", facegate.VerifyOptions{})
	if err != nil || math.Abs(v.Distance-(0.0625+0.09375)/2) > 1e-6 {
		t.Errorf("verified at %v, %v", v.Distance, err)
	}
	one, err := s.IdentifySample(t.Context(), "s1", facegate.IdentifyOptions{})
	if err != nil || one.Candidates[0].SampleID != "s2" || one.Candidates[0].Distance != 0.0625 {
		t.Errorf("her other sample alone: %+v, %v", one.Candidates, err)
	}
}

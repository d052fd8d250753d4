package match_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"facegate"
	"facegate/match"
)

// records are what is known of samples.
type records map[string]facegate.Sample

func (r records) Sample(_ context.Context, id string) (facegate.Sample, error) {
	if s, ok := r[id]; ok {
		return s, nil
	}
	return facegate.Sample{}, facegate.NewError(facegate.CodeSampleNotFound, "no such sample", "")
}

func (r records) Embeddings(_ context.Context, personID string) (map[string]facegate.Embedding, error) {
	places := map[string]float64{"s1": 0, "s2": 0.0625, "s3": 0.5, "s4": 0.53125, "s5": 3}
	found := map[string]facegate.Embedding{}
	for id, s := range r {
		if s.PersonID == personID && s.Recipe == "test" {
			found[id] = at(places[id])
		}
	}
	return found, nil
}

func explained(t *testing.T) *match.Service {
	s, _, _ := newService(t)
	r := records{}
	for id, person := range map[string]string{"s1": "ann", "s2": "ann", "s3": "bob", "s4": "cid", "s5": "dan"} {
		r[id] = facegate.Sample{ID: id, PersonID: person, Recipe: "test", Source: id + ".jpg", Quality: facegate.Quality{Overall: 0.75, Reasons: []string{"dark"}}}
	}
	s.Samples = r
	return s
}

func TestExplain(t *testing.T) {
	s := explained(t)
	for _, c := range []struct {
		name string
		at   float64
		o    facegate.IdentifyOptions
		want facegate.Decision
		why  []string
	}{
		{"a match", 0.125, facegate.IdentifyOptions{}, facegate.Match, []string{"N ann is 0.062 away, within the threshold of 0.500", "the next, N bob, is within it too (0.375), but 0.312 farther, at least the margin of 0.050"}},
		{"a clear match", -0.4, facegate.IdentifyOptions{}, facegate.Match, []string{"N ann is 0.400 away", "the next, N bob, is beyond it (0.900)"}},
		{"nobody near", -1, facegate.IdentifyOptions{}, facegate.Unknown, []string{"the nearest person, N ann, is 1.000 away, beyond the threshold of 0.500"}},
		{"two", 0.515625, facegate.IdentifyOptions{}, facegate.Ambiguous, []string{"N bob (0.016) and N cid (0.016) are both within", "less than the margin of 0.050"}},
		{"one listed", 0.125, facegate.IdentifyOptions{Candidates: 1}, facegate.Match, []string{"N bob, is within it too"}},
	} {
		c.o.Explain = true
		got, err := s.IdentifyEmbedding(t.Context(), at(c.at), c.o)
		if err != nil {
			t.Fatal(err)
		}
		e := got.Explanation
		if got.Decision != c.want || e == nil || len(e.Candidates) != len(got.Candidates) {
			t.Fatalf("%s: %+v", c.name, got)
		}
		for _, part := range c.why {
			if !strings.Contains(e.Why, part) {
				t.Errorf("%s: %q lacks %q", c.name, e.Why, part)
			}
		}
		if e.RunnerUp == nil || e.Lead == nil || *e.Lead < 0 {
			t.Errorf("%s: runner-up %v, lead %v", c.name, e.RunnerUp, e.Lead)
		}
		for i, x := range e.Candidates {
			g := got.Candidates[i]
			if x.Person != g.Person || x.Distance != g.Distance || x.Sample.ID != g.SampleID || x.Sample.Source != g.SampleID+".jpg" ||
				x.Sample.Quality != 0.75 || len(x.Sample.Reasons) != 1 || x.Within != (g.Distance <= got.Threshold) || x.Why == "" {
				t.Errorf("%s: candidate %+v is explained by %+v", c.name, g, x)
			}
		}
	}
	if plain, err := s.IdentifyEmbedding(t.Context(), at(0), facegate.IdentifyOptions{}); err != nil || plain.Explanation != nil {
		t.Errorf("not asked for: %+v, %v", plain.Explanation, err)
	}
	s.Gallery.Reset(nil)
	if empty, err := s.IdentifyEmbedding(t.Context(), at(0), facegate.IdentifyOptions{Explain: true}); err != nil || !strings.Contains(empty.Explanation.Why, "nobody is enrolled") {
		t.Errorf("an empty gallery: %+v, %v", empty.Explanation, err)
	}
}

func TestIdentifySample(t *testing.T) {
	s := explained(t)
	for _, c := range []struct {
		sample string
		want   facegate.Decision
		first  string
		listed int
	}{
		{"s1", facegate.Match, "s2", 4},   // by her other photo
		{"s3", facegate.Match, "s4", 3},   // bob has no other: cid is nearest
		{"s5", facegate.Unknown, "s4", 3}, // far from everybody
		{"s2", facegate.Match, "s1", 4},
	} {
		got, err := s.IdentifySample(t.Context(), c.sample, facegate.IdentifyOptions{Explain: true})
		if err != nil {
			t.Fatal(err)
		}
		if got.Decision != c.want || got.Candidates[0].SampleID != c.first || len(got.Candidates) != c.listed || got.Explanation == nil {
			t.Errorf("%s: %+v", c.sample, got)
		}
		for i, x := range got.Candidates {
			if x.SampleID == c.sample || i > 0 && x.Distance < got.Candidates[i-1].Distance {
				t.Errorf("%s: candidates %+v", c.sample, got.Candidates)
			}
		}
	}
	if _, err := s.IdentifySample(t.Context(), "none", facegate.IdentifyOptions{}); facegate.CodeOf(err) != facegate.CodeSampleNotFound {
		t.Errorf("no such sample: %v", err)
	}
	old := s.Samples.(records)["s5"]
	old.Recipe = "old"
	s.Samples.(records)["s5"] = old
	if _, err := s.IdentifySample(t.Context(), "s5", facegate.IdentifyOptions{}); facegate.CodeOf(err) != facegate.CodeInvalid {
		t.Errorf("a sample of another recipe: %v", err)
	}
}

// Every decision tells its policy, and how often a distance like its own is
// wrong; one by a threshold of the request's own says so.
func TestDecisionsTellRates(t *testing.T) {
	s := explained(t)
	s.Rules = rulesOf(4, 5, nil)
	s.Rules.Size = s.Gallery.Size
	got, err := s.IdentifyEmbedding(t.Context(), at(0.515625), facegate.IdentifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Policy != facegate.PolicyNormal || got.Threshold != 0.5 || got.Margin != facegate.DefaultMargin {
		t.Errorf("%+v", got)
	}
	for i, c := range got.Candidates {
		if c.FalseMatchRate == nil || i > 0 && *c.FalseMatchRate < *got.Candidates[i-1].FalseMatchRate {
			t.Errorf("candidate %d at %v: %v", i, c.Distance, c.FalseMatchRate)
		}
	}
	if r := got.FalsePositiveRate; r == nil || *r < *got.Candidates[0].FalseMatchRate || *r > 5.001**got.Candidates[0].FalseMatchRate {
		t.Errorf("false positive rate %v of five samples", r)
	}
	far, err := s.IdentifyEmbedding(t.Context(), at(-1), facegate.IdentifyOptions{Threshold: ptr(1.5), Explain: true})
	if err != nil || far.Policy != facegate.PolicyRequest || far.Decision != facegate.Match || far.Threshold != 1.5 || *far.FalsePositiveRate < 0.9 {
		t.Errorf("%+v, %v", far, err)
	}
	if !strings.Contains(far.Explanation.Why, "of strangers, about 99% would") && !strings.Contains(far.Explanation.Why, "about 100% would") {
		t.Errorf("%q", far.Explanation.Why)
	}
	close, err := s.IdentifyEmbedding(t.Context(), at(-0.4), facegate.IdentifyOptions{Explain: true})
	if err != nil || !regexp.MustCompile(`of strangers, about 1 in [1-9]\d0+ would`).MatchString(close.Explanation.Why) {
		t.Errorf("%q, %v", close.Explanation.Why, err)
	}
	same, err := s.IdentifyEmbedding(t.Context(), at(0), facegate.IdentifyOptions{Explain: true})
	if err != nil || !strings.Contains(same.Explanation.Why, "of strangers, fewer than 1 in 1000000000 would") {
		t.Errorf("%q, %v", same.Explanation.Why, err)
	}
	v, err := s.Verify(t.Context(), facegate.Photo{Data: []byte("ann")}, facegate.Photo{Data: []byte("between")}, facegate.VerifyOptions{})
	if err != nil || v.Policy != facegate.PolicyNormal || v.Threshold != 0.6 || v.FalseMatchRate == nil || *v.FalseMatchRate > 1e-5 {
		t.Errorf("%+v, %v", v, err)
	}
	s.Rules = nil
	if v, err := s.Verify(t.Context(), facegate.Photo{Data: []byte("ann")}, facegate.Photo{Data: []byte("far")}, facegate.VerifyOptions{Threshold: ptr(0.7)}); err != nil ||
		v.Policy != facegate.PolicyRequest || v.FalseMatchRate != nil {
		t.Errorf("without rules: %+v, %v", v, err)
	}
}

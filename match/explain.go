package match

import (
	"context"
	"fmt"
	"math"
	"slices"

	"facegate"
)

// explain says why the decision on the nearest people is what it is, and how the
// first k of them came to their places.
func (s *Service) explain(ctx context.Context, nearest []facegate.Candidate, k int, d facegate.Decision, rule *ruling) (*facegate.Explanation, error) {
	e := &facegate.Explanation{Why: reason(nearest, d, rule), Candidates: []facegate.CandidateExplanation{}}
	if len(nearest) > 1 {
		lead := round(nearest[1].Distance - nearest[0].Distance)
		e.RunnerUp, e.Lead = &nearest[1].Person, &lead
	}
	for i, c := range nearest[:min(k, len(nearest))] {
		behind := c.Distance - nearest[0].Distance
		of := facegate.CandidateExplanation{
			Person: c.Person, Distance: round(c.Distance), Within: c.Distance <= rule.identify, Behind: round(behind),
			Sample: facegate.ExplainedSample{ID: c.SampleID, Reasons: []string{}},
			Why:    placeReason(i, c, behind, rule),
		}
		if s.Samples != nil {
			sample, err := s.Samples.Sample(ctx, c.SampleID)
			switch facegate.CodeOf(err) {
			case "":
				of.Sample.Source, of.Sample.Quality, of.Sample.CreatedAt = sample.Source, sample.Quality.Overall, sample.CreatedAt
				of.Sample.Reasons = append(of.Sample.Reasons, sample.Quality.Reasons...)
			case facegate.CodeSampleNotFound: // erased since the search
			default:
				return nil, fmt.Errorf("explain a decision: %w", err)
			}
		}
		e.Candidates = append(e.Candidates, of)
	}
	return e, nil
}

// reason is the decision in words, with the numbers it rests on.
func reason(nearest []facegate.Candidate, d facegate.Decision, rule *ruling) string {
	if len(nearest) == 0 {
		return "nobody is enrolled, so there is nobody it could be"
	}
	first := nearest[0]
	rate := ""
	if r := rule.falsePositiveRate(first.Distance); r != nil {
		rate = fmt.Sprintf("; of strangers, %s would find somebody in this gallery that close", percentage(*r))
	}
	switch d {
	case facegate.Unknown:
		return fmt.Sprintf("the nearest person, %s, is %.3f away, beyond the threshold of %.3f%s", first.Person.Name, first.Distance, rule.identify, rate)
	case facegate.Ambiguous:
		return fmt.Sprintf("%s (%.3f) and %s (%.3f) are both within the threshold of %.3f, and only %.3f apart: less than the margin of %.3f",
			first.Person.Name, first.Distance, nearest[1].Person.Name, nearest[1].Distance, rule.identify,
			nearest[1].Distance-first.Distance, rule.margin)
	}
	why := fmt.Sprintf("%s is %.3f away, within the threshold of %.3f", first.Person.Name, first.Distance, rule.identify)
	switch {
	case len(nearest) == 1:
		why += ", and nobody else is enrolled"
	case nearest[1].Distance > rule.identify:
		why += fmt.Sprintf("; the next, %s, is beyond it (%.3f)", nearest[1].Person.Name, nearest[1].Distance)
	default:
		why += fmt.Sprintf("; the next, %s, is within it too (%.3f), but %.3f farther, at least the margin of %.3f",
			nearest[1].Person.Name, nearest[1].Distance, nearest[1].Distance-first.Distance, max(rule.margin, 0))
	}
	return why + rate
}

func placeReason(place int, c facegate.Candidate, behind float64, rule *ruling) string {
	where := "within the threshold"
	if c.Distance > rule.identify {
		where = fmt.Sprintf("%.3f beyond the threshold", c.Distance-rule.identify)
	}
	if place == 0 {
		return "nearest, " + where
	}
	return fmt.Sprintf("%.3f farther than the nearest, %s", behind, where)
}

// percentage of a rate, or 1 in so many where it is small, no rarer than anybody
// can tell.
func percentage(rate float64) string {
	switch {
	case rate >= 0.1:
		return fmt.Sprintf("about %.0f%%", 100*rate)
	case rate >= 0.001:
		return fmt.Sprintf("about %.2g%%", 100*rate)
	case rate > 1e-9: // to two digits: more are not known
		scale := math.Pow(10, math.Floor(math.Log10(1/rate))-1)
		return fmt.Sprintf("about 1 in %.0f", math.Round(1/rate/scale)*scale)
	}
	return "fewer than 1 in 1000000000"
}

// IdentifySample decides whom an enrolled sample would be taken for if it were
// not enrolled. Its person is judged by their other samples.
func (s *Service) IdentifySample(ctx context.Context, sampleID string, o facegate.IdentifyOptions) (facegate.Identification, error) {
	rule, k, err := s.identifyOptions(ctx, o)
	if err != nil {
		return facegate.Identification{}, err
	}
	sample, own, err := s.sample(ctx, sampleID)
	if err != nil {
		return facegate.Identification{}, err
	}
	probe := own[sampleID]
	if err := s.sync(ctx); err != nil {
		return facegate.Identification{}, err
	}
	most := max(k, 2) + 1
	if s.Templates {
		most += reach
	}
	nearest := s.Gallery.Nearest(&probe, most, -1)
	var person facegate.PersonRef
	nearest = slices.DeleteFunc(nearest, func(c facegate.Candidate) bool {
		if c.Person.ID == sample.PersonID {
			person = c.Person
		}
		return c.Person.ID == sample.PersonID
	})
	if s.Templates {
		if nearest, err = s.centred(ctx, &probe, nearest); err != nil {
			return facegate.Identification{}, err
		}
	}
	if c, ok := bestOf(own, sampleID, probe, person); ok {
		if delete(own, sampleID); s.Templates && len(own) > 1 {
			middle := centreOf(own)
			c.Distance = (c.Distance + probe.Distance(&middle)) / 2
			c.Similarity = Similarity(c.Distance)
		}
		at, _ := slices.BinarySearchFunc(nearest, c, func(a, b facegate.Candidate) int { return compareFloats(a.Distance, b.Distance) })
		nearest = slices.Insert(nearest, at, c)
	}
	answer := identification(nearest, k, rule)
	if o.Explain {
		if answer.Explanation, err = s.explain(ctx, nearest, len(answer.Candidates), answer.Decision, rule); err != nil {
			return facegate.Identification{}, err
		}
	}
	return answer, nil
}

// sample is an enrolled sample, with the embeddings of all its person's samples by
// id, its own among them.
func (s *Service) sample(ctx context.Context, id string) (facegate.Sample, map[string]facegate.Embedding, error) {
	if s.Samples == nil {
		return facegate.Sample{}, nil, facegate.NewError(facegate.CodeInvalid, "samples cannot be looked up here", "")
	}
	sample, err := s.Samples.Sample(ctx, id)
	if err != nil {
		return facegate.Sample{}, nil, fmt.Errorf("look up the sample: %w", err)
	}
	own, err := s.Samples.Embeddings(ctx, sample.PersonID)
	if err != nil {
		return facegate.Sample{}, nil, fmt.Errorf("look up the person's samples: %w", err)
	}
	if _, ok := own[id]; !ok {
		return facegate.Sample{}, nil, facegate.NewError(facegate.CodeInvalid, "the sample was made by another recipe, so it does not compare", "move the gallery to the recipe in use: facegate reembed")
	}
	return sample, own, nil
}

// bestOf is the person by the sample nearest to probe, which is not counted.
func bestOf(own map[string]facegate.Embedding, but string, probe facegate.Embedding, person facegate.PersonRef) (facegate.Candidate, bool) {
	best := facegate.Candidate{Person: person}
	for id, e := range own {
		if id == but {
			continue
		}
		if d := probe.Distance(&e); best.SampleID == "" || d < best.Distance || d == best.Distance && id < best.SampleID {
			best.SampleID, best.Distance, best.Similarity = id, d, Similarity(d)
		}
	}
	return best, best.SampleID != ""
}

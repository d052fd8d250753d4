package match

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"facegate"
)

// People is what [Service] asks about enrolled people.
type People interface {
	Person(ctx context.Context, id string) (facegate.Person, error)
}

// Service is [facegate.Recognition]: photo in, decision out. Set the fields
// before the first call and leave them; it is then safe for concurrent use.
type Service struct {
	Analyser facegate.Analyser
	Gallery  facegate.Gallery
	// Source is brought up to date with before every search; nil where the
	// gallery has no other source than this process.
	Source facegate.GallerySource
	// People tells an unknown person from one without samples; nil: the gallery
	// alone is asked, and everybody without samples is said to have none.
	People People

	// Samples are asked what is known of samples that matched; nil: no decision can
	// be explained, and no sample identified.
	Samples Samples
	// Templates judges people by the centre of their samples too (see template.go).
	// It needs Samples.
	Templates bool

	// Rules are what decisions are taken by; nil: fixed thresholds, those below,
	// and nothing is known of how often they are wrong.
	Rules             *Rules
	VerifyThreshold   float64 // distance; 0: facegate.DefaultVerifyThreshold
	IdentifyThreshold float64 // distance; 0: facegate.DefaultIdentifyThreshold
	Margin            float64 // distance; 0: facegate.DefaultMargin; negative: no decision is ambiguous
}

// Samples is what [Service] asks about enrolled samples.
type Samples interface {
	Sample(ctx context.Context, id string) (facegate.Sample, error)
	// Embeddings are those of all a person's samples of the recipe in use, by id.
	Embeddings(ctx context.Context, personID string) (map[string]facegate.Embedding, error)
}

var (
	_ facegate.Recognition       = (*Service)(nil)
	_ facegate.SampleRecognition = (*Service)(nil)
)

// Detect finds the faces of a photo.
func (s *Service) Detect(ctx context.Context, photo []byte, o facegate.AnalyseOptions) (facegate.Analysis, error) {
	if err := checkAnalyse(o); err != nil {
		return facegate.Analysis{}, err
	}
	return s.Analyser.Analyse(ctx, photo, o)
}

// Identify decides on every face of a photo. All its faces are compared with
// the gallery in the same state.
func (s *Service) Identify(ctx context.Context, photo []byte, o facegate.IdentifyOptions) (facegate.IdentifyResult, error) {
	var result facegate.IdentifyResult
	rule, k, err := s.identifyOptions(ctx, o)
	if err != nil {
		return result, err
	}
	analyse := facegate.AnalyseOptions{Embed: true, SmallFaces: o.SmallFaces, MinScore: o.MinScore, MaxFaces: o.MaxFaces}
	if err := checkAnalyse(analyse); err != nil {
		return result, err
	}
	analysis, err := s.Analyser.Analyse(ctx, photo, analyse)
	if err != nil {
		return result, err
	}
	result.Width, result.Height, result.Stages = analysis.Width, analysis.Height, analysis.Stages
	result.Faces = make([]facegate.IdentifiedFace, 0, len(analysis.Faces))
	if len(analysis.Faces) == 0 {
		return result, nil
	}
	var probes []*facegate.Embedding
	for _, f := range analysis.Faces {
		if f.Embedding != nil {
			probes = append(probes, f.Embedding)
		}
	}
	identified, err := s.search(ctx, probes, k, rule, o.Explain)
	if err != nil {
		return facegate.IdentifyResult{}, err
	}
	for _, f := range analysis.Faces {
		// A face that cannot be measured is nobody's; its quality says why.
		id := identification(nil, k, rule)
		if o.Explain {
			id.Explanation = &facegate.Explanation{Why: "the face cannot be measured, so it is nobody's", Candidates: []facegate.CandidateExplanation{}}
		}
		if f.Embedding != nil {
			id, identified = identified[0], identified[1:]
		}
		if !o.Embeddings {
			f.Embedding = nil
		}
		result.Faces = append(result.Faces, facegate.IdentifiedFace{Face: f, Identification: id})
	}
	return result, nil
}

// IdentifyEmbedding decides on a face that has been embedded before, by the
// same recipe as the gallery.
func (s *Service) IdentifyEmbedding(ctx context.Context, e facegate.Embedding, o facegate.IdentifyOptions) (facegate.Identification, error) {
	rule, k, err := s.identifyOptions(ctx, o)
	if err != nil {
		return facegate.Identification{}, err
	}
	if _, err := facegate.EmbeddingFromSlice(e[:]); err != nil {
		return facegate.Identification{}, err
	}
	identified, err := s.search(ctx, []*facegate.Embedding{&e}, k, rule, o.Explain)
	if err != nil {
		return facegate.Identification{}, err
	}
	return identified[0], nil
}

func (s *Service) identifyOptions(ctx context.Context, o facegate.IdentifyOptions) (*ruling, int, error) {
	if err := checkThreshold(o.Threshold); err != nil {
		return nil, 0, err
	}
	k, err := candidatesOf(o.Candidates)
	if err != nil {
		return nil, 0, err
	}
	rule, err := s.force(ctx)
	if err != nil {
		return nil, 0, err
	}
	if o.Threshold != nil {
		rule.policy, rule.identify = facegate.PolicyRequest, *o.Threshold
	}
	return rule, k, nil
}

// force is what decisions are taken by in this moment.
func (s *Service) force(ctx context.Context) (*ruling, error) {
	if s.Rules != nil {
		rule, err := s.Rules.force(ctx)
		if err != nil {
			return nil, fmt.Errorf("look up the thresholds: %w", err)
		}
		return rule, nil
	}
	return &ruling{policy: facegate.PolicyFixed,
		verify:   cmp.Or(s.VerifyThreshold, facegate.DefaultVerifyThreshold),
		identify: cmp.Or(s.IdentifyThreshold, facegate.DefaultIdentifyThreshold),
		margin:   cmp.Or(s.Margin, facegate.DefaultMargin)}, nil
}

func (s *Service) sync(ctx context.Context) error {
	if s.Source == nil {
		return nil
	}
	if err := s.Source.Sync(ctx); err != nil {
		return fmt.Errorf("bring the gallery up to date: %w", err)
	}
	return nil
}

// batcher is a gallery that searches for several probes in one state.
type batcher interface {
	NearestBatch(probes []*facegate.Embedding, k int, radius float64) [][]facegate.Candidate
}

// search decides on probes. The runner-up is looked for whatever its distance
// and however few candidates are listed, for the decision depends on it.
func (s *Service) search(ctx context.Context, probes []*facegate.Embedding, k int, rule *ruling, explain bool) ([]facegate.Identification, error) {
	if err := s.sync(ctx); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	most := max(k, 2)
	if s.Templates {
		most += reach
	}
	var nearest [][]facegate.Candidate
	if g, ok := s.Gallery.(batcher); ok {
		nearest = g.NearestBatch(probes, most, -1)
	} else {
		for _, p := range probes {
			nearest = append(nearest, s.Gallery.Nearest(p, most, -1))
		}
	}
	identified := make([]facegate.Identification, len(probes))
	for i, candidates := range nearest {
		if s.Templates {
			var err error
			if candidates, err = s.centred(ctx, probes[i], candidates); err != nil {
				return nil, err
			}
		}
		identified[i] = identification(candidates, k, rule)
		if explain {
			why, err := s.explain(ctx, candidates, len(identified[i].Candidates), identified[i].Decision, rule)
			if err != nil {
				return nil, err
			}
			identified[i].Explanation = why
		}
	}
	return identified, nil
}

// identification is the decision on the nearest people, k of whom are listed.
func identification(nearest []facegate.Candidate, k int, rule *ruling) facegate.Identification {
	listed := slices.Clone(nearest[:min(k, len(nearest))])
	if listed == nil {
		listed = []facegate.Candidate{}
	}
	for i, c := range listed {
		listed[i] = rounded(c)
		listed[i].FalseMatchRate = rule.falseMatchRate(c.Distance)
	}
	answer := facegate.Identification{
		Decision:  decide(nearest, rule.identify, rule.margin),
		Threshold: round(rule.identify), Margin: max(rule.margin, 0), Policy: rule.policy, Candidates: listed,
	}
	if len(nearest) > 0 {
		answer.FalsePositiveRate = rule.falsePositiveRate(nearest[0].Distance)
	}
	return answer
}

package match

import (
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

	VerifyThreshold   float64 // distance; 0: facegate.DefaultVerifyThreshold
	IdentifyThreshold float64 // distance; 0: facegate.DefaultIdentifyThreshold
	Margin            float64 // distance; 0: facegate.DefaultMargin; negative: no decision is ambiguous
}

var _ facegate.Recognition = (*Service)(nil)

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
	threshold, k, err := s.identifyOptions(o)
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
	result.Width, result.Height = analysis.Width, analysis.Height
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
	identified, err := s.search(ctx, probes, k, threshold)
	if err != nil {
		return facegate.IdentifyResult{}, err
	}
	for _, f := range analysis.Faces {
		// A face that cannot be measured is nobody's; its quality says why.
		id := facegate.Identification{Decision: facegate.Unknown, Threshold: threshold, Margin: max(s.margin(), 0), Candidates: []facegate.Candidate{}}
		if f.Embedding != nil {
			id, identified = identified[0], identified[1:]
		}
		result.Faces = append(result.Faces, facegate.IdentifiedFace{Face: f, Identification: id})
	}
	return result, nil
}

// IdentifyEmbedding decides on a face that has been embedded before, by the
// same recipe as the gallery.
func (s *Service) IdentifyEmbedding(ctx context.Context, e facegate.Embedding, o facegate.IdentifyOptions) (facegate.Identification, error) {
	threshold, k, err := s.identifyOptions(o)
	if err != nil {
		return facegate.Identification{}, err
	}
	if _, err := facegate.EmbeddingFromSlice(e[:]); err != nil {
		return facegate.Identification{}, err
	}
	identified, err := s.search(ctx, []*facegate.Embedding{&e}, k, threshold)
	if err != nil {
		return facegate.Identification{}, err
	}
	return identified[0], nil
}

func (s *Service) identifyOptions(o facegate.IdentifyOptions) (threshold float64, k int, err error) {
	if threshold, err = thresholdOf(o.Threshold, s.IdentifyThreshold, facegate.DefaultIdentifyThreshold); err != nil {
		return 0, 0, err
	}
	k, err = candidatesOf(o.Candidates)
	return threshold, k, err
}

func (s *Service) margin() float64 {
	if s.Margin == 0 {
		return facegate.DefaultMargin
	}
	return s.Margin
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
func (s *Service) search(ctx context.Context, probes []*facegate.Embedding, k int, threshold float64) ([]facegate.Identification, error) {
	if err := s.sync(ctx); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var nearest [][]facegate.Candidate
	if g, ok := s.Gallery.(batcher); ok {
		nearest = g.NearestBatch(probes, max(k, 2), -1)
	} else {
		for _, p := range probes {
			nearest = append(nearest, s.Gallery.Nearest(p, max(k, 2), -1))
		}
	}
	margin := s.margin()
	identified := make([]facegate.Identification, len(probes))
	for i, candidates := range nearest {
		decision := decide(candidates, threshold, margin)
		listed := slices.Clone(candidates[:min(k, len(candidates))])
		if listed == nil {
			listed = []facegate.Candidate{}
		}
		for j := range listed {
			listed[j] = rounded(listed[j])
		}
		identified[i] = facegate.Identification{Decision: decision, Threshold: threshold, Margin: max(margin, 0), Candidates: listed}
	}
	return identified, nil
}

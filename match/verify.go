package match

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"facegate"
)

// Verify decides whether two photos show the same person. Each must show
// exactly one face, unless the largest will do. Where both photos are at fault
// the first is reported.
func (s *Service) Verify(ctx context.Context, a, b facegate.Photo, o facegate.VerifyOptions) (facegate.Verification, error) {
	rule, err := s.verifyRule(ctx, o)
	if err != nil {
		return facegate.Verification{}, err
	}
	photos := [2]facegate.Photo{named(a, "photo_a"), named(b, "photo_b")}
	var faces [2]facegate.Face
	var errs [2]error
	var wg sync.WaitGroup
	for i := range photos {
		wg.Go(func() { faces[i], errs[i] = s.oneFace(ctx, photos[i], o.Largest) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return facegate.Verification{}, err
		}
	}
	distance := faces[0].Embedding.Distance(faces[1].Embedding)
	v := verification(distance, rule)
	v.FaceA, v.FaceB = &faces[0], &faces[1]
	return v, nil
}

// VerifyPerson decides whether a photo shows an enrolled person, by the sample
// of theirs that is closest.
func (s *Service) VerifyPerson(ctx context.Context, photo facegate.Photo, personID string, o facegate.VerifyOptions) (facegate.Verification, error) {
	rule, err := s.verifyRule(ctx, o)
	if err != nil {
		return facegate.Verification{}, err
	}
	if s.People != nil { // before the photo, which is the dearer part
		if _, err := s.People.Person(ctx, personID); err != nil {
			return facegate.Verification{}, fmt.Errorf("look up the person: %w", err)
		}
	}
	face, err := s.oneFace(ctx, named(photo, "photo"), o.Largest)
	if err != nil {
		return facegate.Verification{}, err
	}
	if err := s.sync(ctx); err != nil {
		return facegate.Verification{}, err
	}
	best, ok := s.Gallery.NearestOf(face.Embedding, personID)
	if !ok {
		return facegate.Verification{}, facegate.NewError(facegate.CodeNoSamples,
			"the person has no samples to verify against", "enrol a photo of the person first")
	}
	if s.Templates {
		if err := s.centre(ctx, face.Embedding, &best); err != nil {
			return facegate.Verification{}, err
		}
	}
	v := verification(best.Distance, rule)
	v.Person, v.SampleID, v.FaceA = &best.Person, best.SampleID, &face
	return v, nil
}

func (s *Service) verifyRule(ctx context.Context, o facegate.VerifyOptions) (*ruling, error) {
	if err := checkThreshold(o.Threshold); err != nil {
		return nil, err
	}
	rule, err := s.force(ctx)
	if err == nil && o.Threshold != nil {
		rule.policy, rule.verify = facegate.PolicyRequest, *o.Threshold
	}
	return rule, err
}

func verification(distance float64, rule *ruling) facegate.Verification {
	return facegate.Verification{
		Decision:   verdict(distance, rule.verify),
		Distance:   round(distance),
		Similarity: round(Similarity(distance)),
		Threshold:  round(rule.verify),
		Policy:     rule.policy,

		FalseMatchRate: rule.falseMatchRate(distance),
	}
}

func named(p facegate.Photo, fallback string) facegate.Photo {
	if p.Name == "" {
		p.Name = fallback
	}
	return p
}

// oneFace is the face of a photo that must show one. Errors about the photo say
// which one is meant.
func (s *Service) oneFace(ctx context.Context, photo facegate.Photo, largest bool) (facegate.Face, error) {
	most := 2 // enough to see that there are several, without embedding a crowd
	if largest {
		most = 1
	}
	analysis, err := s.oneFaced(ctx, photo, most)
	if err != nil {
		return facegate.Face{}, err
	}
	return analysis.Faces[0], nil
}

// oneFaced analyses a photo that must show one face, among its largest so many.
func (s *Service) oneFaced(ctx context.Context, photo facegate.Photo, most int) (facegate.Analysis, error) {
	analysis, err := s.faced(ctx, photo, most)
	switch {
	case err != nil:
		return facegate.Analysis{}, err
	case len(analysis.Faces) > 1:
		return facegate.Analysis{}, facegate.NewError(facegate.CodeSeveralFaces,
			fmt.Sprintf("%s shows more than one face", photo.Name), "send a photo of one person, or ask for the largest face")
	case analysis.Faces[0].Embedding == nil:
		return facegate.Analysis{}, facegate.NewError(facegate.CodeLowQuality,
			fmt.Sprintf("the face in %s cannot be measured: %s", photo.Name, strings.Join(analysis.Faces[0].Quality.Reasons, "; ")),
			"send a photo in which the face is larger, sharper or less covered")
	}
	return analysis, nil
}

// faced embeds the faces of a photo, the largest so many, that must show one at
// least.
func (s *Service) faced(ctx context.Context, photo facegate.Photo, most int) (facegate.Analysis, error) {
	o := facegate.AnalyseOptions{Embed: true, MinScore: photo.MinScore, MaxFaces: most}
	if err := checkAnalyse(o); err != nil {
		return facegate.Analysis{}, err
	}
	analysis, err := s.Analyser.Analyse(ctx, photo.Data, o)
	if err != nil {
		return facegate.Analysis{}, blame(photo.Name, err)
	}
	if len(analysis.Faces) == 0 {
		return facegate.Analysis{}, facegate.NewError(facegate.CodeNoFace,
			fmt.Sprintf("%s shows no face", photo.Name), "send a photo in which the face is larger, sharper or less covered")
	}
	return analysis, nil
}

// blame names the photo in errors that are the photo's fault.
func blame(photo string, err error) error {
	var e *facegate.Error
	faults := []facegate.Code{facegate.CodeEmpty, facegate.CodeNotAnImage, facegate.CodeUnsupportedFormat,
		facegate.CodeTooLarge, facegate.CodeTruncated}
	if errors.As(err, &e) && slices.Contains(faults, e.Code) {
		return &facegate.Error{Code: e.Code, Detail: photo + ": " + e.Detail, Next: e.Next, Err: e.Err}
	}
	return err
}

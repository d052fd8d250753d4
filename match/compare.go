package match

import (
	"context"
	"fmt"
	"sync"

	"facegate"
)

// CompareFaces verifies every face of a photo against one reference, as
// [facegate.Recognition] says. Where both photos are at fault the reference's is
// reported.
func (s *Service) CompareFaces(ctx context.Context, r facegate.Reference, photo facegate.Photo, o facegate.CompareOptions) (facegate.Comparison, error) {
	rule, err := s.verifyRule(ctx, facegate.VerifyOptions{})
	if err != nil {
		return facegate.Comparison{}, err
	}
	var ref reference
	var photoErr error
	var c facegate.Comparison
	var wg sync.WaitGroup
	if r.Photo != nil {
		wg.Go(func() { ref, err = s.reference(ctx, r, o.MaxFaces) })
	} else if ref, err = s.reference(ctx, r, 0); err != nil { // before the photo, which is the dearer part
		return facegate.Comparison{}, err
	}
	wg.Go(func() { c.Photo, photoErr = s.faced(ctx, named(photo, "photo"), o.MaxFaces) })
	wg.Wait()
	if err == nil {
		err = photoErr
	}
	if err != nil {
		return facegate.Comparison{}, err
	}
	c.Person, c.Reference = ref.person, ref.photo
	for _, f := range c.Photo.Faces {
		var v *facegate.Verification
		if f.Embedding != nil {
			v = ref.verify(f.Embedding, rule)
		}
		c.Verifications = append(c.Verifications, v)
	}
	if !o.Embeddings {
		forget(&c.Photo)
		forget(c.Reference)
	}
	return c, nil
}

func forget(a *facegate.Analysis) {
	if a == nil {
		return
	}
	for i := range a.Faces {
		a.Faces[i].Embedding = nil
	}
}

// CompareEmbeddings verifies embeddings against one reference, in their order.
func (s *Service) CompareEmbeddings(ctx context.Context, r facegate.Reference, probes []facegate.Embedding) ([]facegate.Verification, error) {
	rule, err := s.verifyRule(ctx, facegate.VerifyOptions{})
	if err != nil {
		return nil, err
	}
	ref, err := s.reference(ctx, r, 0)
	if err != nil {
		return nil, err
	}
	all := make([]facegate.Verification, len(probes))
	for i := range probes {
		if _, err := facegate.EmbeddingFromSlice(probes[i][:]); err != nil {
			return nil, err
		}
		all[i] = *ref.verify(&probes[i], rule)
	}
	return all, ctx.Err()
}

// A reference is what a [facegate.Reference] stands for.
type reference struct {
	embedding facegate.Embedding
	sampleID  string
	person    facegate.PersonRef
	photo     *facegate.Analysis
}

func (r *reference) verify(e *facegate.Embedding, rule *ruling) *facegate.Verification {
	v := verification(r.embedding.Distance(e), rule)
	if r.sampleID != "" {
		v.SampleID, v.Person = r.sampleID, &r.person
	}
	return &v
}

// reference finds what r stands for. Of a photo the largest faces count, so many;
// 0: all.
func (s *Service) reference(ctx context.Context, r facegate.Reference, most int) (reference, error) {
	switch {
	case r.SampleID != "":
		sample, own, err := s.sample(ctx, r.SampleID)
		if err != nil {
			return reference{}, err
		}
		person := facegate.PersonRef{ID: sample.PersonID}
		if s.People != nil {
			p, err := s.People.Person(ctx, sample.PersonID)
			if err != nil {
				return reference{}, fmt.Errorf("look up the person: %w", err)
			}
			person = p.Ref()
		}
		return reference{embedding: own[r.SampleID], sampleID: r.SampleID, person: person}, nil
	case r.Photo != nil:
		if most != 1 {
			most = 2 // enough to see that there are several
		}
		a, err := s.oneFaced(ctx, named(*r.Photo, "the reference"), most)
		if err != nil {
			return reference{}, err
		}
		return reference{embedding: *a.Faces[0].Embedding, photo: &a}, nil
	case r.Embedding != nil:
		e, err := facegate.EmbeddingFromSlice(r.Embedding[:])
		return reference{embedding: e}, err
	}
	return reference{}, facegate.NewError(facegate.CodeInvalid, "there is nothing to compare with", "name a sample, or send a photo or an embedding")
}

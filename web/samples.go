package web

import (
	"context"
	"errors"
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// listSamples answers GET /v1/people/{id}/samples.
func (s *Server) listSamples(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	samples, err := s.People.Samples(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, map[string]any{"samples": wholeSamples(samples)})
}

// addSamples answers POST /v1/people/{id}/samples: 201 when a sample was added,
// 200 when every photo was there already.
func (s *Server) addSamples(c *gin.Context) error {
	u, err := s.readUpload(c, form{photos: map[string]int{"photo": s.MaxPhotos}, batch: true})
	if err != nil {
		return err
	}
	if len(u.refused) == 0 {
		if _, err := u.photo("photo"); err != nil {
			return err
		}
	}
	ctx, cancel := s.working(c)
	defer cancel()
	e, err := enrol(c, u, func(photos []facegate.Photo) (facegate.Enrolment, error) {
		return s.People.AddSamples(ctx, c.Param("id"), photos)
	})
	if err != nil {
		return err
	}
	status := http.StatusCreated
	if len(e.Samples) == 0 {
		status = http.StatusOK
	}
	return answer(c, status, wholeEnrolment(e))
}

// deleteSample answers DELETE /v1/people/{id}/samples/{sample_id}.
func (s *Server) deleteSample(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.People.DeleteSample(ctx, c.Param("id"), c.Param("sample_id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// thumbnail answers GET /v1/people/{id}/samples/{sample_id}/thumbnail.
func (s *Server) thumbnail(c *gin.Context) error {
	return s.samplePicture(c, func(ctx context.Context, id string) ([]byte, string, error) {
		jpeg, err := s.People.Thumbnail(ctx, id)
		return jpeg, "image/jpeg", err
	})
}

// photo answers GET /v1/people/{id}/samples/{sample_id}/photo.
func (s *Server) photo(c *gin.Context) error { return s.samplePicture(c, s.People.Photo) }

// samplePicture answers with what read gives of the sample in the address, which
// has to be the person's.
func (s *Server) samplePicture(c *gin.Context, read func(ctx context.Context, sampleID string) ([]byte, string, error)) error {
	ctx, cancel := s.working(c)
	defer cancel()
	sample, err := s.People.Sample(ctx, c.Param("sample_id"))
	if err != nil {
		return err
	}
	if sample.PersonID != c.Param("id") {
		return facegate.NewError(facegate.CodeSampleNotFound, "the person has no such sample", "list the person's samples")
	}
	data, mediaType, err := read(ctx, sample.ID)
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, mediaType, data)
	return nil
}

// enrol hands the photos of u to store, and adds to its verdicts the photos that
// were too large to be read at all.
func enrol(c *gin.Context, u *upload, store func([]facegate.Photo) (facegate.Enrolment, error)) (facegate.Enrolment, error) {
	photos := u.photos["photo"]
	countFaces(c, len(photos))
	if len(u.refused) == 0 {
		return store(photos)
	}
	noneUsable := &facegate.Error{Code: facegate.CodeNoUsablePhoto, Detail: "no photo could be used",
		Next: "send smaller photos", Refused: u.refused}
	if len(photos) == 0 {
		return facegate.Enrolment{}, noneUsable
	}
	e, err := store(photos)
	var refused *facegate.Error
	switch {
	case errors.As(err, &refused) && refused.Code == facegate.CodeNoUsablePhoto:
		all := *refused
		all.Refused = append(append([]facegate.Refusal{}, u.refused...), refused.Refused...)
		return e, &all
	case err != nil:
		return e, err
	case len(e.Samples) == 0:
		return e, noneUsable
	}
	e.Refused = append(append([]facegate.Refusal{}, u.refused...), e.Refused...)
	return e, nil
}

package web

import (
	"context"
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// listUnknowns answers GET /v1/unknowns.
func (s *Server) listUnknowns(c *gin.Context) error {
	q, err := queryParams(c.Request.URL, "limit", "after")
	if err != nil {
		return err
	}
	limit := q.count("limit", 1, 500)
	after, _ := q.text("after")
	if q.err != nil {
		return q.err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	page, err := s.Unknowns.List(ctx, limit, after)
	if err != nil {
		return err
	}
	page.Unknowns = whole(page.Unknowns)
	for i := range page.Unknowns {
		page.Unknowns[i].Cameras = whole(page.Unknowns[i].Cameras)
	}
	return answer(c, http.StatusOK, page)
}

// answerStranger answers with what find finds.
func (s *Server) answerStranger(c *gin.Context, status int, find func(context.Context) (facegate.Stranger, error)) error {
	ctx, cancel := s.working(c)
	defer cancel()
	stranger, err := find(ctx)
	if err != nil {
		return err
	}
	stranger.Cameras = whole(stranger.Cameras)
	return answer(c, status, stranger)
}

// unknown answers GET /v1/unknowns/{id}.
func (s *Server) unknown(c *gin.Context) error {
	return s.answerStranger(c, http.StatusOK, func(ctx context.Context) (facegate.Stranger, error) {
		return s.Unknowns.Stranger(ctx, c.Param("id"))
	})
}

// deleteUnknown answers DELETE /v1/unknowns/{id}.
func (s *Server) deleteUnknown(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.Unknowns.Delete(ctx, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// unknownCrop answers GET /v1/unknowns/{id}/crop.
func (s *Server) unknownCrop(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	jpeg, err := s.Unknowns.Crop(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "image/jpeg", jpeg)
	return nil
}

// namingBody is who a stranger is: the id of a person, or what is known of a new
// one.
type namingBody struct {
	PersonID string `json:"person_id"`
	personBody
}

// nameUnknown answers POST /v1/unknowns/{id}/name.
func (s *Server) nameUnknown(c *gin.Context) error {
	var body namingBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	person, err := body.person()
	if err != nil {
		return err
	}
	naming := facegate.Naming{PersonID: body.PersonID, New: person}
	switch {
	case naming.PersonID != "" && body.Name.given:
		return invalid("give the person_id of somebody enrolled, or the name of a new person", "both person_id and name are given")
	case naming.PersonID == "" && !body.Name.given:
		return invalid("give the person_id of somebody enrolled, or the name of a new person", "neither person_id nor name is given")
	}
	ctx, cancel := s.working(c)
	defer cancel()
	e, err := s.Unknowns.Name(ctx, c.Param("id"), naming)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if naming.PersonID == "" {
		status = http.StatusCreated
		c.Header("Location", "/v1/people/"+e.ID)
	}
	return answer(c, status, wholeEnrolment(e))
}

// mergeUnknowns answers POST /v1/unknowns/{id}/merge.
func (s *Server) mergeUnknowns(c *gin.Context) error {
	var body struct {
		Others []string `json:"others"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	return s.answerStranger(c, http.StatusOK, func(ctx context.Context) (facegate.Stranger, error) {
		return s.Unknowns.Merge(ctx, c.Param("id"), body.Others)
	})
}

// splitUnknown answers POST /v1/unknowns/{id}/split.
func (s *Server) splitUnknown(c *gin.Context) error {
	var body struct {
		Sightings []string `json:"sightings"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	return s.answerStranger(c, http.StatusCreated, func(ctx context.Context) (facegate.Stranger, error) {
		return s.Unknowns.Split(ctx, c.Param("id"), body.Sightings)
	})
}

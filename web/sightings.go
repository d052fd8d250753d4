package web

import (
	"net/http"
	"slices"

	"facegate"

	"github.com/gin-gonic/gin"
)

// sightingDecisions are those a sighting can have.
var sightingDecisions = [...]facegate.Decision{facegate.Match, facegate.Unknown, facegate.Ambiguous, facegate.Spoof}

// listSightings answers GET /v1/sightings.
func (s *Server) listSightings(c *gin.Context) error {
	q, err := queryParams(c.Request.URL, "camera", "person", "unknown", "decision", "open", "since", "until", "limit", "after")
	if err != nil {
		return err
	}
	var f facegate.SightingFilter
	f.Camera, _ = q.text("camera")
	f.Person, _ = q.text("person")
	f.UnknownID, _ = q.text("unknown")
	for _, d := range q.list("decision") {
		if !slices.Contains(sightingDecisions[:], facegate.Decision(d)) {
			q.fail("give match, unknown, ambiguous or spoof", "decision: %s is none", shown(d))
		}
		f.Decisions = append(f.Decisions, facegate.Decision(d))
	}
	f.Open = q.flag("open")
	f.Since, f.Until = q.moment("since"), q.moment("until")
	f.Limit = q.count("limit", 1, 500)
	f.After, _ = q.text("after")
	if q.err != nil {
		return q.err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	page, err := s.Sightings.List(ctx, f)
	if err != nil {
		return err
	}
	page.Sightings = whole(page.Sightings)
	return answer(c, http.StatusOK, page)
}

// sighting answers GET /v1/sightings/{id}.
func (s *Server) sighting(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	r, err := s.Sightings.Sighting(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, r)
}

// deleteSighting answers DELETE /v1/sightings/{id}.
func (s *Server) deleteSighting(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.Sightings.Delete(ctx, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// sightingPhoto answers GET /v1/sightings/{id}/photo.
func (s *Server) sightingPhoto(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	jpeg, err := s.Sightings.Photo(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "image/jpeg", jpeg)
	return nil
}

// sightingCrop answers GET /v1/sightings/{id}/crop.
func (s *Server) sightingCrop(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	jpeg, err := s.Sightings.Crop(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "image/jpeg", jpeg)
	return nil
}

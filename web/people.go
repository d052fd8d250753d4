package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// personFields are the text fields of an enrolment sent as a form.
func personFields() []string {
	return []string{"name", "external_id", "tags", "notes", "consent_basis", "consent_at", "expires_at"}
}

// maxPeople is the size of the largest page of people.
const maxPeople = 500

// createPerson answers POST /v1/people.
func (s *Server) createPerson(c *gin.Context) error {
	person, u, err := s.readPerson(c)
	if err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	e, err := enrol(c, u, func(photos []facegate.Photo) (facegate.Enrolment, error) {
		return s.People.Create(ctx, person, photos)
	})
	if err != nil {
		return err
	}
	c.Header("Location", "/v1/people/"+e.ID)
	return answer(c, http.StatusCreated, wholeEnrolment(e))
}

// readPerson reads an enrolment as JSON, which has no photos, or as a form.
func (s *Server) readPerson(c *gin.Context) (facegate.NewPerson, *upload, error) {
	if contentType(c.Request) == mediaJSON {
		var body personBody
		if err := readJSON(c, &body); err != nil {
			return facegate.NewPerson{}, nil, err
		}
		p, err := body.person()
		return p, &upload{}, err
	}
	u, err := s.readUpload(c, form{photos: map[string]int{"photo": s.MaxPhotos}, texts: personFields(), batch: true})
	if err != nil {
		return facegate.NewPerson{}, nil, err
	}
	var p facegate.NewPerson
	p.Name, _ = u.text("name")
	p.ExternalID, _ = u.text("external_id")
	p.Tags = u.list("tags")
	p.Notes, _ = u.text("notes")
	p.Consent.Basis, _ = u.text("consent_basis")
	p.Consent.At = u.moment("consent_at")
	p.ExpiresAt = u.moment("expires_at")
	return p, u, u.err
}

// listPeople answers GET /v1/people.
func (s *Server) listPeople(c *gin.Context) error {
	q, err := queryParams(c.Request.URL, "query", "tag", "limit", "after")
	if err != nil {
		return err
	}
	var f facegate.PeopleFilter
	f.Query, _ = q.text("query")
	f.Tag, _ = q.text("tag")
	f.Limit = q.count("limit", 1, maxPeople)
	f.After, _ = q.text("after")
	if q.err != nil {
		return q.err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	page, err := s.People.List(ctx, f)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholePage(page))
}

// person answers GET /v1/people/{id}.
func (s *Server) person(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	p, err := s.People.Person(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholePerson(p))
}

// updatePerson answers PATCH /v1/people/{id}.
func (s *Server) updatePerson(c *gin.Context) error {
	var body personBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	update, err := body.update()
	if err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	p, err := s.People.Update(ctx, c.Param("id"), update)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholePerson(p))
}

// deletePerson answers DELETE /v1/people/{id}.
func (s *Server) deletePerson(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.People.Delete(ctx, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// mergePeople answers POST /v1/people/{id}/merge.
func (s *Server) mergePeople(c *gin.Context) error {
	var body struct {
		Others []string `json:"others"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	p, err := s.People.Merge(ctx, c.Param("id"), body.Others)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholePerson(p))
}

// portrait answers GET /v1/people/{id}/portrait.
func (s *Server) portrait(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	jpeg, err := s.People.Portrait(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "image/jpeg", jpeg)
	return nil
}

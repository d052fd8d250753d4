package web

import (
	"context"
	"fmt"
	"slices"

	"facegate"

	"github.com/gin-gonic/gin"
)

// enrolNamed adds photos to the person of a name, and enrols them where nobody
// has it: other systems know people by their name alone, and do not part the two.
func (s *Server) enrolNamed(c *gin.Context, name string, photos []facegate.Photo) (facegate.Enrolment, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	countFaces(c, len(photos))
	for {
		e, err := s.enrolOnce(ctx, name, photos)
		// Somebody was quicker, to enrol or to erase: then it is the other case now.
		switch facegate.CodeOf(err) {
		case facegate.CodeNameTaken, facegate.CodePersonNotFound:
			if ctx.Err() == nil {
				continue
			}
		}
		return e, err
	}
}

func (s *Server) enrolOnce(ctx context.Context, name string, photos []facegate.Photo) (facegate.Enrolment, error) {
	p, err := s.People.PersonByName(ctx, name)
	switch facegate.CodeOf(err) {
	case "":
		return s.People.AddSamples(ctx, p.ID, photos)
	case facegate.CodePersonNotFound:
		return s.People.Create(ctx, facegate.NewPerson{Name: name}, photos)
	}
	return facegate.Enrolment{}, fmt.Errorf("look for the person: %w", err)
}

// refusal is why no photo could be enrolled: the first refusal that is not for
// want of a face, or that. It is false where the problem is another one.
func (p Problem) refusal() (facegate.Refusal, bool) {
	if len(p.Refused) == 0 {
		return facegate.Refusal{}, false
	}
	i := slices.IndexFunc(p.Refused, func(r facegate.Refusal) bool { return r.Code != facegate.CodeNoFace })
	return p.Refused[max(i, 0)], true
}

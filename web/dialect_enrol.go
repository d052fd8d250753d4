package web

import (
	"context"
	"slices"

	"facegate"

	"github.com/gin-gonic/gin"
)

// A findPerson is the person whom a dialect means by a name.
type findPerson func(ctx context.Context, name string) (facegate.Person, error)

// enrolNamed adds photos to the person whom find finds, who is made where there is
// none: other systems know people by their name alone, and do not part the two.
func (s *Server) enrolNamed(c *gin.Context, find findPerson, name string, photos []facegate.Photo) (e facegate.Enrolment, err error) {
	ctx, cancel := s.working(c)
	defer cancel()
	countFaces(c, len(photos))
	for range 3 { // others may make or erase the person between two steps
		var p facegate.Person
		switch p, err = find(ctx, name); facegate.CodeOf(err) {
		case "":
			e, err = s.People.AddSamples(ctx, p.ID, photos)
		case facegate.CodePersonNotFound:
			e, err = s.People.Create(ctx, facegate.NewPerson{Name: name}, photos)
		}
		if code := facegate.CodeOf(err); code != facegate.CodeNameTaken && code != facegate.CodePersonNotFound {
			return e, err
		}
	}
	return e, err
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

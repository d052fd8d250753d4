package web

import (
	"context"
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// verify answers POST /v1/verify: two photos, or a photo and a person.
func (s *Server) verify(c *gin.Context) error {
	u, err := s.readUpload(c, form{
		photos:  map[string]int{"photo": 1, "photo_a": 1, "photo_b": 1},
		options: []string{"person", "threshold", "face"},
	})
	if err != nil {
		return err
	}
	o := facegate.VerifyOptions{Threshold: u.number("threshold", 0, maxDistance), Largest: u.largest("face")}
	person, toPerson := u.text("person")
	if u.err != nil {
		return u.err
	}
	var check func(ctx context.Context) (facegate.Verification, error)
	pair := len(u.photos["photo_a"]) + len(u.photos["photo_b"])
	switch {
	case (toPerson || len(u.photos["photo"]) > 0) && pair > 0:
		return invalid("send photo_a and photo_b, or photo and person", "photo and person do not go with photo_a and photo_b")
	case toPerson || len(u.photos["photo"]) > 0:
		photo, err := u.photo("photo")
		if err != nil {
			return err
		}
		if !toPerson {
			return invalid("send the person's id or name in the field person", "the person is missing")
		}
		check = func(ctx context.Context) (facegate.Verification, error) {
			return s.verifyPerson(ctx, photo, person, o)
		}
	default:
		a, err := u.photo("photo_a")
		if err != nil {
			return err
		}
		b, err := u.photo("photo_b")
		if err != nil {
			return err
		}
		check = func(ctx context.Context) (facegate.Verification, error) {
			return s.Recognition.Verify(ctx, a, b, o)
		}
	}
	v, err := s.verifyFaces(c, check)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeVerification(v))
}

func (s *Server) verifyPerson(ctx context.Context, photo facegate.Photo, person string, o facegate.VerifyOptions) (facegate.Verification, error) {
	p, err := s.personNamed(ctx, person)
	if err != nil {
		return facegate.Verification{}, err
	}
	return s.Recognition.VerifyPerson(ctx, photo, p.ID, o)
}

// personNamed is the person with that id, or of that name where nobody has that id.
func (s *Server) personNamed(ctx context.Context, person string) (facegate.Person, error) {
	p, err := s.People.Person(ctx, person)
	if facegate.CodeOf(err) == facegate.CodePersonNotFound {
		p, err = s.People.PersonByName(ctx, person)
	}
	return p, err
}

// largest tells whether several faces in a photo are to be answered by taking
// the largest.
func (p *params) largest(name string) bool {
	v, ok := p.text(name)
	if ok && v != "largest" {
		p.fail("give largest, or leave it out to have photos with several faces refused", "%s can only be largest", name)
	}
	return v == "largest"
}

package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// A comprefaceExample is a sample as CompreFace tells it.
type comprefaceExample struct {
	ImageID string `json:"image_id"`
	Subject string `json:"subject"`
}

func examplesOf(samples []facegate.SampleRef) []comprefaceExample {
	all := make([]comprefaceExample, len(samples))
	for i, s := range samples {
		all[i] = comprefaceExample{s.ID, s.Person.Name}
	}
	return all
}

func noSuchImage(id string) error {
	return facegate.NewError(facegate.CodeSampleNotFound, "Image "+shown(id)+" not found", "")
}

// comprefaceAddFace answers POST /recognition/faces. A photo that the subject has
// already is answered with the sample that is there.
func (s *Server) comprefaceAddFace(c *gin.Context) error {
	p := comprefaceParams(c)
	name, given := p.text("subject")
	o, err := p.comprefaceOptions(c)
	switch {
	case err != nil:
		return err
	case !given && p.values.Has("subject"):
		return comprefaceRefusal(c, 26, "Subject name is empty")
	case !given:
		return comprefaceRefusal(c, 33, "Required parameter subject is missing")
	}
	photos, err := s.comprefacePhotos(c, "file")
	if err != nil {
		return err
	}
	photos[0].MinScore = o.score
	e, err := s.enrolNamed(c, s.subject, name, photos)
	if err != nil {
		return err
	}
	added := comprefaceExample{Subject: e.Name}
	if len(e.Samples) > 0 {
		added.ImageID = e.Samples[0].ID
	} else {
		added.ImageID = e.Skipped[0].SampleID
	}
	return answer(c, http.StatusCreated, added)
}

// comprefaceFaces answers GET /recognition/faces.
func (s *Server) comprefaceFaces(c *gin.Context) error {
	p := comprefaceParams(c)
	name, named := p.text("subject")
	page, size := p.whole("page"), p.whole("size")
	if p.err != nil {
		return p.err
	}
	number, f := 0, facegate.SampleFilter{Limit: 20}
	if page != nil {
		number = max(*page, 0)
	}
	if size != nil && *size > 0 {
		f.Limit = min(*size, 1000)
	}
	f.Offset = number * f.Limit
	ctx, cancel := s.working(c)
	defer cancel()
	var found facegate.SamplePage
	var err error
	if named {
		var who facegate.Person
		who, err = s.subject(ctx, name)
		f.PersonID = who.ID
	}
	switch facegate.CodeOf(err) {
	case "":
		if found, err = s.People.ListSamples(ctx, f); err != nil {
			return err
		}
	case facegate.CodePersonNotFound: // nobody has no faces
	default:
		return err
	}
	return answer(c, http.StatusOK, struct {
		Faces    []comprefaceExample `json:"faces"`
		Number   int                 `json:"page_number"`
		Size     int                 `json:"page_size"`
		Pages    int                 `json:"total_pages"`
		Elements int                 `json:"total_elements"`
	}{examplesOf(found.Samples), number, f.Limit, (found.Total + f.Limit - 1) / f.Limit, found.Total})
}

// comprefaceClearFaces answers DELETE /recognition/faces: all of a subject, or of
// everybody. Subjects stay.
func (s *Server) comprefaceClearFaces(c *gin.Context) error {
	p := comprefaceParams(c)
	name, named := p.text("subject")
	if p.err != nil {
		return p.err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	var who facegate.Person
	deleted, err := 0, error(nil)
	if named {
		who, err = s.subject(ctx, name)
	}
	if err == nil {
		deleted, err = s.People.ClearSamples(ctx, who.ID)
	}
	if err != nil && facegate.CodeOf(err) != facegate.CodePersonNotFound { // nobody has none
		return err
	}
	return answer(c, http.StatusOK, map[string]int{"deleted": deleted})
}

// comprefaceDeleteFace answers DELETE /recognition/faces/{image_id}.
func (s *Server) comprefaceDeleteFace(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	deleted, err := s.People.DeleteSamples(ctx, []string{c.Param("id")})
	if err != nil {
		return err
	}
	if len(deleted) == 0 {
		return noSuchImage(c.Param("id"))
	}
	return answer(c, http.StatusOK, examplesOf(deleted)[0])
}

// comprefaceDeleteFaces answers POST /recognition/faces/delete. Ids that are not
// there are ignored.
func (s *Server) comprefaceDeleteFaces(c *gin.Context) error {
	var ids []string
	if err := readLooseJSON(c, &ids, maxJSONBytes); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	deleted, err := s.People.DeleteSamples(ctx, ids)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, examplesOf(deleted))
}

// comprefacePicture answers GET /recognition/faces/{image_id}/img.
func (s *Server) comprefacePicture(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	data, mediaType, err := s.People.Photo(ctx, c.Param("id"))
	if facegate.CodeOf(err) == facegate.CodeSampleNotFound {
		c.Set(keyComprefaceCode, 11)
		return noSuchImage(c.Param("id"))
	}
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, mediaType, data)
	return nil
}

// comprefaceSharedPicture answers GET /static/{key}/images/{image_id}: for web
// pages, also those of other origins, for the key in the address lets them.
func (s *Server) comprefaceSharedPicture(c *gin.Context) error {
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	return s.comprefacePicture(c)
}

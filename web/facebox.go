package web

import (
	"fmt"
	"net/http"
	"strings"

	"facegate"

	"github.com/gin-gonic/gin"
)

// facebox is the dialect of Machine Box's Facebox: check, teach and forget. Its
// people are those of the name taught, its examples are samples.
func facebox() *dialect {
	holders := func(scope facegate.Scope) grant { return grant{scopes: []facegate.Scope{scope}} }
	return &dialect{
		name:     "facebox",
		prefixes: []string{"/facebox/"},
		routes: func(s *Server, r *gin.Engine) {
			r.GET("/info", s.handle(s.faceboxInfo))
			box := r.Group("/facebox", noStore)
			box.POST("/check", s.handle(s.faceboxCheck))
			box.POST("/teach", s.handle(s.faceboxTeach))
			box.DELETE("/teach/*id", s.handle(s.faceboxForget)) // file names are ids, with folders and all
		},
		failure: faceboxFailure,
		key: func(_ *Server, c *gin.Context) (string, bool, error) {
			secret, shown := basicKey(c.Request)
			return secret, shown, nil
		},
		grants: map[string]grant{
			"GET /info":                 {public: true},
			"POST /facebox/check":       holders(facegate.ScopeIdentify),
			"POST /facebox/teach":       holders(facegate.ScopeEnroll),
			"DELETE /facebox/teach/*id": holders(facegate.ScopeEnroll),
		},
		// Home Assistant takes a box without a host's name for one that is ill.
		health: map[string]any{"success": true, "hostname": "facegate"},
	}
}

// A faceboxAnswer is every answer, each with the members it has.
type faceboxAnswer struct {
	Success    bool          `json:"success"`
	ID         string        `json:"id,omitempty"` // of the example taught
	FacesCount *int          `json:"facesCount,omitempty"`
	Faces      []faceboxFace `json:"faces,omitzero"`
}

type faceboxFace struct {
	Rect       faceboxRect `json:"rect"`
	ID         string      `json:"id,omitempty"`   // of the example that is closest; of a match
	Name       string      `json:"name,omitempty"` // of a match
	Matched    bool        `json:"matched"`
	Confidence float64     `json:"confidence"` // 0 where nobody matches
}

type faceboxRect struct {
	Top    int `json:"top"`
	Left   int `json:"left"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

// faceboxInfo answers GET /info, by which clients wait until the box is ready.
func (s *Server) faceboxInfo(c *gin.Context) error {
	noStore(c)
	ctx, cancel := s.working(c)
	defer cancel()
	status := "ready"
	if s.Ready(ctx) != nil {
		status = "starting"
	}
	return answer(c, http.StatusOK, map[string]any{"success": true, "name": "facebox", "version": 1, "build": "facegate " + s.Version, "status": status})
}

// faceboxCheck answers POST /facebox/check.
func (s *Server) faceboxCheck(c *gin.Context) error {
	request, err := s.readFacebox(c)
	if err != nil {
		return err
	}
	r, err := s.identifyFaces(c, request.photo.Data, facegate.IdentifyOptions{Candidates: 1})
	if err != nil {
		return err
	}
	count := len(r.Faces)
	found := faceboxAnswer{Success: true, FacesCount: &count, Faces: make([]faceboxFace, count)}
	for i, face := range r.Faces {
		corners := visionBox(face.Box, r.Width, r.Height)
		f := &found.Faces[i]
		f.Rect = faceboxRect{Top: corners.YMin, Left: corners.XMin, Width: corners.XMax - corners.XMin, Height: corners.YMax - corners.YMin}
		if face.Decision != facegate.Match {
			continue
		}
		nearest := face.Candidates[0]
		f.Matched, f.Name, f.Confidence = true, nearest.Person.Name, nearest.Similarity
		if f.ID, err = s.faceboxIDOf(c, nearest.SampleID); err != nil {
			return err
		}
	}
	return answerWhole(c, found)
}

// faceboxTeach answers POST /facebox/teach: one photo of one person. One that the
// person has already keeps the id it has, which is told.
func (s *Server) faceboxTeach(c *gin.Context) error {
	request, err := s.readFacebox(c)
	switch {
	case err != nil:
		return err
	case request.name == "":
		return invalid("send the person's name in the field name", "the name is missing")
	}
	if request.id != "" {
		if request.photo.Name, err = faceboxSource(request.id); err != nil {
			return err
		}
	}
	e, err := s.enrolNamed(c, s.People.PersonByName, request.name, []facegate.Photo{request.photo})
	if err != nil {
		return err
	}
	sampleID := ""
	if len(e.Samples) > 0 {
		sampleID = e.Samples[0].ID
	} else {
		sampleID = e.Skipped[0].SampleID
	}
	taught := faceboxAnswer{Success: true}
	if taught.ID, err = s.faceboxIDOf(c, sampleID); err != nil {
		return err
	}
	return answerWhole(c, taught)
}

// faceboxForget answers DELETE /facebox/teach/{id}: it erases every example that
// was taught under the id, or the one sample that has it. The person stays, known
// by their other samples or by none.
func (s *Server) faceboxForget(c *gin.Context) error {
	id := strings.TrimPrefix(c.Param("id"), "/")
	source, err := faceboxSource(id)
	if err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	samples, err := s.People.SamplesBySource(ctx, source)
	if err != nil {
		return err
	}
	ids := []string{id}
	for _, sample := range samples {
		ids = append(ids, sample.ID)
	}
	forgotten, err := s.People.DeleteSamples(ctx, ids)
	if err != nil {
		return err
	}
	if len(forgotten) == 0 {
		return facegate.NewError(facegate.CodeSampleNotFound, "nothing was taught under that id", "")
	}
	return answerWhole(c, faceboxAnswer{Success: true})
}

// A faceboxError is an error of the dialect. Facebox has statuses of HTTP, and
// 400 for all that is wrong with a photo.
type faceboxError struct {
	Success   bool   `json:"success"`
	Error     string `json:"error"`
	RequestID string `json:"request_id"`
}

func faceboxFailure(c *gin.Context, p Problem) (int, any) {
	status, words := p.Status, detailAndNext(p)
	switch status {
	case http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		status = http.StatusBadRequest
	}
	if r, ok := p.refusal(); ok {
		words = r.Detail
	}
	if p.Code == facegate.CodeNotFound {
		part := strings.TrimPrefix(c.Request.URL.Path, "/facebox/")
		words = fmt.Sprintf("facegate does not have this part of Facebox: %q", shown(part))
		if part == "state" {
			words += "; facegate backup saves everything"
		}
	}
	return status, faceboxError{Error: words, RequestID: p.RequestID}
}

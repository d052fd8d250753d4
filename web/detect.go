package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// Bounds of options.
const (
	maxFaces      = 1000 // that an answer may be asked for
	maxDistance   = 2.0
	maxCandidates = 100
)

// detect answers POST /v1/detect.
func (s *Server) detect(c *gin.Context) error {
	u, err := s.readUpload(c, form{
		photos:  map[string]int{"photo": 1},
		options: []string{"embedding", "small_faces", "min_score", "limit"},
		raw:     "photo",
	})
	if err != nil {
		return err
	}
	photo, err := u.photo("photo")
	if err != nil {
		return err
	}
	o := facegate.AnalyseOptions{
		Embed:      u.flag("embedding"),
		SmallFaces: u.flag("small_faces"),
		MinScore:   u.score("min_score"),
		MaxFaces:   u.count("limit", 0, maxFaces),
	}
	if u.err != nil {
		return u.err
	}
	a, err := s.detectFaces(c, photo.Data, o)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeAnalysis(a))
}

// score is 0, which stands for the detector's own, where name is not given.
func (p *params) score(name string) float64 {
	if f := p.number(name, 0, 1); f != nil {
		return *f
	}
	return 0
}

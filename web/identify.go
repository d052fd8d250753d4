package web

import (
	"fmt"
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// identify answers POST /v1/identify, with a photo or an embedding.
func (s *Server) identify(c *gin.Context) error {
	if contentType(c.Request) == mediaJSON {
		return s.identifyEmbedding(c)
	}
	u, err := s.readUpload(c, form{
		photos:  map[string]int{"photo": 1},
		options: []string{"threshold", "candidates", "small_faces", "min_score", "limit", "explain"},
		raw:     "photo",
	})
	if err != nil {
		return err
	}
	photo, err := u.photo("photo")
	if err != nil {
		return err
	}
	o := facegate.IdentifyOptions{
		Threshold:  u.number("threshold", 0, maxDistance),
		Candidates: u.count("candidates", 1, maxCandidates),
		SmallFaces: u.flag("small_faces"),
		MinScore:   u.score("min_score"),
		MaxFaces:   u.count("limit", 0, maxFaces),
		Explain:    u.flag("explain"),
	}
	if u.err != nil {
		return u.err
	}
	r, err := s.identifyFaces(c, photo.Data, o)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeIdentifyResult(r))
}

// embeddingBody is a probe that was embedded before. Embeddings compare only
// within one recipe; the caller has it from this server.
type embeddingBody struct {
	Embedding  []float32 `json:"embedding"`
	Threshold  *float64  `json:"threshold"`
	Candidates *int      `json:"candidates"`
	Explain    bool      `json:"explain"`
}

func (s *Server) identifyEmbedding(c *gin.Context) error {
	q, err := queryParams(c.Request.URL, "threshold", "candidates", "explain")
	if err != nil {
		return err
	}
	o := facegate.IdentifyOptions{
		Threshold:  q.number("threshold", 0, maxDistance),
		Candidates: q.count("candidates", 1, maxCandidates),
		Explain:    q.flag("explain"),
	}
	if q.err != nil {
		return q.err
	}
	var body embeddingBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	if body.Embedding == nil {
		return invalid("send the 128 numbers as the detect call returns them", "the embedding is missing")
	}
	if body.Threshold != nil {
		if *body.Threshold < 0 || *body.Threshold > maxDistance {
			return invalid("give a number from 0 to 2", "threshold is not a number from 0 to 2")
		}
		o.Threshold = body.Threshold
	}
	if body.Candidates != nil {
		if *body.Candidates < 1 || *body.Candidates > maxCandidates {
			return invalid(fmt.Sprintf("give a whole number from 1 to %d", maxCandidates),
				"candidates is not a whole number from 1 to %d", maxCandidates)
		}
		o.Candidates = *body.Candidates
	}
	o.Explain = o.Explain || body.Explain
	e, err := facegate.EmbeddingFromSlice(body.Embedding)
	if err != nil {
		return err
	}
	i, err := s.identifyProbe(c, e, o)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, map[string]any{"faces": []facegate.Identification{wholeIdentification(i)}})
}

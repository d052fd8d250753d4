package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// identifySample answers GET /v1/identify: whom an enrolled sample would be taken
// for, were it not enrolled.
func (s *Server) identifySample(c *gin.Context) error {
	q, err := queryParams(c.Request.URL, "sample", "threshold", "candidates", "explain")
	if err != nil {
		return err
	}
	o := facegate.IdentifyOptions{
		Threshold:  q.number("threshold", 0, maxDistance),
		Candidates: q.count("candidates", 1, maxCandidates),
		Explain:    q.flag("explain"),
	}
	sample, ok := q.text("sample")
	if q.err != nil {
		return q.err
	}
	if !ok {
		return invalid("name a sample as in ?sample=ID, or send a photo with POST", "the sample is missing")
	}
	if s.Samples == nil {
		return facegate.NewError(facegate.CodeNotFound, "samples are not identified here", "send a photo with POST")
	}
	ctx, cancel := s.working(c)
	defer cancel()
	i, err := s.Samples.IdentifySample(ctx, sample, o)
	if err != nil {
		return err
	}
	s.metrics.decided(opIdentify, i.Decision)
	return answer(c, http.StatusOK, map[string]any{"faces": []facegate.Identification{wholeIdentification(i)}})
}

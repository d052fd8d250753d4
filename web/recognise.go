package web

import (
	"context"

	"facegate"

	"github.com/gin-gonic/gin"
)

// The functions here are how every API of this server asks for recognition, its
// own and the dialects: within the time a request may take, counted in the
// metrics, and charged to the key.

func (s *Server) detectFaces(c *gin.Context, photo []byte, o facegate.AnalyseOptions) (facegate.Analysis, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	a, err := s.Recognition.Detect(ctx, photo, o)
	if err != nil {
		return a, err
	}
	s.metrics.found(opDetect, len(a.Faces))
	countFaces(c, len(a.Faces))
	return a, nil
}

func (s *Server) identifyFaces(c *gin.Context, photo []byte, o facegate.IdentifyOptions) (facegate.IdentifyResult, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	r, err := s.Recognition.Identify(ctx, photo, o)
	if err != nil {
		return r, err
	}
	s.metrics.found(opIdentify, len(r.Faces))
	countFaces(c, len(r.Faces))
	for _, f := range r.Faces {
		s.metrics.decided(opIdentify, f.Decision)
	}
	return r, nil
}

func (s *Server) identifyProbe(c *gin.Context, e facegate.Embedding, o facegate.IdentifyOptions) (facegate.Identification, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	i, err := s.Recognition.IdentifyEmbedding(ctx, e, o)
	if err != nil {
		return i, err
	}
	s.metrics.decided(opIdentify, i.Decision)
	return i, nil
}

// verifyFaces runs check, which compares two faces.
func (s *Server) verifyFaces(c *gin.Context, check func(ctx context.Context) (facegate.Verification, error)) (facegate.Verification, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	v, err := check(ctx)
	if err != nil {
		return v, err
	}
	for _, f := range []*facegate.Face{v.FaceA, v.FaceB} {
		if f != nil {
			s.metrics.found(opVerify, 1)
			countFaces(c, 1)
		}
	}
	s.metrics.decided(opVerify, v.Decision)
	return v, nil
}

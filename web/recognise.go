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
	all, err := s.identifyProbes(c, []facegate.Embedding{e}, o)
	if err != nil {
		return facegate.Identification{}, err
	}
	return all[0], nil
}

func (s *Server) identifyProbes(c *gin.Context, probes []facegate.Embedding, o facegate.IdentifyOptions) ([]facegate.Identification, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	countFaces(c, len(probes))
	all := make([]facegate.Identification, len(probes))
	for i, e := range probes {
		var err error
		if all[i], err = s.Recognition.IdentifyEmbedding(ctx, e, o); err != nil {
			return nil, err
		}
		s.metrics.decided(opIdentify, all[i].Decision)
	}
	return all, nil
}

func (s *Server) compareFaces(c *gin.Context, r facegate.Reference, photo facegate.Photo, o facegate.CompareOptions) (facegate.Comparison, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	cmp, err := s.Recognition.CompareFaces(ctx, r, photo, o)
	if err != nil {
		return cmp, err
	}
	faces := len(cmp.Photo.Faces)
	if cmp.Reference != nil {
		faces += len(cmp.Reference.Faces)
	}
	s.metrics.found(opVerify, faces)
	countFaces(c, faces)
	for _, v := range cmp.Verifications {
		if v != nil {
			s.metrics.decided(opVerify, v.Decision)
		}
	}
	return cmp, nil
}

func (s *Server) compareProbes(c *gin.Context, r facegate.Reference, probes []facegate.Embedding) ([]facegate.Verification, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	countFaces(c, len(probes))
	all, err := s.Recognition.CompareEmbeddings(ctx, r, probes)
	for _, v := range all {
		s.metrics.decided(opVerify, v.Decision)
	}
	return all, err
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

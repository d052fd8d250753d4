package web

import (
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"
)

// health tells that the process answers, and nothing more: a failing dependency
// is not mended by restarting it.
func (s *Server) health(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	told := map[string]any{"status": "ok", "version": s.Version}
	for _, d := range s.spoken {
		maps.Copy(told, d.health)
	}
	if err := answer(c, http.StatusOK, told); err != nil {
		s.fail(c, err)
	}
}

// readiness tells whether requests can be served now.
func (s *Server) readiness(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	ctx, cancel := s.working(c)
	defer cancel()
	err := s.Ready(ctx)
	if err == nil {
		err = answer(c, http.StatusOK, map[string]string{"status": "ready"})
	}
	if err != nil {
		s.fail(c, &statusError{http.StatusServiceUnavailable, err})
	}
}

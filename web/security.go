package web

import (
	"facegate"

	"github.com/gin-gonic/gin"
)

// contentSecurityPolicy lets the console run its own scripts and styles, show
// pictures it holds in memory, and nothing else.
const contentSecurityPolicy = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (s *Server) setSecurityHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
}

// refuseCrossOrigin keeps a web page of somewhere else from enrolling or erasing
// people through the browser of somebody who can reach this server. Clients
// that are no browsers are not concerned.
func (s *Server) refuseCrossOrigin(c *gin.Context) {
	if err := s.origins.Check(c.Request); err != nil {
		s.fail(c, crossOrigin(err))
	}
}

func crossOrigin(cause error) error {
	return &facegate.Error{
		Code:   codeCrossOrigin,
		Detail: "a web page of another origin sent this",
		Next:   "open the console of this server itself",
		Err:    cause,
	}
}

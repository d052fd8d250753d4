package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// routes is the whole map of the API. Every group's handlers are in the file of
// its name.
func (s *Server) routes() *gin.Engine {
	gin.SetMode(gin.ReleaseMode) // else it prints every route
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false // one address per thing
	r.ForwardedByClientIP = false   // no header is trusted to say who calls
	r.Use(s.identifyRequest, s.recogniseDialect, s.recordAccess, s.recoverPanics, s.setSecurityHeaders, s.checkHost, s.shareWithOrigins, s.limitClient,
		s.refuseCrossOrigin, s.authorize, s.limitKey)
	r.NoRoute(s.serveConsole)
	r.NoMethod(func(c *gin.Context) { s.fail(c, methodNotAllowed(c)) })

	both := []string{http.MethodGet, http.MethodHead}
	r.Match(both, "/healthz", s.health)
	r.Match(both, "/readyz", s.readiness)
	r.Match(both, "/metrics", s.serveMetrics)
	r.Match(both, "/openapi.yaml", s.serveDescription)
	r.Match(both, "/openapi.json", s.serveDescriptionJSON)
	r.Match(both, errorPages, s.explainErrors)

	v1 := r.Group("/v1", noStore)
	people := v1.Group("/people")
	people.POST("", s.handle(s.createPerson))
	people.GET("", s.handle(s.listPeople))
	people.GET("/:id", s.handle(s.person))
	people.PATCH("/:id", s.handle(s.updatePerson))
	people.DELETE("/:id", s.handle(s.deletePerson))
	people.POST("/:id/merge", s.handle(s.mergePeople))
	people.GET("/:id/portrait", s.handle(s.portrait))
	people.GET("/:id/samples", s.handle(s.listSamples))
	people.POST("/:id/samples", s.handle(s.addSamples))
	people.DELETE("/:id/samples/:sample_id", s.handle(s.deleteSample))
	people.GET("/:id/samples/:sample_id/thumbnail", s.handle(s.thumbnail))
	people.GET("/:id/samples/:sample_id/photo", s.handle(s.photo))

	v1.POST("/detect", s.handle(s.detect))
	v1.POST("/identify", s.handle(s.identify))
	v1.GET("/identify", s.handle(s.identifySample))
	v1.POST("/verify", s.handle(s.verify))
	v1.GET("/verify/challenge", s.having(func() bool { return s.Challenges != nil }), s.handle(s.challenge))
	s.watchingRoutes(v1)
	v1.GET("/thresholds", s.handle(s.thresholds))
	v1.PUT("/thresholds", s.handle(s.setThresholds))
	v1.GET("/thresholds/calibration", s.handle(s.calibration))
	v1.GET("/thresholds/pairs", s.handle(s.ownPairs))

	v1.GET("/session", s.handle(s.session))
	v1.POST("/session", s.handle(s.login))
	v1.DELETE("/session", s.handle(s.logout))
	v1.POST("/setup", s.handle(s.setup))
	v1.GET("/keys", s.handle(s.listKeys))
	v1.POST("/keys", s.handle(s.createKey))
	v1.DELETE("/keys/:id", s.handle(s.revokeKey))
	v1.GET("/accounts", s.handle(s.listAccounts))
	v1.DELETE("/accounts/:id", s.handle(s.deleteAccount))
	s.recordsRoutes(v1)
	for _, d := range s.spoken {
		d.routes(s, r)
	}
	return r
}

// handle turns what a handler could not do into a problem.
func (s *Server) handle(h func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			s.fail(c, err)
		}
	}
}

// working is the context for a request's work. Handlers take it when the body
// has arrived: a slow upload has limits of its own and takes nothing from the
// time that the work may need.
func (s *Server) working(c *gin.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request.Context(), s.RequestTimeout)
}

// answer sends v as JSON.
func answer(c *gin.Context, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	c.Data(status, "application/json", body)
	return nil
}

// noStore keeps faces and names out of every cache.
func noStore(c *gin.Context) { c.Header("Cache-Control", "no-store") }

func methodNotAllowed(c *gin.Context) error {
	allow := c.Writer.Header().Get("Allow")
	return facegate.NewError(facegate.CodeMethodNotAllowed,
		fmt.Sprintf("%s is not taken here", c.Request.Method), "use "+allow)
}

func notFound(c *gin.Context) error {
	return facegate.NewError(facegate.CodeNotFound,
		"nothing is at this address", "see /openapi.yaml for the addresses there are")
}

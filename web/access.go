package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"facegate"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

// Keys of a request's own values.
const (
	keyRequestID = "facegate.request_id"
	keyProblem   = "facegate.problem"
	keyConsole   = "facegate.console"
)

const headerRequestID = "X-Request-Id"

// identifyRequest gives every request an id that the answer, the log and the
// audit share. A caller may bring its own, to follow a request through several
// systems, as long as it cannot break a log line.
func (s *Server) identifyRequest(c *gin.Context) {
	id := c.GetHeader(headerRequestID)
	if !saneID(id) {
		id = uuid.NewString()
	}
	c.Set(keyRequestID, id)
	c.Header(headerRequestID, id)
	ctx := facegate.WithActor(c.Request.Context(), facegate.Actor{RequestID: id, Address: addressOf(c.Request)})
	c.Request = c.Request.WithContext(ctx)
}

func saneID(id string) bool {
	if len(id) < 1 || len(id) > 128 {
		return false
	}
	for _, r := range id {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
		if !ok {
			return false
		}
	}
	return true
}

func requestID(c *gin.Context) string { return c.GetString(keyRequestID) }

// routeOf is the pattern that was met, never the path: ids stay out of logs and
// metrics, and the metrics stay few.
func routeOf(c *gin.Context) string {
	switch {
	case c.FullPath() != "":
		return c.FullPath()
	case c.GetBool(keyConsole):
		return "console"
	}
	return "none"
}

// recordAccess logs and counts every answer. The log tells the route, not the
// path or the query: those may name people.
func (s *Server) recordAccess(c *gin.Context) {
	start := s.Now()
	defer func() {
		took := s.Now().Sub(start)
		status, route := c.Writer.Status(), routeOf(c)
		s.metrics.observe(c.Request.Method, route, status, took)
		level := slog.LevelInfo
		if route == "/healthz" || route == "/readyz" || route == "/metrics" {
			level = slog.LevelDebug // asked every few seconds, by machines
		}
		attrs := []slog.Attr{
			slog.String("request_id", requestID(c)),
			slog.String("method", methodLabel(c.Request.Method)),
			slog.String("route", route),
			slog.Int("status", status),
			slog.Duration("duration", took),
			slog.Int("bytes", max(c.Writer.Size(), 0)),
		}
		if code, ok := c.Get(keyProblem); ok {
			attrs = append(attrs, slog.Any("code", code))
		}
		s.Logger.LogAttrs(c.Request.Context(), level, "request", attrs...)
	}()
	c.Next()
}

// recoverPanics answers 500 and keeps the server up.
func (s *Server) recoverPanics(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { // meant: breaks the answer off
			panic(v)
		}
		s.Logger.ErrorContext(c.Request.Context(), "panic", "request_id", requestID(c), "route", routeOf(c),
			"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		s.fail(c, &facegate.Error{Code: facegate.CodeInternal, Err: fmt.Errorf("panic: %v", v)})
	}()
	c.Next()
}

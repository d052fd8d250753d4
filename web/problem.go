package web

import (
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
)

// mediaProblem is the media type of RFC 9457.
const mediaProblem = "application/problem+json"

// A Problem is an error as the caller gets it: RFC 9457's members, then ours.
type Problem struct {
	Type      string             `json:"type"`  // where the code is explained, relative to the server
	Title     string             `json:"title"` // the same for every problem of the code
	Status    int                `json:"status"`
	Detail    string             `json:"detail"`
	Code      facegate.Code      `json:"code"`
	Next      string             `json:"next,omitempty"` // what to do about it
	RequestID string             `json:"request_id"`
	Refused   []facegate.Refusal `json:"refused,omitempty"` // with no_usable_photo
}

// errorPages are the explanations that [Problem.Type] points to.
const errorPages = "/errors"

// A statusError answers with another status than its code's own.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// invalid is a request that is wrong in a way its sender can mend.
func invalid(next, format string, args ...any) error {
	return facegate.NewError(facegate.CodeInvalid, fmt.Sprintf(format, args...), next)
}

// problemOf is err as the caller gets it. A code that the table does not hold
// is a fault of ours and tells nothing.
func (s *Server) problemOf(err error) (Problem, time.Duration) {
	e := facegate.AsError(err)
	o, known := s.outcomes[e.Code]
	if !known {
		e = &facegate.Error{Code: facegate.CodeInternal, Err: err}
		o = s.outcomes[e.Code]
	}
	p := Problem{
		Type:    errorPages + "#" + string(e.Code),
		Title:   o.title,
		Status:  o.status,
		Detail:  e.Detail,
		Code:    e.Code,
		Next:    e.Next,
		Refused: e.Refused,
	}
	if o.private {
		p.Detail, p.Next = o.title, "look for the request id in the server's log"
	}
	if p.Detail == "" {
		p.Detail = o.title
	}
	var other *statusError
	if errors.As(err, &other) {
		p.Status = other.status
	}
	retry := e.RetryAfter
	if p.Status == http.StatusServiceUnavailable && retry < time.Second {
		retry = time.Second
	}
	return p, retry
}

// fail answers with err as a problem and remembers it for the access log.
func (s *Server) fail(c *gin.Context, err error) {
	p, retry := s.problemOf(err)
	p.RequestID = requestID(c)
	c.Set(keyProblem, p.Code)
	if p.Status >= http.StatusInternalServerError {
		level := slog.LevelError
		if p.Status == http.StatusServiceUnavailable {
			level = slog.LevelWarn
		}
		s.Logger.Log(c.Request.Context(), level, "request failed",
			"request_id", p.RequestID, "route", routeOf(c), "code", p.Code, "error", err)
	}
	c.Abort()
	if c.Writer.Written() {
		// The answer is under way and cannot become another: break it off, so
		// that the client does not take half of it for the whole.
		panic(http.ErrAbortHandler)
	}
	put(c, p, retry)
}

// explainErrors lists every code with its status: what [Problem.Type] points to.
func (s *Server) explainErrors(c *gin.Context) {
	codes := make([]facegate.Code, 0, len(s.outcomes))
	for code := range s.outcomes {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>facegate: errors</title></head><body>\n" +
		"<h1>Errors</h1>\n<p>Every error is a problem document (RFC 9457) whose <code>code</code> never changes.</p>\n" +
		"<table>\n<tr><th>code</th><th>status</th><th>meaning</th></tr>\n")
	for _, code := range codes {
		o := s.outcomes[code]
		fmt.Fprintf(&b, "<tr id=\"%s\"><td><code>%[1]s</code></td><td>%d</td><td>%s</td></tr>\n",
			code, o.status, html.EscapeString(o.title))
	}
	b.WriteString("</table></body></html>\n")
	c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(b.String()))
}

package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
)

// limitClient bounds the size of a body and the time a client may take to send
// it and to accept the answer. An http.Server's own ReadTimeout and WriteTimeout
// cannot: they would have to fit the slowest honest upload of 64 MiB, and so let
// an idle client hold a connection for as long.
func (s *Server) limitClient(c *gin.Context) {
	rc := http.NewResponseController(c.Writer)
	w := &patientWriter{ResponseWriter: c.Writer, deadline: rc.SetWriteDeadline, timeout: s.WriteTimeout}
	w.extend() // a keep-alive connection still has the deadline of its last answer
	c.Writer = w
	if c.Request.Body != nil && c.Request.Body != http.NoBody {
		b := &boundedBody{
			body: c.Request.Body, deadline: rc.SetReadDeadline,
			declared: c.Request.ContentLength, max: s.MaxBodyBytes,
			timeout: s.BodyTimeout, rate: s.MinBodyRate, held: &s.bodies,
		}
		defer b.give()
		// Also for what the server reads past a handler that wanted no body.
		b.extend()
		c.Request.Body = b
	}
	c.Next()
	w.extend() // what is buffered is sent after the handlers
}

// boundedBody ends a body that is too large, stands still, or drips.
//
// Deadlines are of the real clock, which is what sockets know.
type boundedBody struct {
	body     io.ReadCloser
	deadline func(time.Time) error
	declared int64 // Content-Length, -1 where unknown
	max      int64
	timeout  time.Duration
	rate     int64     // bytes a second
	started  time.Time // when it was first read: what the server needs before is not the client's
	read     int64
	taken    int64 // of read, what counts as held
	held     *held // nil: not counted
	err      error // what ended it
}

// give tells that nothing of the body is in memory any more.
func (b *boundedBody) give() {
	if b.held != nil {
		b.held.give(b.taken)
		b.taken = 0
	}
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.declared > b.max {
		return 0, b.end(b.tooLarge())
	}
	if room := b.max - b.read + 1; int64(len(p)) > room {
		p = p[:room]
	}
	if b.started.IsZero() {
		b.started = time.Now()
	}
	b.extend()
	n, err := b.body.Read(p)
	b.read += int64(n)
	if b.held != nil {
		if busy := b.held.take(int64(n)); busy != nil {
			return 0, b.end(busy)
		}
		b.taken += int64(n)
	}
	switch {
	case b.read > b.max:
		return 0, b.end(b.tooLarge())
	case err == nil:
		return n, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, b.end(&statusError{http.StatusRequestTimeout, &facegate.Error{
			Code: facegate.CodeTimeout, Detail: "the body came too slowly", Next: "send it again, over a better line", Err: err}})
	}
	// Whole or broken, nothing more is read: the deadline must not cut the work
	// that follows, by way of the server's watch for a client that hangs up.
	_ = b.deadline(time.Time{})
	return n, b.end(err)
}

func (b *boundedBody) Close() error { return b.body.Close() }

// extend gives the client time for its next piece: the time a body may stand
// still, but no more than its average rate has earned.
func (b *boundedBody) extend() {
	next := time.Now().Add(b.timeout)
	earned := time.Duration(float64(b.read) / float64(b.rate) * float64(time.Second))
	if whole := b.started.Add(b.timeout + earned); !b.started.IsZero() && whole.Before(next) {
		next = whole
	}
	_ = b.deadline(next) // no deadlines where there is no connection
}

func (b *boundedBody) end(err error) error {
	b.err = err
	return err
}

func (b *boundedBody) tooLarge() error {
	return facegate.NewError(facegate.CodeTooLarge,
		fmt.Sprintf("the request is larger than %s", megabytes(b.max)), "send fewer or smaller photos")
}

// patientWriter gives the client time for each piece of the answer.
type patientWriter struct {
	gin.ResponseWriter
	deadline func(time.Time) error
	timeout  time.Duration
}

func (w *patientWriter) extend() { _ = w.deadline(time.Now().Add(w.timeout)) }

func (w *patientWriter) Write(p []byte) (int, error) {
	w.extend()
	return w.ResponseWriter.Write(p)
}

func (w *patientWriter) WriteString(p string) (int, error) {
	w.extend()
	return w.ResponseWriter.WriteString(p)
}

// Flush sends what is buffered, which may have been waiting for a while.
func (w *patientWriter) Flush() {
	w.extend()
	w.ResponseWriter.Flush()
}

func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// megabytes is n for people.
func megabytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
}

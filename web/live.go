package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"
)

// streaming is the context of an answer that goes on and on: it ends with the
// client, when whoever asked is let in no more, and as soon as the server is told
// to end, which does not wait for it.
func (s *Server) streaming(c *gin.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(c.Request.Context())
	stop := context.AfterFunc(s.streams, cancel)
	go s.untilShutOut(ctx, callerOf(c), cancel)
	return ctx, func() { stop(); cancel() }
}

// startStream sends the headers of an answer that goes on and on. Each piece of
// it has the time that a piece of any answer has (see patientWriter); there is no
// limit on the whole.
func startStream(c *gin.Context, media string) {
	h := c.Writer.Header()
	h.Set("Content-Type", media)
	h.Set("X-Accel-Buffering", "no") // nginx would collect pieces
	c.Status(http.StatusOK)
	c.Writer.WriteHeaderNow()
	c.Writer.Flush()
}

const liveBoundary = "picture"

// live answers GET /v1/cameras/{id}/live: one JPEG after the other, each in the
// place of the one before, as browsers show it in an img element.
func (s *Server) live(c *gin.Context) error {
	ctx, cancel := s.streaming(c)
	defer cancel()
	pictures, err := s.Cameras.Live(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	startStream(c, "multipart/x-mixed-replace; boundary="+liveBoundary)
	// Browsers show a picture when the boundary after it comes: it comes at once.
	head := "--" + liveBoundary + "\r\n"
	for picture := range pictures {
		if _, err := fmt.Fprintf(c.Writer, "%sContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", head, len(picture)); err != nil {
			return nil // the client is gone
		}
		if _, err := c.Writer.Write(picture); err != nil {
			return nil
		}
		if _, err := c.Writer.WriteString("\r\n--" + liveBoundary + "\r\n"); err != nil {
			return nil
		}
		c.Writer.Flush()
		head = ""
	}
	return nil
}

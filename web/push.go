package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"facegate"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"
)

// pushPicture answers POST /v1/cameras/{id}/push: one picture, as the body.
func (s *Server) pushPicture(c *gin.Context) error {
	u, err := s.readUpload(c, form{photos: map[string]int{"photo": 1}, raw: "photo"})
	if err != nil {
		return err
	}
	photo, err := u.photo("photo")
	if err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.Cameras.Push(ctx, c.Param("id"), photo.Data, s.Now()); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// A pushAnswer tells a client that pushes what became of its last picture. It
// comes when the next one may be sent.
type pushAnswer struct {
	Received int     `json:"received"` // pictures, so far
	Problem  Problem `json:"problem,omitzero"`
}

// pushPing is how often a client that sends nothing is asked whether it is there.
const pushPing = 20 * time.Second

// pushStream answers GET /v1/cameras/{id}/push, a WebSocket (RFC 6455): each
// binary message is a picture, and is answered by a pushAnswer as text. Pages of
// other origins are refused.
func (s *Server) pushStream(c *gin.Context) error {
	// Not the request's own: when the server ends, the client is told so.
	ctx, cancel := context.WithCancel(context.WithoutCancel(c.Request.Context()))
	defer cancel()
	camera, err := s.Cameras.Camera(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	if camera.Source.Kind() != facegate.SourcePush {
		return invalid(`give it the source "push:"`, "pictures of this camera are not pushed")
	}
	if c.GetHeader("Upgrade") == "" {
		return &statusError{http.StatusUpgradeRequired, invalid("open it as a WebSocket, or POST a picture", "this address is a WebSocket")}
	}
	conn, err := websocket.Accept(c.Writer, c.Request, nil)
	if err != nil {
		c.Abort() // it has been answered
		return nil
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(s.MaxPhotoBytes)
	stop := context.AfterFunc(s.streams, func() { _ = conn.Close(websocket.StatusGoingAway, "the server ends") })
	defer stop()
	go s.ping(ctx, cancel, conn)
	s.receive(ctx, conn, camera.ID)
	return nil
}

// ping ends the connection of a client that is gone without a word.
func (s *Server) ping(ctx context.Context, cancel context.CancelFunc, conn *websocket.Conn) {
	ticker := time.NewTicker(pushPing)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		waiting, done := context.WithTimeout(ctx, s.WriteTimeout)
		err := conn.Ping(waiting)
		done()
		if err != nil {
			cancel()
			return
		}
	}
}

// receive takes pictures until the client or the camera goes.
func (s *Server) receive(ctx context.Context, conn *websocket.Conn, camera string) {
	for received := 1; ; received++ {
		kind, picture, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageBinary {
			_ = conn.Close(websocket.StatusUnsupportedData, "send pictures, as binary messages")
			return
		}
		reply := pushAnswer{Received: received}
		if err := s.Cameras.Push(ctx, camera, picture, s.Now()); err != nil {
			if ctx.Err() != nil {
				return
			}
			if code := facegate.CodeOf(err); code == facegate.CodeCameraNotFound || code == facegate.CodeInvalid {
				_ = conn.Close(websocket.StatusPolicyViolation, "the camera takes no pictures any more")
				return
			}
			reply.Problem, _ = s.problemOf(err)
		}
		text, err := json.Marshal(reply)
		if err == nil {
			writing, done := context.WithTimeout(ctx, s.WriteTimeout)
			err = conn.Write(writing, websocket.MessageText, text)
			done()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			return
		}
	}
}

package web

import (
	"context"
	"net/http"

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

// pushStream answers GET /v1/cameras/{id}/push, a WebSocket: each picture is
// answered by a pushAnswer.
func (s *Server) pushStream(c *gin.Context) error {
	camera, err := s.Cameras.Camera(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	if camera.Source.Kind() != facegate.SourcePush {
		return invalid(`give it the source "push:"`, "pictures of this camera are not pushed")
	}
	a := pushAnswer{}
	return s.converse(c, "open it as a WebSocket, or POST a picture", 0, func(ctx context.Context, picture []byte) (any, *farewell) {
		a.Received++
		a.Problem = Problem{}
		if err := s.Cameras.Push(ctx, camera.ID, picture, s.Now()); err != nil {
			if code := facegate.CodeOf(err); code == facegate.CodeCameraNotFound || code == facegate.CodeInvalid {
				return nil, &farewell{websocket.StatusPolicyViolation, "the camera takes no pictures any more"}
			}
			a.Problem, _ = s.problemOf(err)
		}
		return a, nil
	})
}

package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// cameraBody is a camera as JSON, whole to add and in part to change. Null chooses
// a setting's default.
type cameraBody struct {
	Name       nullable[string]             `json:"name"`
	Source     nullable[string]             `json:"source"`
	Paused     nullable[bool]               `json:"paused"`
	Transport  nullable[facegate.Transport] `json:"transport"`
	Pace       nullable[facegate.Pace]      `json:"pace"`
	FPS        nullable[float64]            `json:"fps"`
	MinFace    nullable[int]                `json:"min_face"`
	MotionGate nullable[bool]               `json:"motion_gate"`
	Zones      nullable[[]facegate.Zone]    `json:"zones"`
	Schedule   nullable[[]facegate.Window]  `json:"schedule"`
	Cooldown   nullable[float64]            `json:"cooldown_seconds"`
	Liveness   nullable[float64]            `json:"liveness"`
}

// settings is old with what the body gives, and whether it gives anything.
func (b cameraBody) settings(old facegate.CameraSettings) (facegate.CameraSettings, bool) {
	given := false
	given = set(&old.Transport, b.Transport) || given
	given = set(&old.Pace, b.Pace) || given
	given = set(&old.FPS, b.FPS) || given
	given = set(&old.MinFace, b.MinFace) || given
	given = set(&old.MotionGate, b.MotionGate) || given
	given = set(&old.Zones, b.Zones) || given
	given = set(&old.Schedule, b.Schedule) || given
	given = setOptional(&old.Cooldown, b.Cooldown) || given
	given = setOptional(&old.Liveness, b.Liveness) || given
	return old, given
}

func set[T any](field *T, n nullable[T]) bool {
	if n.given {
		*field = n.value
	}
	return n.given
}

func setOptional[T any](field **T, n nullable[T]) bool {
	if n.given {
		if *field = nil; !n.null {
			*field = &n.value
		}
	}
	return n.given
}

func wholeCamera(c facegate.CameraInfo) facegate.CameraInfo {
	for i := range c.Zones {
		c.Zones[i].Points = whole(c.Zones[i].Points)
	}
	return c
}

// listCameras answers GET /v1/cameras.
func (s *Server) listCameras(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	cameras, err := s.Cameras.List(ctx)
	if err != nil {
		return err
	}
	all := make([]facegate.CameraInfo, len(cameras))
	for i := range cameras {
		all[i] = wholeCamera(cameras[i])
	}
	return answer(c, http.StatusOK, map[string]any{"cameras": all})
}

// addCamera answers POST /v1/cameras.
func (s *Server) addCamera(c *gin.Context) error {
	var body cameraBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	camera := facegate.Camera{Name: body.Name.value, Source: facegate.Source(body.Source.value), Paused: body.Paused.value}
	camera.CameraSettings, _ = body.settings(facegate.CameraSettings{})
	ctx, cancel := s.working(c)
	defer cancel()
	added, err := s.Cameras.Add(ctx, camera)
	if err != nil {
		return err
	}
	c.Header("Location", "/v1/cameras/"+added.ID)
	return answer(c, http.StatusCreated, wholeCamera(added))
}

// camera answers GET /v1/cameras/{id}.
func (s *Server) camera(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	camera, err := s.Cameras.Camera(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeCamera(camera))
}

// updateCamera answers PATCH /v1/cameras/{id}. One change at a time, so that two
// who change different settings both get theirs.
func (s *Server) updateCamera(c *gin.Context) error {
	var body cameraBody
	if err := readJSON(c, &body); err != nil {
		return err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	s.changingCamera.Lock()
	defer s.changingCamera.Unlock()
	old, err := s.Cameras.Camera(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	u := facegate.CameraUpdate{Name: body.Name.pointer(), Paused: body.Paused.pointer()}
	if source := body.Source.pointer(); source != nil {
		u.Source = (*facegate.Source)(source)
	}
	if settings, given := body.settings(old.CameraSettings); given {
		u.Settings = &settings
	}
	changed, err := s.Cameras.Update(ctx, c.Param("id"), u)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeCamera(changed))
}

// removeCamera answers DELETE /v1/cameras/{id}.
func (s *Server) removeCamera(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	if err := s.Cameras.Remove(ctx, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}

// pauseCamera answers POST /v1/cameras/{id}/pause.
func (s *Server) pauseCamera(c *gin.Context) error { return s.setPaused(c, true) }

// resumeCamera answers POST /v1/cameras/{id}/resume.
func (s *Server) resumeCamera(c *gin.Context) error { return s.setPaused(c, false) }

func (s *Server) setPaused(c *gin.Context, paused bool) error {
	ctx, cancel := s.working(c)
	defer cancel()
	camera, err := s.Cameras.Pause(ctx, c.Param("id"), paused)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeCamera(camera))
}

// cameraView answers GET /v1/cameras/{id}/view.
func (s *Server) cameraView(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	view, err := s.Cameras.View(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	view.Tracks = whole(view.Tracks)
	return answer(c, http.StatusOK, view)
}

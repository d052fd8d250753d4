package web

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
)

// eventBatch is how many sightings are read from the store at a time.
const eventBatch = 100

// An eventStream is one client's stream of server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
type eventStream struct {
	s       *Server
	c       *gin.Context
	change  int64                          // the last one sent
	cameras map[string]facegate.CameraInfo // as they were sent last
}

// streamSightings answers GET /v1/sightings/stream: each change to a sighting as
// an event whose id is the change's number, and each change of a camera's state.
//
// Sightings are read from the store, so a client that is slow, or comes back with
// the last id it has, misses none: it gets every sighting changed since, as it is
// now. Cameras come as they are, first when the stream begins.
func (s *Server) streamSightings(c *gin.Context) error {
	q, err := queryParams(c.Request.URL, "after")
	if err != nil {
		return err
	}
	ctx, cancel := s.streaming(c)
	defer cancel()
	e := &eventStream{s: s, c: c, cameras: map[string]facegate.CameraInfo{}}
	latest, err := s.Sightings.LatestChange(ctx)
	if err != nil {
		return err
	}
	after, given := q.text("after")
	if id := c.GetHeader("Last-Event-ID"); id != "" { // a browser that comes back has both
		after, given = id, true
	}
	if e.change = latest; given {
		if e.change, err = strconv.ParseInt(after, 10, 64); err != nil || e.change < 0 {
			return invalid("give the id of an event, or the change of a list of sightings", "%s is the id of no event", shown(after))
		}
		e.change = min(e.change, latest) // of another database, it would hide all to come
	}
	if q.err != nil {
		return q.err
	}
	startStream(c, "text/event-stream")
	if _, err := fmt.Fprint(c.Writer, "retry: 2000\n\n"); err != nil {
		return nil
	}
	e.run(ctx)
	return nil
}

// run sends until the client is gone or the server ends.
func (e *eventStream) run(ctx context.Context) {
	beat, look := time.NewTicker(e.s.Heartbeat), time.NewTicker(time.Second)
	defer beat.Stop()
	defer look.Stop()
	for {
		changed := e.s.Sightings.Changed() // before looking, so that none is missed
		if e.sendSightings(ctx) != nil || e.sendCameras(ctx) != nil {
			return
		}
		e.c.Writer.Flush()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-look.C:
		case <-beat.C:
			// A comment: keeps proxies from closing the line, and tells us of a
			// client that is gone.
			if _, err := e.c.Writer.WriteString(":\n\n"); err != nil {
				return
			}
		}
	}
}

func (e *eventStream) sendSightings(ctx context.Context) error {
	for {
		all, err := e.s.Sightings.ChangedSince(ctx, e.change, eventBatch)
		if err != nil {
			if ctx.Err() == nil {
				e.s.Logger.ErrorContext(ctx, "sightings cannot be streamed", "request_id", requestID(e.c), "error", err)
			}
			return err
		}
		for _, r := range all {
			if err := e.send(strconv.FormatInt(r.Change, 10), "sighting", r); err != nil {
				return err
			}
			e.change = r.Change
		}
		if len(all) < eventBatch {
			return nil
		}
	}
}

// sendCameras sends the cameras whose state changed, and the ids of those gone.
func (e *eventStream) sendCameras(ctx context.Context) error {
	if e.s.Cameras == nil {
		return nil
	}
	list, err := e.s.Cameras.List(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, c := range list {
		there[c.ID] = true
		old, known := e.cameras[c.ID]
		if known && old.Status.State == c.Status.State && old.Status.Detail == c.Status.Detail && old.UpdatedAt.Equal(c.UpdatedAt) {
			continue
		}
		e.cameras[c.ID] = c
		if err := e.send("", "camera", wholeCamera(c)); err != nil {
			return err
		}
	}
	for id, c := range e.cameras {
		if !there[id] {
			delete(e.cameras, id)
			if err := e.send("", "camera_removed", c.Ref()); err != nil {
				return err
			}
		}
	}
	return nil
}

// send writes one event. One without an id leaves the client's last id as it is.
func (e *eventStream) send(id, event string, v any) error {
	data, err := json.Marshal(v) // on one line
	if err != nil {
		return fmt.Errorf("encode an event: %w", err)
	}
	if id != "" {
		id = "id: " + id + "\n"
	}
	_, err = fmt.Fprintf(e.c.Writer, "%sevent: %s\ndata: %s\n\n", id, event, data)
	return err
}

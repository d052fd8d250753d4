package camera

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"facegate"
)

// A Manager looks at all cameras. It implements [facegate.Cameras]. Set the
// fields, then call Initialize.
type Manager struct {
	Config
	Store facegate.CameraStore // where cameras are kept; nil: in memory

	cfg     Config
	ctx     context.Context
	stop    context.CancelFunc
	order   sync.Mutex // one change at a time; taken before mu
	mu      sync.Mutex // guards cameras and what they hold; never held for long
	cameras map[string]*watched
}

// A watched camera is one with its station, and what runs it. Its camera does not
// change: a changed camera is another watched one with the same station.
type watched struct {
	camera  facegate.Camera
	station *station
	stop    context.CancelFunc // nil: paused
	done    chan struct{}
}

var _ facegate.Cameras = (*Manager)(nil)

// Initialize starts the cameras of the store.
func (m *Manager) Initialize(ctx context.Context) error {
	cfg, err := m.Config.withDefaults()
	if err != nil {
		return err
	}
	m.cfg = cfg
	m.ctx, m.stop = context.WithCancel(context.WithoutCancel(ctx))
	m.cameras = map[string]*watched{}
	if m.Store == nil {
		return nil
	}
	cameras, err := m.Store.Cameras(ctx)
	if err != nil {
		return fmt.Errorf("load the cameras: %w", err)
	}
	for _, c := range cameras {
		m.set(&watched{camera: c, station: newStation(&m.cfg, c.Ref())})
	}
	return nil
}

// set puts a camera into the list and starts it.
func (m *Manager) set(w *watched) facegate.CameraInfo {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cameras[w.camera.ID] = w
	m.start(w)
	return w.info()
}

// Close stops all cameras; open sightings are reported as ended.
func (m *Manager) Close() {
	m.order.Lock()
	defer m.order.Unlock()
	m.stop()
	m.mu.Lock()
	all := m.cameras
	m.cameras = map[string]*watched{}
	m.mu.Unlock()
	for _, w := range all {
		w.halt()
		w.station.close()
	}
}

func (s *station) close() {
	s.live.close()
	s.views.close()
}

// start runs a camera, unless it is paused.
func (m *Manager) start(w *watched) {
	if w.camera.Paused {
		w.station.gauge.be(facegate.CameraPaused, "by its user")
		return
	}
	w.station.gauge.be(facegate.CameraConnecting, "")
	ctx, stop := context.WithCancel(m.ctx)
	w.stop, w.done = stop, make(chan struct{})
	camera, done := w.camera, w.done
	go func() {
		defer close(done)
		if err := w.station.run(ctx, camera); err != nil && !errors.Is(err, context.Canceled) {
			m.cfg.Logger.Error("a camera cannot be looked at", "camera", camera.Name, "err", quiet(err, camera.Source))
		}
	}()
}

// halt stops a camera and waits until its sightings are reported.
func (w *watched) halt() {
	if w.stop != nil {
		w.stop()
		<-w.done
	}
}

// List implements [facegate.Cameras].
func (m *Manager) List(context.Context) ([]facegate.CameraInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]facegate.CameraInfo, 0, len(m.cameras))
	for _, w := range m.cameras {
		list = append(list, w.info())
	}
	slices.SortFunc(list, func(a, b facegate.CameraInfo) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

func (w *watched) info() facegate.CameraInfo {
	i := facegate.CameraInfo{Camera: w.camera, Status: w.station.gauge.status()}
	i.Status.Viewers = w.station.live.count()
	return i
}

// Camera implements [facegate.Cameras].
func (m *Manager) Camera(_ context.Context, id string) (facegate.CameraInfo, error) {
	w, err := m.find(id)
	if err != nil {
		return facegate.CameraInfo{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return w.info(), nil
}

func (m *Manager) find(id string) (*watched, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w, ok := m.cameras[id]; ok {
		return w, nil
	}
	return nil, facegate.NewError(facegate.CodeCameraNotFound, "there is no such camera", "list the cameras")
}

// Add implements [facegate.Cameras].
func (m *Manager) Add(ctx context.Context, c facegate.Camera) (facegate.CameraInfo, error) {
	now := m.cfg.Now()
	c.ID, c.CreatedAt, c.UpdatedAt = uuid.NewString(), now, now
	if err := tidy(&c); err != nil {
		return facegate.CameraInfo{}, err
	}
	m.order.Lock()
	defer m.order.Unlock()
	if err := m.ctx.Err(); err != nil {
		return facegate.CameraInfo{}, err
	}
	if err := m.save(ctx, c); err != nil {
		return facegate.CameraInfo{}, err
	}
	return m.set(&watched{camera: c, station: newStation(&m.cfg, c.Ref())}), nil
}

func (m *Manager) save(ctx context.Context, c facegate.Camera) error {
	if c.Liveness != nil && m.cfg.Liveness == "" {
		e := errNoLiveness()
		e.Code = facegate.CodeInvalid // a wish that cannot be met here; nothing is wrong with the server
		return e
	}
	if m.taken(c) {
		return facegate.NewError(facegate.CodeNameTaken, fmt.Sprintf("there is a camera named %q already", c.Name), "take another name")
	}
	if m.Store == nil {
		return nil
	}
	return m.Store.SaveCamera(ctx, c)
}

func (m *Manager) taken(c facegate.Camera) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.cameras {
		if o.camera.Name == c.Name && o.camera.ID != c.ID {
			return true
		}
	}
	return false
}

// Update implements [facegate.Cameras]. The camera's counts, its open sightings
// and who watches it stay.
func (m *Manager) Update(ctx context.Context, id string, u facegate.CameraUpdate) (facegate.CameraInfo, error) {
	m.order.Lock()
	defer m.order.Unlock()
	w, err := m.find(id)
	if err != nil {
		return facegate.CameraInfo{}, err
	}
	c := w.camera // changes only here, in order
	if u.Name != nil {
		c.Name = *u.Name
	}
	if u.Source != nil {
		c.Source = u.Source.Keep(c.Source)
	}
	if u.Settings != nil {
		c.CameraSettings = *u.Settings
	}
	if u.Paused != nil {
		c.Paused = *u.Paused
	}
	if err := tidy(&c); err != nil {
		return facegate.CameraInfo{}, err
	}
	c.UpdatedAt = m.cfg.Now()
	if err := m.save(ctx, c); err != nil {
		return facegate.CameraInfo{}, err
	}
	w.halt()
	return m.set(&watched{camera: c, station: w.station}), nil
}

// Pause implements [facegate.Cameras].
func (m *Manager) Pause(ctx context.Context, id string, paused bool) (facegate.CameraInfo, error) {
	return m.Update(ctx, id, facegate.CameraUpdate{Paused: &paused})
}

// Remove implements [facegate.Cameras].
func (m *Manager) Remove(ctx context.Context, id string) error {
	m.order.Lock()
	defer m.order.Unlock()
	w, err := m.find(id)
	if err != nil {
		return err
	}
	if m.Store != nil {
		if err := m.Store.DeleteCamera(ctx, id); err != nil {
			return err
		}
	}
	m.mu.Lock()
	delete(m.cameras, id)
	m.mu.Unlock()
	w.halt()
	w.station.close()
	return nil
}

// View implements [facegate.Cameras].
func (m *Manager) View(_ context.Context, id string) (facegate.CameraView, error) {
	w, err := m.find(id)
	if err != nil {
		return facegate.CameraView{}, err
	}
	if v := w.station.seen.Load(); v != nil {
		return *v, nil
	}
	return facegate.CameraView{Camera: w.camera.Ref(), At: m.cfg.Now(), Tracks: []facegate.TrackView{}}, nil
}

// Live implements [facegate.Cameras].
func (m *Manager) Live(ctx context.Context, id string) (<-chan []byte, error) {
	w, err := m.find(id)
	if err != nil {
		return nil, err
	}
	return w.station.live.listen(ctx), nil
}

// Views implements [facegate.Cameras].
func (m *Manager) Views(ctx context.Context, id string) (<-chan facegate.CameraView, error) {
	w, err := m.find(id)
	if err != nil {
		return nil, err
	}
	return w.station.views.listen(ctx), nil
}

// Push implements [facegate.Cameras].
func (m *Manager) Push(_ context.Context, id string, data []byte, at time.Time) error {
	w, err := m.find(id)
	switch {
	case err != nil:
		return err
	case w.camera.Source.Kind() != facegate.SourcePush:
		return facegate.NewError(facegate.CodeInvalid, "pictures of this camera are not pushed", `give it the source "push:"`)
	case w.camera.Paused:
		return facegate.NewError(facegate.CodeInvalid, "the camera is paused", "resume it first")
	}
	if err := checkPicture(data); err != nil {
		return err
	}
	w.station.pushed.push(bytes.Clone(data), at)
	return nil
}

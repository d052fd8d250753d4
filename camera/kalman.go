package camera

import (
	"math"
	"time"

	"facegate"
)

// tick is the unit of time of the motion model: the noise figures of SORT's and
// ByteTrack's filters are per picture of a 30 Hz video.
const tick = time.Second / 30

// Noise of the motion model, as ByteTrack's Kalman filter has it: standard
// deviations as shares of the box's height, aspect in its own unit.
const (
	noisePosition       = 1.0 / 20
	noiseVelocity       = 1.0 / 160
	noiseAspect         = 1e-2
	noiseAspectVelocity = 1e-5
	noiseAspectMeasured = 1e-1
)

// A coordinate is a Kalman filter (Kalman, 1960) of one number that moves at a
// nearly constant velocity: estimate and covariance of position and velocity.
type coordinate struct {
	x, v          float64
	pxx, pxv, pvv float64
}

// predict moves on by dt ticks; qx and qv are the variances of the noise of one.
func (c *coordinate) predict(dt, qx, qv float64) {
	c.x += dt * c.v
	c.pxx += dt*(2*c.pxv+dt*c.pvv) + dt*qx
	c.pxv += dt * c.pvv
	c.pvv += dt * qv
}

// correct takes in a measurement of variance r.
func (c *coordinate) correct(z, r float64) {
	s := c.pxx + r
	kx, kv := c.pxx/s, c.pxv/s
	miss := z - c.x
	c.x += kx * miss
	c.v += kv * miss
	c.pvv -= kv * c.pxv
	c.pxv -= kx * c.pxv
	c.pxx -= kx * c.pxx
}

// A motion estimates where a box is and how it moves: middle, aspect (width over
// height) and height, as in SORT (Bewley et al., "Simple online and realtime
// tracking", 2016) and ByteTrack. Those filters have one state of eight numbers;
// their covariance stays zero between the four coordinates, so four filters of
// two numbers compute the same.
type motion struct{ cx, cy, aspect, height coordinate }

func newMotion(b facegate.Box) motion {
	h := b.Height
	start := func(x, sx, sv float64) coordinate { return coordinate{x: x, pxx: sx * sx, pvv: sv * sv} }
	c := b.Center()
	return motion{
		cx:     start(c.X, 2*noisePosition*h, 10*noiseVelocity*h),
		cy:     start(c.Y, 2*noisePosition*h, 10*noiseVelocity*h),
		aspect: start(b.Width/h, noiseAspect, noiseAspectVelocity),
		height: start(h, 2*noisePosition*h, 10*noiseVelocity*h),
	}
}

// predict moves the box on by d.
func (m *motion) predict(d time.Duration) {
	dt := float64(d) / float64(tick)
	h := m.height.x
	qx, qv := noisePosition*h*noisePosition*h, noiseVelocity*h*noiseVelocity*h
	m.cx.predict(dt, qx, qv)
	m.cy.predict(dt, qx, qv)
	m.aspect.predict(dt, noiseAspect*noiseAspect, noiseAspectVelocity*noiseAspectVelocity)
	m.height.predict(dt, qx, qv)
	if least := h / 4; m.height.x < least { // a face that shrinks does not turn inside out
		m.height.x, m.height.v = least, 0
	}
}

// correct takes in where the box was found.
func (m *motion) correct(b facegate.Box) {
	h := m.height.x
	r := noisePosition * h * noisePosition * h
	c := b.Center()
	m.cx.correct(c.X, r)
	m.cy.correct(c.Y, r)
	m.aspect.correct(b.Width/b.Height, noiseAspectMeasured*noiseAspectMeasured)
	m.height.correct(b.Height, r)
}

// halt stops all movement: for a face that is lost, whose size must not drift.
func (m *motion) halt() { m.height.v, m.aspect.v = 0, 0 }

// strides reports whether the box moves by more than half its width in d.
func (m *motion) strides(d time.Duration) bool {
	dt := float64(d) / float64(tick)
	return math.Hypot(m.cx.v, m.cy.v)*dt > m.aspect.x*m.height.x/2
}

func (m *motion) box() facegate.Box {
	w, h := m.aspect.x*m.height.x, m.height.x
	return facegate.Box{X: m.cx.x - w/2, Y: m.cy.x - h/2, Width: w, Height: h}
}

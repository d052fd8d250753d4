package camera

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"facegate"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second)))
}

func face(x, y, side, score float64) facegate.Face {
	return facegate.Face{Box: facegate.Box{X: x - side/2, Y: y - side/2, Width: side, Height: side}, Score: score}
}

// The same filter as one of eight states, with matrices, computed plainly: the
// four small ones must agree with it.
func TestMotionAgreesWithTheFullFilter(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	box := facegate.Box{X: 100, Y: 80, Width: 50, Height: 60}
	m := newMotion(box)
	f := newFullFilter(box)
	for i := range 50 {
		dt := float64(1 + random.IntN(5))
		m.predict(time.Duration(dt * float64(tick)))
		f.predict(dt)
		if i%4 != 3 {
			box.X += 5 * random.Float64()
			box.Y += random.Float64()
			box.Width *= 0.98 + 0.04*random.Float64()
			box.Height *= 0.98 + 0.04*random.Float64()
			m.correct(box)
			f.correct(box)
		}
		got := []float64{m.cx.x, m.cy.x, m.aspect.x, m.height.x, m.cx.v, m.cy.v, m.aspect.v, m.height.v}
		for k, v := range got {
			if math.Abs(v-f.x[k]) > 1e-6 {
				t.Fatalf("step %d: state %d is %v, the full filter says %v", i, k, v, f.x[k])
			}
		}
	}
}

// fullFilter is the Kalman filter over (cx, cy, a, h, and their velocities) in
// matrix form: x = Fx, P = FPF' + Q; K = PH'(HPH'+R)^-1.
type fullFilter struct {
	x [8]float64
	p [8][8]float64
}

func newFullFilter(b facegate.Box) *fullFilter {
	f := &fullFilter{}
	c := b.Center()
	f.x = [8]float64{c.X, c.Y, b.Width / b.Height, b.Height}
	for i, s := range []float64{2 * noisePosition * b.Height, 2 * noisePosition * b.Height, noiseAspect, 2 * noisePosition * b.Height,
		10 * noiseVelocity * b.Height, 10 * noiseVelocity * b.Height, noiseAspectVelocity, 10 * noiseVelocity * b.Height} {
		f.p[i][i] = s * s
	}
	return f
}

func (f *fullFilter) predict(dt float64) {
	h := f.x[3]
	for i := range 4 {
		f.x[i] += dt * f.x[i+4]
	}
	var fp [8][8]float64
	for i := range 8 {
		for j := range 8 {
			fp[i][j] = f.p[i][j]
			if i < 4 {
				fp[i][j] += dt * f.p[i+4][j]
			}
		}
	}
	for i := range 8 {
		for j := range 8 {
			f.p[i][j] = fp[i][j]
			if j < 4 {
				f.p[i][j] += dt * fp[i][j+4]
			}
		}
	}
	for i, s := range []float64{noisePosition * h, noisePosition * h, noiseAspect, noisePosition * h,
		noiseVelocity * h, noiseVelocity * h, noiseAspectVelocity, noiseVelocity * h} {
		f.p[i][i] += dt * s * s
	}
}

func (f *fullFilter) correct(b facegate.Box) {
	h := f.x[3]
	c := b.Center()
	z := [4]float64{c.X, c.Y, b.Width / b.Height, b.Height}
	r := [4]float64{noisePosition * h, noisePosition * h, noiseAspectMeasured, noisePosition * h}
	for k := range 4 { // uncorrelated measurements may be taken in one by one
		s := f.p[k][k] + r[k]*r[k]
		miss := z[k] - f.x[k]
		var gain [8]float64
		for i := range 8 {
			gain[i] = f.p[i][k] / s
		}
		row := f.p[k]
		for i := range 8 {
			f.x[i] += gain[i] * miss
			for j := range 8 {
				f.p[i][j] -= gain[i] * row[j]
			}
		}
	}
}

// ids are the tracks of the faces of one step, 0 for none or one not confirmed.
func ids(of []*track) []int64 {
	out := make([]int64, len(of))
	for i, t := range of {
		if t != nil {
			out[i] = t.id
		}
	}
	return out
}

func TestTrackerFollows(t *testing.T) {
	type scene func(i int) []facegate.Face // the faces of look i, ten a second
	moving := func(i int) facegate.Face { return face(50+20*float64(i), 100, 40, 0.95) }
	for _, c := range []struct {
		name   string
		looks  int
		scene  scene
		tracks int64 // confirmed in all
		ended  int   // of them, by the end
		same   []int // faces' indices per look that must keep one id from look 1 on
	}{
		{"one who stands still", 30, func(int) []facegate.Face { return []facegate.Face{face(100, 100, 40, 0.9)} }, 1, 0, []int{0}},
		{"one who walks half their width a look", 30, func(i int) []facegate.Face { return []facegate.Face{moving(i)} }, 1, 0, []int{0}},
		{"one who runs their own width a look", 15, func(i int) []facegate.Face { return []facegate.Face{face(50+40*float64(i), 100, 40, 0.9)} }, 1, 0, []int{0}},
		{"two side by side", 30, func(i int) []facegate.Face { return []facegate.Face{face(100, 100, 40, 0.9), face(160, 100, 40, 0.9)} }, 2, 0, []int{0, 1}},
		{"two who pass each other at different heights", 30, func(i int) []facegate.Face {
			return []facegate.Face{face(50+20*float64(i), 100, 40, 0.9), face(650-20*float64(i), 160, 40, 0.9)}
		}, 2, 0, []int{0, 1}},
		{"one who is doubtful in between", 30, func(i int) []facegate.Face {
			f := moving(i)
			if i > 2 && i%3 == 0 {
				f.Score = 0.65
			}
			return []facegate.Face{f}
		}, 1, 0, []int{0}},
		{"one who is only ever doubtful", 30, func(i int) []facegate.Face { return []facegate.Face{face(100, 100, 40, 0.7)} }, 0, 0, nil},
		{"flickers", 30, func(i int) []facegate.Face {
			if i%2 == 0 {
				return nil
			}
			return []facegate.Face{face(100, 100, 40, 0.9)}
		}, 0, 0, nil},
		{"one hidden for half a second", 30, func(i int) []facegate.Face {
			if i >= 10 && i < 15 {
				return nil
			}
			return []facegate.Face{face(100, 100, 40, 0.9)}
		}, 1, 0, nil},
		{"one who goes and comes back after two seconds", 40, func(i int) []facegate.Face {
			if i >= 10 && i < 30 {
				return nil
			}
			return []facegate.Face{face(100, 100, 40, 0.9)}
		}, 2, 1, nil},
		{"a box without width", 5, func(int) []facegate.Face { return []facegate.Face{{Score: 1}} }, 0, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := &tracker{confirmHits: 2}
			ended := 0
			first := map[int]int64{}
			for i := range c.looks {
				of, over := tr.step(at(float64(i)/10), c.scene(i))
				ended += len(over)
				if i == 0 {
					continue
				}
				for _, k := range c.same {
					if id := ids(of)[k]; i == 1 {
						first[k] = id
					} else if id != first[k] || id == 0 {
						t.Fatalf("look %d: face %d is track %d, was %d", i, k, id, first[k])
					}
				}
			}
			if tr.lastID != c.tracks || ended != c.ended {
				t.Errorf("%d tracks, %d ended; want %d and %d", tr.lastID, ended, c.tracks, c.ended)
			}
		})
	}
}

func TestTrackerKeepsFewLooksApart(t *testing.T) {
	// One look a second: a second without a face is no reason to end a track.
	tr := &tracker{confirmHits: 2}
	for i := range 10 {
		var faces []facegate.Face
		if i != 5 {
			faces = append(faces, face(100, 100, 60, 0.9))
		}
		if _, ended := tr.step(at(float64(i)), faces); len(ended) > 0 {
			t.Fatalf("look %d ends the track", i)
		}
	}
	if tr.lastID != 1 {
		t.Errorf("%d tracks", tr.lastID)
	}
}

func TestTrackerEndAllAndSplit(t *testing.T) {
	tr := &tracker{confirmHits: 1}
	of, _ := tr.step(at(0), []facegate.Face{face(100, 100, 40, 0.9), face(300, 100, 40, 0.9)})
	of[0].doc = &dossier{tries: 1}
	old := tr.split(of[0])
	if old.id != 1 || old.doc == nil || of[0].id != 3 || of[0].doc != nil {
		t.Errorf("split: %d goes on as %d", old.id, of[0].id)
	}
	if ended := tr.endAll(); len(ended) != 2 || len(tr.tracks) != 0 {
		t.Errorf("endAll ended %d, left %d", len(ended), len(tr.tracks))
	}
	if of, _ := tr.step(at(1), []facegate.Face{face(100, 100, 40, 0.9)}); of[0].id != 4 {
		t.Errorf("the next track is %d", of[0].id)
	}
}

func BenchmarkTrackerTenFaces(b *testing.B) {
	tr := &tracker{confirmHits: 2}
	var faces []facegate.Face
	for i := range 10 {
		faces = append(faces, face(60*float64(i), 100, 40, 0.9))
	}
	i := 0
	for b.Loop() {
		tr.step(at(float64(i)/10), faces)
		i++
	}
}

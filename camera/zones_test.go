package camera

import (
	"math/rand/v2"
	"testing"

	"facegate"
)

func TestZones(t *testing.T) {
	left := facegate.Zone{Mode: facegate.Include, Points: [][2]float64{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}}
	top := facegate.Zone{Mode: facegate.Include, Points: [][2]float64{{0, 0}, {1, 0}, {1, 0.3}, {0, 0.3}}}
	hole := facegate.Zone{Mode: facegate.Mask, Points: [][2]float64{{0.1, 0.1}, {0.2, 0.1}, {0.15, 0.2}}}
	for _, c := range []struct {
		name  string
		zones []facegate.Zone
		x, y  float64
		want  bool
	}{
		{"no zones", nil, 0.9, 0.9, true},
		{"included", []facegate.Zone{left}, 0.3, 0.9, true},
		{"not included", []facegate.Zone{left}, 0.7, 0.9, false},
		{"in one of two", []facegate.Zone{left, top}, 0.7, 0.2, true},
		{"in neither", []facegate.Zone{left, top}, 0.7, 0.5, false},
		{"masked", []facegate.Zone{hole}, 0.15, 0.12, false},
		{"beside the mask", []facegate.Zone{hole}, 0.5, 0.5, true},
		{"the mask wins, whatever the order", []facegate.Zone{left, hole}, 0.15, 0.12, false},
		{"the mask wins, whatever the order", []facegate.Zone{hole, left}, 0.15, 0.12, false},
		{"outside the picture", []facegate.Zone{left}, -0.1, 0.5, false},
	} {
		if got := admits(c.zones, facegate.Point{X: c.x, Y: c.y}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Every point of a square lies in exactly one of the triangles that part it.
func TestInsidePartsThePlane(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	corners := [][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}}
	for range 2000 {
		middle := [2]float64{random.Float64(), random.Float64()}
		p := facegate.Point{X: float64(random.IntN(11)) / 10, Y: float64(random.IntN(11)) / 10}
		n := 0
		for i := range corners {
			if inside([][2]float64{corners[i], corners[(i+1)%4], middle}, p) {
				n++
			}
		}
		want := 0
		if inside(corners, p) {
			want = 1
		}
		if n != want {
			t.Fatalf("%v lies in %d triangles about %v, and in the square %d times", p, n, middle, want)
		}
	}
}

package detector

import (
	"math"

	"facegate"
)

// faceModel are the five landmarks in space, in units of the distance between
// the eyes, from the middle between the eyes: x to the viewer's right, y down, z
// towards the viewer. x and y are meanShape's; the depths are those of an average
// head (nose tip 26 mm before eyes 63 mm apart, corners of the mouth 4 mm).
var faceModel = [5][3]float64{
	{-0.5, 0, 0}, {0.5, 0, 0}, {0.006, 0.598, 0.42}, {-0.436, 1.054, 0.06}, {0.420, 1.055, 0.06},
}

// pose estimates the head's rotation in degrees under scaled orthographic
// projection: the affine camera that maps faceModel onto the landmarks best, then
// the nearest rotation (the first step of POS; DeMenthon and Davis,
// "Model-based object pose in 25 lines of code", 1995). Five points carry an
// error of several degrees. See [facegate.Quality] for the signs.
func pose(l facegate.Landmarks) (yaw, pitch, roll float64) {
	var cm [3]float64
	var cp facegate.Point
	p := points(l)
	for i := range p {
		for k := range cm {
			cm[k] += faceModel[i][k] / 5
		}
		cp.X, cp.Y = cp.X+p[i].X/5, cp.Y+p[i].Y/5
	}
	var mm [3][3]float64 // model by model
	var mx, my [3]float64
	for i := range p {
		var m [3]float64
		for k := range m {
			m[k] = faceModel[i][k] - cm[k]
		}
		for r := range m {
			for c := range m {
				mm[r][c] += m[r] * m[c]
			}
			mx[r] += m[r] * (p[i].X - cp.X)
			my[r] += m[r] * (p[i].Y - cp.Y)
		}
	}
	right, down := solve3(mm, mx), solve3(mm, my)
	nr, nd := norm3(right), norm3(down)
	if nr == 0 || nd == 0 {
		return 0, 0, 0
	}
	// Both rows of a rotation have one length: the longer one is less foreshortened
	// by noise. The tilt is taken out first, so that yaw and pitch are the head's
	// own however the photo is held: the rotation is roll after yaw after pitch.
	s := math.Max(nr, nd)
	roll = math.Atan2(p[1].Y-p[0].Y, p[1].X-p[0].X)
	sin, cos := math.Sincos(roll)
	noseRight, noseDown := (cos*right[2]+sin*down[2])/s, (cos*down[2]-sin*right[2])/s
	pitch = -math.Asin(clamp(noseDown, -1, 1))
	yaw = math.Asin(clamp(noseRight/math.Max(math.Cos(pitch), 1e-9), -1, 1))
	const degrees = 180 / math.Pi
	return yaw * degrees, pitch * degrees, roll * degrees
}

// solve3 solves a x = b for a regular 3x3 matrix by Cramer's rule.
func solve3(a [3][3]float64, b [3]float64) (x [3]float64) {
	det := det3(a)
	for k := range x {
		c := a
		for r := range c {
			c[r][k] = b[r]
		}
		x[k] = det3(c) / det
	}
	return x
}

func det3(a [3][3]float64) float64 {
	return a[0][0]*(a[1][1]*a[2][2]-a[1][2]*a[2][1]) -
		a[0][1]*(a[1][0]*a[2][2]-a[1][2]*a[2][0]) +
		a[0][2]*(a[1][0]*a[2][1]-a[1][1]*a[2][0])
}

func norm3(v [3]float64) float64 { return math.Sqrt(v[0]*v[0] + v[1]*v[1] + v[2]*v[2]) }

func clamp(v, low, high float64) float64 { return math.Min(high, math.Max(low, v)) }

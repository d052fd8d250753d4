package detector

import (
	"image"

	"gocv.io/x/gocv"
)

// scaled is a picture at another size, the caller's to close. Where it gets smaller
// each pixel is the average of the area it covers, so that nothing aliases; where
// it gets larger, it is interpolated.
func scaled(m gocv.Mat, size image.Point) gocv.Mat {
	out := gocv.NewMat()
	switch {
	case size.X > m.Cols() || size.Y > m.Rows():
		gocv.Resize(m, &out, size, 0, 0, gocv.InterpolationLinear)
	case 2*size.X == m.Cols() && 2*size.Y == m.Rows(), !shrink(&m, &out, size):
		// The same average. OpenCV is quick at halves, and takes two to six times as
		// long as shrink for all else.
		gocv.Resize(m, &out, size, 0, 0, gocv.InterpolationArea)
	}
	return out
}

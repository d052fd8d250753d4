package detector

import (
	"image"

	"gocv.io/x/gocv"
)

// shrink scales a picture to size, the caller's to close, and returns by how much
// in each direction. It averages over areas, which OpenCV does quickly for halves
// alone: so it halves first, as long as the picture stays spare times as large as
// size (1 or more). A picture of 12 megapixels gets to 640 pixels in two fifths of
// the time. Where a side is odd, halving leaves out its last row or column: the
// scale is not just the ratio of the sizes.
func shrink(m gocv.Mat, size image.Point, spare int) (out gocv.Mat, sx, sy float64) {
	from := m
	sx, sy = 1, 1
	for from.Cols() >= 2*spare*size.X && from.Rows() >= 2*spare*size.Y {
		even := from.Region(image.Rect(0, 0, from.Cols()&^1, from.Rows()&^1))
		half := gocv.NewMat()
		gocv.Resize(even, &half, image.Pt(even.Cols()/2, even.Rows()/2), 0, 0, gocv.InterpolationArea)
		even.Close()
		if sx < 1 {
			from.Close()
		}
		from, sx, sy = half, sx/2, sy/2
	}
	if sx < 1 {
		defer from.Close()
	}
	interpolation := gocv.InterpolationArea
	if size.X > from.Cols() {
		interpolation = gocv.InterpolationLinear
	}
	out = gocv.NewMat()
	gocv.Resize(from, &out, size, 0, 0, interpolation)
	return out, sx * float64(size.X) / float64(from.Cols()), sy * float64(size.Y) / float64(from.Rows())
}

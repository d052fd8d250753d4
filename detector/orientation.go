package detector

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/bep/imagemeta"
	"gocv.io/x/gocv"
)

var metaFormats = map[string]imagemeta.ImageFormat{
	"jpeg": imagemeta.JPEG, "png": imagemeta.PNG, "webp": imagemeta.WebP, "tiff": imagemeta.TIFF,
}

// orientation is the EXIF orientation (JEITA CP-3451, tag 274), 1..8; 1 where
// the photo has none, or a damaged one.
func orientation(photo []byte, name string) int {
	f, ok := metaFormats[name]
	if !ok {
		return 1
	}
	o := 1
	// An error that comes after the orientation takes nothing from it.
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(photo), ImageFormat: f, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if n, err := strconv.Atoi(fmt.Sprint(t.Value)); err == nil && n >= 1 && n <= 8 {
				o = n
			}
			return imagemeta.ErrStopWalking
		},
	})
	return o
}

// turn brings a picture of EXIF orientation o upright.
func turn(m *gocv.Mat, o int) {
	out := gocv.NewMat()
	switch o {
	case 2:
		gocv.Flip(*m, &out, 1)
	case 3:
		gocv.Rotate(*m, &out, gocv.Rotate180Clockwise)
	case 4:
		gocv.Flip(*m, &out, 0)
	case 5:
		gocv.Transpose(*m, &out)
	case 6:
		gocv.Rotate(*m, &out, gocv.Rotate90Clockwise)
	case 7:
		gocv.Transpose(*m, &out)
		gocv.Rotate(out, m, gocv.Rotate180Clockwise)
		out.Close()
		return
	case 8:
		gocv.Rotate(*m, &out, gocv.Rotate90CounterClockwise)
	default:
		out.Close()
		return
	}
	replace(m, out)
}

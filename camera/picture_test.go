package camera

import (
	"slices"
	"testing"

	"gocv.io/x/gocv"
)

// A picture that its EXIF block says lies on its side is turned upright, like one
// without the block is not.
func TestPicturesAreUpright(t *testing.T) {
	wide := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(10, 90, 200, 0), 40, 60, gocv.MatTypeCV8UC3)
	defer wide.Close()
	b, err := gocv.IMEncode(gocv.JPEGFileExt, wide)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	plain := b.GetBytes()
	// Exif 2.32, 4.5.4: a TIFF of one directory with one entry, orientation (0x112), a SHORT, of 6.
	turn := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	for name, tt := range map[string]struct {
		data       []byte
		rows, cols int
	}{
		"as it is": {plain, 40, 60},
		"turned":   {slices.Concat(plain[:2], turn, plain[2:]), 60, 40},
	} {
		m := gocv.NewMat()
		if err := decodePicture(&m, tt.data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if m.Rows() != tt.rows || m.Cols() != tt.cols {
			t.Errorf("%s: %d rows of %d, want %d of %d", name, m.Rows(), m.Cols(), tt.rows, tt.cols)
		}
		m.Close()
	}
	m := gocv.NewMat()
	defer m.Close()
	if err := decodePicture(&m, plain[:len(plain)/2]); err == nil {
		t.Error("half of a picture was decoded")
	}
}

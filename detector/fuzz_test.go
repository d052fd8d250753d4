package detector

import (
	"encoding/binary"
	"image"
	"image/color"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/image/tiff"
)

// FuzzDecode holds whatever bytes to what decode promises: an upright BGR picture
// within the limits, or an error about the photo. A crash in a decoder's C code
// ends the process, and so fails too.
func FuzzDecode(f *testing.F) {
	img := image.NewRGBA(image.Rect(0, 0, 33, 17))
	for y := range 17 {
		for x := range 33 {
			img.SetRGBA(x, y, color.RGBA{uint8(7 * x), uint8(15 * y), uint8(x * y), 255})
		}
	}
	m, clear := matOf(f, img), faded(img)
	for _, file := range [][]byte{
		jpegFile(f, img), jpegFile(f, grey(img)), cmykFile(f, img),
		opencvFile(f, m, gocv.JPEGFileExt, gocv.IMWriteJpegProgressive, 1),
		opencvFile(f, m, gocv.JPEGFileExt, gocv.IMWriteJpegRstInterval, 1),
		withEXIFinJPEG(jpegFile(f, img), exif(binary.BigEndian, 6)),
		pngFile(f, img), pngFile(f, clear), pngFile(f, deep(img)), pngFile(f, indexed(img, true)), pngFile(f, blackAndWhite(img)),
		greyAlphaPNG(clear), withEXIFinPNG(pngFile(f, img), exif(binary.LittleEndian, 5)),
		opencvFile(f, m, ".webp", gocv.IMWriteWebpQuality, 80), opencvFile(f, m, ".webp", gocv.IMWriteWebpQuality, 101),
		opencvFile(f, matOf(f, clear), ".webp", gocv.IMWriteWebpQuality, 80),
		withEXIFinWebP(opencvFile(f, m, ".webp"), exif(binary.LittleEndian, 8), 33, 17),
		bmpFile(f, img), bmpFile(f, indexed(img, false)), gifFile(f, indexed(img, true)),
		tiffFile(f, img, tiff.Uncompressed), tiffFile(f, clear, tiff.Deflate), opencvFile(f, m, ".tiff", tiffCompression, tiffLZW),
		tiffOf(binary.BigEndian, 33, 17, 8, 1, 7, grey(img).Pix), tiffOf(binary.LittleEndian, 8, 8, 32, 3, 1, make([]byte, 256)),
		damagedPNG(), nil, []byte("no picture"),
	} {
		f.Add(file)
	}
	lim := Limits{Bytes: 1 << 16, Pixels: 1 << 20, Side: 2048}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := decode(file, lim)
		if err != nil {
			refusal(t, err)
			return
		}
		defer m.Close()
		w, h := m.Cols(), m.Rows()
		if w <= 0 || h <= 0 || max(w, h) > lim.Side || w*h > lim.Pixels || len(pixels(t, m)) != 3*w*h {
			t.Errorf("a picture of %d x %d pixels with limits %+v", w, h, lim)
		}
	})
}

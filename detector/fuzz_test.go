package detector

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"math"
	"runtime/metrics"
	"slices"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/image/tiff"

	"facegate"
)

// FuzzDecode holds whatever bytes to what decode promises: an upright BGR picture
// within the limits, or an error about the photo, without allocating much more than
// the limits allow. A crash in a decoder's C code ends the process, and so fails too.
func FuzzDecode(f *testing.F) {
	for _, file := range fuzzFiles(f) {
		f.Add(file)
		// Headers that end early, where every decoder has its own idea of what is there.
		for _, cut := range []int{4, 12, 24, 40, len(file) / 2, len(file) - 1} {
			if cut > 0 && cut < len(file) {
				f.Add(file[:cut])
			}
		}
	}
	lim := Limits{Bytes: 1 << 16, Pixels: 1 << 20, Side: 2048}
	const mostAllocated = 64 << 20 // a picture of the limits is 16 MiB in the widest of Go's formats
	f.Fuzz(func(t *testing.T, file []byte) {
		before := allocated()
		m, err := decode(file, lim)
		if n := allocated() - before; n > mostAllocated {
			t.Errorf("%d bytes allocated for a file of %d", n, len(file))
		}
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

// allocated is what Go has allocated so far, in bytes.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// fuzzFiles are small files of every format and variant.
func fuzzFiles(f *testing.F) [][]byte {
	img := image.NewRGBA(image.Rect(0, 0, 33, 17))
	for y := range 17 {
		for x := range 33 {
			img.SetRGBA(x, y, color.RGBA{uint8(7 * x), uint8(15 * y), uint8(x * y), 255})
		}
	}
	m, clear := matOf(f, img), faded(img)
	files := [][]byte{
		jpegFile(f, img), jpegFile(f, grey(img)), cmykFile(f, img),
		opencvFile(f, m, gocv.JPEGFileExt, gocv.IMWriteJpegProgressive, 1),
		opencvFile(f, m, gocv.JPEGFileExt, gocv.IMWriteJpegRstInterval, 1),
		pngFile(f, img), pngFile(f, clear), pngFile(f, deep(img)), pngFile(f, deepGrey(img)), pngFile(f, indexed(img, true)),
		pngFile(f, blackAndWhite(img)), greyAlphaPNG(clear),
		opencvFile(f, m, ".webp", gocv.IMWriteWebpQuality, 80), opencvFile(f, m, ".webp", gocv.IMWriteWebpQuality, 101),
		opencvFile(f, matOf(f, clear), ".webp", gocv.IMWriteWebpQuality, 80),
		bmpFile(f, img), bmpFile(f, indexed(img, false)), gifFile(f, indexed(img, true)), animation(f, img),
		tiffFile(f, img, tiff.Uncompressed), tiffFile(f, clear, tiff.Deflate), opencvFile(f, m, ".tiff", tiffCompression, tiffLZW),
		tiffOf(binary.BigEndian, 33, 17, 8, 1, 7, grey(img).Pix), tiffOf(binary.LittleEndian, 8, 8, 32, 3, 1, make([]byte, 256)),
		damagedPNG(), nil, []byte("no picture"),
	}
	for o := range 10 { // 0 and 9 are none
		files = append(files, withEXIFinJPEG(jpegFile(f, img), exif(binary.BigEndian, o)),
			withEXIFinPNG(pngFile(f, img), exif(binary.LittleEndian, o)),
			withEXIFinWebP(opencvFile(f, m, ".webp"), exif(binary.LittleEndian, o), 33, 17))
	}
	// EXIF whose directory is cut off, lies behind the end, or leads to itself.
	whole := exif(binary.LittleEndian, 6)
	behind, circle := slices.Clone(whole), slices.Clone(whole)
	binary.LittleEndian.PutUint32(behind[4:], 1<<31)
	binary.LittleEndian.PutUint32(circle[len(circle)-4:], 8)
	for _, e := range [][]byte{whole[:len(whole)/2], behind, circle, nil} {
		files = append(files, withEXIFinJPEG(jpegFile(f, img), e))
	}
	return files
}

// animation is a GIF whose frames are smaller than the picture, lie anywhere in
// it, and are taken away again in every way there is.
func animation(t testing.TB, img image.Image) []byte {
	t.Helper()
	whole := indexed(img, true)
	g := gif.GIF{Config: image.Config{Width: 33, Height: 17, ColorModel: whole.Palette}, LoopCount: 3}
	for i, r := range []image.Rectangle{image.Rect(5, 5, 20, 12), image.Rect(0, 0, 33, 17), image.Rect(32, 16, 33, 17), image.Rect(8, 0, 9, 17)} {
		g.Image = append(g.Image, whole.SubImage(r).(*image.Paletted))
		g.Delay = append(g.Delay, i)
		g.Disposal = append(g.Disposal, byte(i))
	}
	var b bytes.Buffer
	return must(t, &b, gif.EncodeAll(&b, &g))
}

// FuzzAnalyse puts a real face anywhere into a picture of any shape, turned,
// squeezed and cut off, and holds all the way through the house to what it
// promises: numbers that are numbers, and boxes, crops and embeddings that can be
// worked with. OpenCV throws where it is handed something impossible, and what it
// throws through GoCV ends the process.
func FuzzAnalyse(f *testing.F) {
	source := mustPicture(f, "probes/obama_small.jpg")
	d := newDetector(f, Config{Workers: 1}) // each of the fuzzer's processes has its own
	type seed struct {
		w, h, x, y, fw, fh int16
		turn, options      uint8
	}
	for _, s := range []seed{
		{300, 300, 50, 50, 200, 200, 0, 0}, {300, 300, 50, 50, 200, 200, 1, 3}, {1, 1, 0, 0, 1, 1, 0, 1}, {1, 1500, 0, 0, 300, 300, 0, 3},
		{2000, 3, 0, -100, 300, 300, 0, 3}, {640, 480, -150, 100, 300, 300, 2, 1}, {640, 480, 500, 300, 300, 300, 3, 1},
		{800, 600, 10, 10, 20, 20, 0, 3}, {250, 250, -200, -200, 700, 700, 0, 1}, {500, 100, 0, 0, 500, 100, 0, 1}, {100, 500, 0, 0, 100, 500, 1, 3},
		{1400, 90, 0, -20, 130, 130, 0, 3}, {63, 64, 0, 0, 63, 64, 0, 1},
	} {
		f.Add(s.w, s.h, s.x, s.y, s.fw, s.fh, s.turn, s.options)
	}
	f.Fuzz(func(t *testing.T, w, h, x, y, faceW, faceH int16, turned, options uint8) {
		if w < 1 || h < 1 || faceW < 1 || faceH < 1 || w > 2000 || h > 2000 || faceW > 2000 || faceH > 2000 || int(w)*int(h) > 1<<20 {
			t.Skip("a picture no larger than it need be")
		}
		file := collage(t, source, int(w), int(h), image.Rect(int(x), int(y), int(x)+int(faceW), int(y)+int(faceH)), int(turned))
		o := facegate.AnalyseOptions{Embed: options&1 != 0, Crops: options&1 != 0, SmallFaces: options&2 != 0}
		a, err := d.Analyse(context.Background(), file, o)
		if err != nil {
			t.Fatalf("a picture of %d x %d: %v", w, h, err)
		}
		if a.Width != int(w) || a.Height != int(h) {
			t.Errorf("%d x %d, want %d x %d", a.Width, a.Height, w, h)
		}
		for _, face := range a.Faces {
			if err := workable(face, o); err != nil {
				t.Errorf("%v: %+v", err, face)
			}
		}
	})
}

func mustPicture(f *testing.F, name string) gocv.Mat {
	m, err := decode(photo(f, name), DefaultLimits)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { m.Close() })
	return m
}

// collage is a PNG, grey but for the photo, which fills at, as far as that is
// within the picture.
func collage(t *testing.T, photo gocv.Mat, w, h int, at image.Rectangle, quarters int) []byte {
	t.Helper()
	face := photo.Clone()
	turn(&face, []int{1, 6, 3, 8}[quarters%4])
	small := gocv.NewMat()
	gocv.Resize(face, &small, at.Size(), 0, 0, gocv.InterpolationArea)
	replace(&face, small)
	defer face.Close()
	all := gocv.NewMatWithSizeFromScalar(gocv.NewScalar(90, 110, 130, 0), h, w, gocv.MatTypeCV8UC3)
	defer all.Close()
	if seen := at.Intersect(image.Rect(0, 0, w, h)); !seen.Empty() {
		from, to := face.Region(seen.Sub(at.Min)), all.Region(seen)
		from.CopyTo(&to)
		from.Close()
		to.Close()
	}
	return opencvFile(t, all, gocv.PNGFileExt, gocv.IMWritePngCompression, 0)
}

// workable tells what of a face cannot be.
func workable(f facegate.Face, o facegate.AnalyseOptions) error {
	q := f.Quality
	for _, v := range []float64{f.Box.X, f.Box.Y, f.Box.Width, f.Box.Height, f.Score, f.Landmarks.RightEye.X, f.Landmarks.MouthLeft.Y,
		q.Overall, q.Size, q.Sharpness, q.Brightness, q.Contrast, q.Yaw, q.Pitch, q.Roll, q.Border} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("a number that is none")
		}
	}
	switch {
	case f.Box.Width <= 0 || f.Box.Height <= 0:
		return errors.New("a box without area")
	case f.Score < 0 || f.Score > 1 || q.Overall < 0 || q.Overall > 1:
		return errors.New("score and quality lie within 0..1")
	case o.Crops != (len(f.Crop) > 0):
		return errors.New("crops are there where they are asked for")
	case f.Embedding != nil && !o.Embed:
		return errors.New("an embedding nobody asked for")
	case f.Embedding != nil && math.Abs(f.Embedding.Norm()-meanNorm) > 1e-3:
		return errors.New("an embedding of another norm")
	case f.Embedding == nil && o.Embed && len(q.Reasons) == 0:
		return errors.New("no embedding, and no word of why")
	}
	return nil
}

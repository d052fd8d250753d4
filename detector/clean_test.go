package detector

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/image/tiff"

	"facegate"
)

// secret stands wherever a file may say more than the picture.
const secret = "N 48 12 30 E 16 22 23, Ann's phone"

// webpChunks adds chunks behind those of an extended WebP.
func webpChunks(file []byte, kind string, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(append(slices.Clone(file), kind...), uint32(len(data)))
	b = append(append(b, data...), make([]byte, len(data)%2)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

func jpegSegment(file []byte, marker byte, content string) []byte {
	b := append(slices.Clone(file[:2]), 0xff, marker)
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)+2))
	return append(append(b, content...), file[2:]...)
}

// jfif is file with a JFIF segment whose preview is of one pixel.
func jfif(file []byte) []byte {
	return jpegSegment(file, 0xe0, "JFIF\x00\x01\x01\x01\x00\x48\x00\x48\x01\x01"+secret[:3])
}

// What is kept of a photo has the same pixels, the same way up, and nothing else
// of what came with it.
func TestCleanPhotoKeepsThePictureAlone(t *testing.T) {
	img := rgba(t, picture(t, "probes/obama-240p.jpg"))
	clear, colour := faded(img), matOf(t, img)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	loud := func(o int) []byte { return append(exif(binary.LittleEndian, o), secret...) }
	webp := opencvFile(t, colour, ".webp", gocv.IMWriteWebpQuality, 90)
	short := slices.Clone(webp) // the last of its pixels stand behind its end
	for _, at := range []int{4, 16} {
		binary.LittleEndian.PutUint32(short[at:], binary.LittleEndian.Uint32(short[at:])-40)
	}
	png := withEXIFinPNG(pngFile(t, img), loud(1))
	bare := opencvFile(t, colour, gocv.JPEGFileExt) // with JFIF
	files := map[string]struct {
		file []byte
		kind string
	}{
		"jpeg":                  {jpegFile(t, img), "image/jpeg"},
		"jpeg, jfif":            {bare, "image/jpeg"},
		"jpeg, jfif, preview":   {jfif(jpegFile(t, img)), "image/jpeg"},
		"jpeg, grey":            {jpegFile(t, grey(img)), "image/jpeg"},
		"jpeg, cmyk":            {cmykFile(t, img), "image/jpeg"},
		"jpeg, progressive":     {opencvFile(t, colour, gocv.JPEGFileExt, gocv.IMWriteJpegProgressive, 1), "image/jpeg"},
		"jpeg, restart markers": {opencvFile(t, colour, gocv.JPEGFileExt, gocv.IMWriteJpegRstInterval, 4), "image/jpeg"},
		"jpeg, fill bytes":      {slices.Concat(bare[:2], []byte{0xff, 0xff}, bare[2:]), "image/jpeg"},
		"jpeg, comment":         {jpegSegment(bare, 0xfe, secret), "image/jpeg"},
		"jpeg, xmp":             {jpegSegment(bare, 0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret), "image/jpeg"},
		"jpeg, profile":         {jpegSegment(bare, 0xe2, "ICC_PROFILE\x00\x01\x01"+secret), "image/jpeg"},
		"jpeg, iptc":            {jpegSegment(bare, 0xed, "Photoshop 3.0\x00"+secret), "image/jpeg"},
		"jpeg, a video":         {append(slices.Clone(bare), secret...), "image/jpeg"},
		"png":                   {png, "image/png"},
		"png, text":             {slices.Concat(png[:33], pngChunk("tEXt", []byte("a\x00"+secret)), png[33:]), "image/png"},
		"png, behind the end":   {append(slices.Clone(png), secret...), "image/png"},
		"png, in the end":       {slices.Concat(png[:len(png)-12], pngChunk("IEND", []byte(secret))), "image/png"},
		"png, palette":          {pngFile(t, indexed(img, true)), "image/png"},
		"png, 16 bits, alpha":   {pngFile(t, deep(clear)), "image/png"},
		"webp":                  {webp, "image/webp"},
		"webp, extended":        {webpChunks(withEXIFinWebP(webp, loud(1), w, h), "XMP ", []byte(secret)), "image/webp"},
		"webp, unknown chunk":   {webpChunks(webp, "CAMR", []byte(secret)), "image/webp"},
		"webp, behind the end":  {append(slices.Clone(webp), secret...), "image/webp"},
		"webp, too short":       {short, "image/png"},
		"webp, alpha":           {opencvFile(t, matOf(t, clear), ".webp", gocv.IMWriteWebpQuality, 90), "image/webp"},
		"bmp":                   {append(bmpFile(t, img), secret...), "image/png"},
		"gif":                   {append(gifFile(t, indexed(img, true)), secret...), "image/png"},
		"tiff":                  {append(tiffFile(t, img, tiff.Deflate), secret...), "image/png"},
	}
	for o := 1; o <= 8; o++ {
		turned := stored(img, o)
		tw, th := turned.Rect.Dx(), turned.Rect.Dy()
		name := string(rune('0' + o))
		files["jpeg, exif "+name] = struct {
			file []byte
			kind string
		}{withEXIFinJPEG(jpegFile(t, turned), loud(o)), "image/jpeg"}
		files["jpeg, jfif, exif "+name] = struct {
			file []byte
			kind string
		}{jfif(withEXIFinJPEG(jpegFile(t, turned), loud(o))), "image/jpeg"}
		files["png, exif "+name] = struct {
			file []byte
			kind string
		}{withEXIFinPNG(pngFile(t, turned), loud(o)), "image/png"}
		files["webp, exif "+name] = struct {
			file []byte
			kind string
		}{withEXIFinWebP(opencvFile(t, matOf(t, turned), ".webp"), loud(o), tw, th), "image/webp"}
		files["tiff, exif "+name] = struct {
			file []byte
			kind string
		}{tiffOf(binary.LittleEndian, tw, th, 8, 1, o, grey(turned).Pix), "image/png"}
	}
	for name, f := range files {
		t.Run(name, func(t *testing.T) {
			clean, kind, err := sharedDetector(t).CleanPhoto(t.Context(), f.file)
			if err != nil {
				t.Fatal(err)
			}
			if kind != f.kind || http.DetectContentType(clean) != f.kind {
				t.Errorf("%s, %s, want %s", kind, http.DetectContentType(clean), f.kind)
			}
			if bytes.Contains(clean, []byte(secret[:3])) {
				t.Error("it tells more than the picture")
			}
			before, err := decode(f.file, DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer before.Close()
			after, err := decode(clean, DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer after.Close()
			if before.Cols() != after.Cols() || before.Rows() != after.Rows() || !bytes.Equal(pixels(t, before), pixels(t, after)) {
				t.Error("it is another picture")
			}
			if again, _, err := sharedDetector(t).CleanPhoto(t.Context(), clean); err != nil || !bytes.Equal(again, clean) {
				t.Errorf("cleaned twice it is another file (%v)", err)
			}
		})
	}
}

// Real photos are found to show the very faces they did.
func TestCleanPhotosShowTheSameFaces(t *testing.T) {
	d := sharedDetector(t)
	for _, name := range []string{"people/obama/obama.jpg", "probes/kit_with_rose.jpg", "probes/obama-1080p.jpg"} {
		file := photo(t, name)
		clean, kind, err := d.CleanPhoto(t.Context(), file)
		if err != nil || kind != "image/jpeg" {
			t.Fatalf("%s: %s %v", name, kind, err)
		}
		o := facegate.AnalyseOptions{Embed: true, Crops: true}
		before, after := analyse(t, file, o), analyse(t, clean, o)
		if len(before.Faces) == 0 || len(before.Faces) != len(after.Faces) {
			t.Fatalf("%s: %d faces, %d before", name, len(after.Faces), len(before.Faces))
		}
		for i, f := range before.Faces {
			if *f.Embedding != *after.Faces[i].Embedding || f.Box != after.Faces[i].Box || !bytes.Equal(f.Crop, after.Faces[i].Crop) {
				t.Errorf("%s: face %d is another", name, i)
			}
		}
	}
}

func TestCleanPhotoRefuses(t *testing.T) {
	whole := photo(t, "probes/obama-240p.jpg")
	for _, c := range []struct {
		file []byte
		want facegate.Code
	}{
		{nil, facegate.CodeEmpty}, {[]byte("hello"), facegate.CodeNotAnImage}, {whole[:len(whole)/2], facegate.CodeTruncated},
		{bmpFile(t, image.NewRGBA(image.Rect(0, 0, 20000, 1))), facegate.CodeTooLarge},
	} {
		if _, _, err := sharedDetector(t).CleanPhoto(t.Context(), c.file); facegate.CodeOf(err) != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := sharedDetector(t).CleanPhoto(gone, bmpFile(t, image.NewRGBA(image.Rect(0, 0, 20, 20)))); err == nil {
		t.Error("it does not obey its context")
	}
}

// FuzzCleanPhoto holds whatever can be decoded to the same promise.
func FuzzCleanPhoto(f *testing.F) {
	img := image.NewRGBA(image.Rect(0, 0, 33, 17))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	m := matOf(f, img)
	for _, file := range [][]byte{
		jfif(withEXIFinJPEG(jpegFile(f, img), exif(binary.BigEndian, 6))), cmykFile(f, img),
		opencvFile(f, m, gocv.JPEGFileExt, gocv.IMWriteJpegProgressive, 1, gocv.IMWriteJpegRstInterval, 1),
		withEXIFinPNG(pngFile(f, img), exif(binary.LittleEndian, 5)), pngFile(f, indexed(img, true)),
		withEXIFinWebP(opencvFile(f, m, ".webp"), exif(binary.LittleEndian, 8), 33, 17), opencvFile(f, m, ".webp", gocv.IMWriteWebpQuality, 80),
	} {
		f.Add(file)
	}
	lim := Limits{Bytes: 1 << 16, Pixels: 1 << 20, Side: 2048}
	f.Fuzz(func(t *testing.T, file []byte) {
		before, err := decode(file, lim)
		if err != nil {
			return
		}
		defer before.Close()
		format, err := inspect(file, lim)
		if err != nil {
			t.Fatal(err)
		}
		clean, _, err := cleaned(file, format, before, lim)
		lim.Bytes *= 100 // a PNG may be larger
		if err != nil || !same(before, clean, lim) {
			t.Errorf("it is another picture (%v)", err)
		}
	})
}

func BenchmarkCleanPhoto(b *testing.B) {
	file := photo(b, filepath.Join("probes", "obama-1080p.jpg"))
	d := sharedDetector(b)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, _, err := d.CleanPhoto(b.Context(), file); err != nil {
			b.Fatal(err)
		}
	}
}

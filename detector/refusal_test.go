package detector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/image/tiff"

	"facegate"
)

// photoCodes are the only errors that a photo's bytes can cause.
var photoCodes = []facegate.Code{facegate.CodeEmpty, facegate.CodeNotAnImage, facegate.CodeUnsupportedFormat,
	facegate.CodeTooLarge, facegate.CodeTruncated}

// refusal is the code of an error about a photo, which has to tell what to do.
func refusal(t testing.TB, err error) facegate.Code {
	t.Helper()
	var e *facegate.Error
	if !errors.As(err, &e) || !slices.Contains(photoCodes, e.Code) {
		t.Fatalf("error %v, want one about the photo", err)
	}
	if e.Detail == "" || e.Next == "" {
		t.Errorf("the error %+v lacks words", e)
	}
	return e.Code
}

func decodeError(t testing.TB, file []byte, lim Limits) error {
	t.Helper()
	m, err := decode(file, lim)
	if err == nil {
		m.Close()
	}
	return err
}

func TestDecodeRefuses(t *testing.T) {
	source := picture(t, "probes/obama-240p.jpg")
	img := rgba(t, source)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	jpeg := jpegFile(t, img)
	box := func(kind, brand string) []byte {
		return slices.Concat([]byte{0, 0, 0, 24}, []byte(kind), []byte(brand), make([]byte, 4), []byte(brand), []byte("mif1"), make([]byte, 100))
	}
	animated := func() []byte {
		b := withEXIFinWebP(opencvFile(t, matOf(t, img), ".webp"), exif(binary.LittleEndian, 1), w, h)
		b[20] |= 0x02 // the flag of animations
		return b
	}
	limits := func(change func(*Limits)) Limits {
		l := DefaultLimits
		change(&l)
		return l
	}
	tests := []struct {
		name string
		file []byte
		lim  Limits
		code facegate.Code
		says string
	}{
		{"nothing", nil, DefaultLimits, facegate.CodeEmpty, "no bytes"},
		{"no bytes", []byte{}, DefaultLimits, facegate.CodeEmpty, "no bytes"},
		{"one byte", []byte{0xff}, DefaultLimits, facegate.CodeNotAnImage, ""},
		{"text", []byte("this is no picture"), DefaultLimits, facegate.CodeNotAnImage, ""},
		{"zeros", make([]byte, 1000), DefaultLimits, facegate.CodeNotAnImage, ""},
		{"html", []byte("<!doctype html><html></html>"), DefaultLimits, facegate.CodeNotAnImage, ""},
		{"sound in RIFF", []byte("RIFF\x24\x00\x00\x00WAVEfmt ................................"), DefaultLimits, facegate.CodeNotAnImage, ""},
		{"text that begins like a BMP", []byte("BMW builds cars in Munich and elsewhere"), DefaultLimits, facegate.CodeNotAnImage, ""},
		{"heic", box("ftyp", "heic"), DefaultLimits, facegate.CodeUnsupportedFormat, "HEIC"},
		{"heic, several", box("ftyp", "mif1"), DefaultLimits, facegate.CodeUnsupportedFormat, "HEIC"},
		{"avif", box("ftyp", "avif"), DefaultLimits, facegate.CodeUnsupportedFormat, "AVIF"},
		{"svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), DefaultLimits, facegate.CodeUnsupportedFormat, "SVG"},
		{"svg with a declaration", []byte(`<?xml version="1.0"?><!-- --><svg/>`), DefaultLimits, facegate.CodeUnsupportedFormat, "SVG"},
		{"pdf", []byte("%PDF-1.7\n%...."), DefaultLimits, facegate.CodeUnsupportedFormat, "PDF"},
		{"photoshop", []byte("8BPS\x00\x01......"), DefaultLimits, facegate.CodeUnsupportedFormat, "Photoshop"},
		{"jpeg 2000", []byte("\x00\x00\x00\x0cjP  \r\n\x87\n"), DefaultLimits, facegate.CodeUnsupportedFormat, "JPEG 2000"},
		{"jpeg xl", []byte("\xff\x0a.........."), DefaultLimits, facegate.CodeUnsupportedFormat, "JPEG XL"},
		{"icon", []byte("\x00\x00\x01\x00\x01\x00\x10\x10"), DefaultLimits, facegate.CodeUnsupportedFormat, "icon"},
		{"tiff of floats", tiffOf(binary.LittleEndian, 8, 8, 32, 3, 1, make([]byte, 8*8*4)), DefaultLimits, facegate.CodeUnsupportedFormat, ""},
		{"animated webp", animated(), DefaultLimits, facegate.CodeUnsupportedFormat, "webp"},
		{"too many bytes", jpeg, limits(func(l *Limits) { l.Bytes = len(jpeg) - 1 }), facegate.CodeTooLarge, "MB"},
		{"too many pixels", jpeg, limits(func(l *Limits) { l.Pixels = w*h - 1 }), facegate.CodeTooLarge, "megapixels"},
		{"too wide", jpeg, limits(func(l *Limits) { l.Side = w - 1 }), facegate.CodeTooLarge, "side"},
		{"png without pixels", pngOf(0, 1, 8, 0, nil, []byte{0}), DefaultLimits, facegate.CodeUnsupportedFormat, ""},
		{"png whose pixels are noise", damagedPNG(), DefaultLimits, facegate.CodeUnsupportedFormat, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := decodeError(t, tt.file, tt.lim)
			if code := refusal(t, err); code != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s: %v, want %s: ...%s...", code, err, tt.code, tt.says)
			}
		})
	}
	exact := Limits{Bytes: len(jpeg), Pixels: w * h, Side: max(w, h)}
	if err := decodeError(t, jpeg, exact); err != nil {
		t.Errorf("a photo at the limits: %v", err)
	}
}

// damagedPNG is whole by its chunks, but what should be compressed pixels is not.
func damagedPNG() []byte {
	file := pngOf(64, 64, 8, 2, nil, make([]byte, 64*64*3))
	at := bytes.Index(file, []byte("IDAT"))
	return slices.Concat(file[:at-4], pngChunk("IDAT", bytes.Repeat([]byte{0xa5}, 200)), pngChunk("IEND", nil))
}

// Files of a hundred bytes that ask for gigabytes of pixels.
func TestLimitsComeBeforePixels(t *testing.T) {
	side := func(n int) []byte { return []byte{byte(n - 1), byte((n - 1) >> 8), byte((n - 1) >> 16)} }
	pad := make([]byte, 60)
	const huge = 60000
	files := map[string][]byte{ // WebP ends at 2^31 pixels
		"png": slices.Concat([]byte(pngMagic), pngChunk("IHDR", []byte{0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 6, 0, 0, 0}), pngChunk("IEND", nil)),
		"jpeg": slices.Concat([]byte{0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0xea, 0x60, 0xea, 0x60, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0},
			[]byte{0xff, 0xda, 0, 12, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0}, pad, []byte{0xff, 0xd9}),
		"webp": slices.Concat([]byte("RIFF\x52\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x08\x00\x00\x00"), side(40000), side(40000), pad),
		"bmp": slices.Concat([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x60\xea\x00\x00\x60\xea\x00\x00\x01\x00\x18\x00"),
			make([]byte, 24), pad),
		"gif":  slices.Concat([]byte("GIF89a\x60\xea\x60\xea\x00\x00\x00,\x00\x00\x00\x00\x60\xea\x60\xea\x00\x02"), pad),
		"tiff": tiffOf(binary.LittleEndian, huge, huge, 8, 1, 1, pad),
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			peak := residentPeak(t)
			runtime.ReadMemStats(&before)
			err := decodeError(t, file, DefaultLimits)
			runtime.ReadMemStats(&after)
			if code := refusal(t, err); code != facegate.CodeTooLarge {
				t.Errorf("%s: %v, want too_large", code, err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
				t.Errorf("%d bytes were allocated by Go to refuse %d bytes", n, len(file))
			}
			if grown := peak(); grown > 32<<20 {
				t.Errorf("the process grew by %d MB to refuse %d bytes", grown>>20, len(file))
			}
		})
	}
}

// Tiles have sizes of their own, which need not fit the picture's.
func TestATIFFOfOneHugeTile(t *testing.T) {
	tags := []tag{{256, true, 16}, {257, true, 16}, {258, false, 8}, {259, false, 1}, {262, false, 1}, {277, false, 1},
		{322, true, 32768}, {323, true, 32752}, {324, true, 8}, {325, true, 32768 * 32752}}
	file := slices.Concat(ifd(binary.LittleEndian, tags...), make([]byte, 1000))
	peak := residentPeak(t)
	err := decodeError(t, file, DefaultLimits)
	refusal(t, err)
	if grown := peak(); grown > 64<<20 {
		t.Errorf("the process grew by %d MB for a picture of 16 x 16 pixels", grown>>20)
	}
}

// residentPeak starts to watch the process's memory; what it returns tells by how
// much the peak exceeded what was in use at the start. It watches C's too.
func residentPeak(t *testing.T) func() int {
	t.Helper()
	field := func(name string) int {
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Skip("facegate: needs /proc")
		}
		_, rest, _ := strings.Cut(string(status), name+":")
		var kB int
		fmt.Sscan(rest, &kB)
		return kB << 10
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // resets VmHWM
		t.Logf("the peak of the process's memory cannot be reset: %v", err)
	}
	start := field("VmRSS")
	return func() int { return field("VmHWM") - start }
}

// Every format, cut off anywhere: never a picture, a panic, or another error than
// one about the photo. A file of which the header is there is truncated.
func TestDecodeOfTruncatedFiles(t *testing.T) {
	source := picture(t, "probes/obama-240p.jpg")
	small := gocv.NewMat()
	defer small.Close()
	gocv.Resize(source, &small, image.Pt(108, 60), 0, 0, gocv.InterpolationArea)
	img := rgba(t, small)
	w, h := img.Rect.Dx(), img.Rect.Dy()
	m := matOf(t, img)
	tests := []struct {
		name   string
		file   []byte
		header int // bytes from which on it is recognised, and has to be called truncated
		last   int // bytes at the end that may be missing
	}{
		{"jpeg", jpegFile(t, img), 3, 0},
		{"jpeg, progressive", opencvFile(t, m, gocv.JPEGFileExt, gocv.IMWriteJpegProgressive, 1), 3, 0},
		{"jpeg, restart markers", opencvFile(t, m, gocv.JPEGFileExt, gocv.IMWriteJpegRstInterval, 2), 3, 0},
		{"jpeg with EXIF", withEXIFinJPEG(jpegFile(t, img), exif(binary.BigEndian, 6)), 3, 0},
		{"png", pngFile(t, img), 8, 4},
		{"webp", opencvFile(t, m, ".webp", gocv.IMWriteWebpQuality, 80), 12, 0},
		{"webp, lossless", opencvFile(t, m, ".webp", gocv.IMWriteWebpQuality, 101), 12, 0},
		{"webp with EXIF", withEXIFinWebP(opencvFile(t, m, ".webp"), exif(binary.LittleEndian, 6), w, h), 12, 0},
		{"bmp", bmpFile(t, img), 14, 0},
		{"gif", gifFile(t, indexed(img, false)), 6, -1},
		{"tiff", tiffFile(t, img, tiff.Uncompressed), 4, 16}, // the resolution, which nobody needs
		{"tiff, lzw", opencvFile(t, m, ".tiff", tiffCompression, tiffLZW), 4, 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := decodeError(t, tt.file, DefaultLimits); err != nil {
				t.Fatalf("the whole file: %v", err)
			}
			step := max(1, len(tt.file)/400)
			for n := 0; n < len(tt.file)-tt.last; n++ {
				if n > 200 && n < len(tt.file)-200 && n%step != 0 {
					continue
				}
				err := decodeError(t, slices.Clone(tt.file[:n]), DefaultLimits)
				if err == nil && tt.last < 0 && n > len(tt.file)/2 {
					continue // the first frame of the animation is there
				}
				if err == nil {
					t.Fatalf("the first %d of %d bytes were taken for a picture", n, len(tt.file))
				}
				if code := refusal(t, err); n >= tt.header && code != facegate.CodeTruncated {
					t.Fatalf("the first %d of %d bytes: %s: %v, want truncated", n, len(tt.file), code, err)
				}
			}
		})
	}
}

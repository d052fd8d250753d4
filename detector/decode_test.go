package detector

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"slices"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/image/tiff"

	"facegate"
)

// Parameters of OpenCV's encoders that GoCV has no names for.
const (
	tiffCompression = 259 // cv::IMWRITE_TIFF_COMPRESSION; the values are TIFF's own
	tiffLZW         = 5
)

func TestDecodeReadsEveryFormat(t *testing.T) {
	source := picture(t, "probes/obama-240p.jpg")
	img := rgba(t, source)
	colour, clear, grey8 := matOf(t, img), faded(img), grey(img)
	tests := []struct {
		name    string
		file    []byte
		want    image.Image
		atLeast float64 // dB
		magic   string  // must be in the file, so that it is the variant it is meant to be
	}{
		{"jpeg", jpegFile(t, img), img, 35, "\xff\xc0"},
		{"jpeg, grey", jpegFile(t, grey8), grey8, 40, "\xff\xc0"},
		{"jpeg, progressive", opencvFile(t, colour, gocv.JPEGFileExt, gocv.IMWriteJpegProgressive, 1, gocv.IMWriteJpegQuality, 95), img, 35, "\xff\xc2"},
		{"jpeg, restart markers", opencvFile(t, colour, gocv.JPEGFileExt, gocv.IMWriteJpegRstInterval, 4, gocv.IMWriteJpegQuality, 95), img, 35, "\xff\xd3"},
		{"jpeg, cmyk", cmykFile(t, img), img, 38, "Adobe"},
		{"jpeg with a video behind it", append(jpegFile(t, img), "....ftypmp42............"...), img, 35, ""},
		{"png", pngFile(t, img), img, 99, ""},
		{"png, 16 bits", pngFile(t, deep(img)), img, 48, "\x10\x02\x00\x00\x00"},
		{"png, grey", pngFile(t, grey8), grey8, 99, "\x08\x00\x00\x00\x00"},
		{"png, grey, 16 bits", pngFile(t, deepGrey(img)), deepGrey(img), 48, "\x10\x00\x00\x00\x00"},
		{"png, grey and alpha", greyAlphaPNG(clear), onTop(grey8, clear), 48, "\x08\x04\x00\x00\x00"},
		{"png, alpha", pngFile(t, clear), clear, 48, "\x08\x06\x00\x00\x00"},
		{"png, alpha, 16 bits", pngFile(t, deep(clear)), clear, 48, "\x10\x06\x00\x00\x00"},
		{"png, palette", pngFile(t, indexed(img, false)), indexed(img, false), 99, "PLTE"},
		{"png, palette with a transparent colour", pngFile(t, indexed(img, true)), indexed(img, true), 48, "tRNS"},
		{"png, one bit", pngFile(t, blackAndWhite(img)), blackAndWhite(img), 99, "\x01\x03\x00\x00\x00"},
		{"webp", opencvFile(t, colour, ".webp", gocv.IMWriteWebpQuality, 95), img, 33, "VP8 "},
		{"webp, lossless", opencvFile(t, colour, ".webp", gocv.IMWriteWebpQuality, 101), img, 99, "VP8L"},
		{"webp, alpha", opencvFile(t, matOf(t, clear), ".webp", gocv.IMWriteWebpQuality, 101), clear, 48, "VP8L"},
		{"webp, lossy with alpha", opencvFile(t, matOf(t, clear), ".webp", gocv.IMWriteWebpQuality, 95), clear, 33, "ALPH"},
		{"bmp", bmpFile(t, img), img, 99, ""},
		{"bmp, palette", bmpFile(t, indexed(img, false)), indexed(img, false), 99, ""},
		{"bmp, from the top", topDown(t, img), img, 99, ""},
		{"gif, first frame", gifFile(t, indexed(img, false)), indexed(img, false), 99, ""},
		{"gif, transparent", gifFile(t, indexed(img, true)), indexed(img, true), 99, ""},
		{"tiff", tiffFile(t, img, tiff.Uncompressed), img, 99, ""},
		{"tiff, deflate", tiffFile(t, img, tiff.Deflate), img, 99, ""},
		{"tiff, lzw", opencvFile(t, colour, ".tiff", tiffCompression, tiffLZW), img, 99, ""},
		{"tiff, grey", tiffFile(t, grey8, tiff.Uncompressed), grey8, 99, ""},
		{"tiff, grey, big endian", tiffOf(binary.BigEndian, img.Rect.Dx(), img.Rect.Dy(), 8, 1, 1, grey8.Pix), grey8, 99, "MM"},
		{"tiff, palette", tiffFile(t, indexed(img, false), tiff.Uncompressed), indexed(img, false), 48, ""},
		{"tiff, 16 bits", opencvFile(t, matOf(t, deep(img)), ".tiff"), img, 48, ""},
		{"tiff, alpha", tiffFile(t, clear, tiff.Uncompressed), clear, 40, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !bytes.Contains(tt.file, []byte(tt.magic)) {
				t.Fatalf("the file holds no %q", tt.magic)
			}
			m, err := decode(tt.file, DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if m.Cols() != img.Rect.Dx() || m.Rows() != img.Rect.Dy() {
				t.Fatalf("%d x %d pixels, want %v", m.Cols(), m.Rows(), img.Rect)
			}
			if got := psnr(pixels(t, m), bgr(tt.want)); got < tt.atLeast {
				t.Errorf("PSNR %.1f dB, want %.0f or more", got, tt.atLeast)
			}
		})
	}
}

// onTop gives a grey picture the alpha of another.
func onTop(g *image.Gray, alpha *image.NRGBA) image.Image {
	out := image.NewNRGBA(g.Rect)
	for i, v := range g.Pix {
		copy(out.Pix[4*i:], []byte{v, v, v, alpha.Pix[4*i+3]})
	}
	return out
}

// topDown is a BMP whose first row is the picture's: its height is negative.
func topDown(t *testing.T, img *image.RGBA) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	file := bmpFile(t, img)
	at := int(binary.LittleEndian.Uint32(file[10:]))
	row := (len(file) - at) / h
	out := slices.Clone(file[:at])
	for y := range h {
		out = append(out, file[at+(h-1-y)*row:][:row]...)
	}
	binary.LittleEndian.PutUint32(out[22:], uint32(-int32(h)))
	if binary.LittleEndian.Uint32(out[18:]) != uint32(w) {
		t.Fatal("the BMP's header is not where it should be")
	}
	return out
}

func TestDecodeTurnsUpright(t *testing.T) {
	source := picture(t, "probes/obama-240p.jpg")
	scene := rgba(t, source)
	want, inGrey := pixels(t, source), bgr(grey(scene))
	faces := analyse(t, photo(t, "probes/obama-240p.jpg"), facegate.AnalyseOptions{}).Faces
	if len(faces) != 1 {
		t.Fatalf("%d faces in the photo, want one", len(faces))
	}
	formats := []struct {
		name    string
		atLeast float64 // dB
		want    []byte
		file    func(img *image.RGBA, o int) []byte
	}{
		{"jpeg", 33, want, func(img *image.RGBA, o int) []byte {
			return withEXIFinJPEG(jpegFile(t, img), exif(binary.BigEndian, o))
		}},
		{"jpeg, progressive", 33, want, func(img *image.RGBA, o int) []byte {
			file := opencvFile(t, matOf(t, img), gocv.JPEGFileExt, gocv.IMWriteJpegProgressive, 1)
			return withEXIFinJPEG(file, exif(binary.LittleEndian, o))
		}},
		{"png", 99, want, func(img *image.RGBA, o int) []byte {
			return withEXIFinPNG(pngFile(t, img), exif(binary.LittleEndian, o))
		}},
		{"webp", 33, want, func(img *image.RGBA, o int) []byte {
			file := opencvFile(t, matOf(t, img), ".webp", gocv.IMWriteWebpQuality, 95)
			return withEXIFinWebP(file, exif(binary.LittleEndian, o), img.Rect.Dx(), img.Rect.Dy())
		}},
		{"tiff", 99, inGrey, func(img *image.RGBA, o int) []byte {
			return tiffOf(binary.LittleEndian, img.Rect.Dx(), img.Rect.Dy(), 8, 1, o, grey(img).Pix)
		}},
		{"tiff, 16 bits", 99, inGrey, func(img *image.RGBA, o int) []byte {
			var px []byte
			for _, v := range grey(img).Pix {
				px = append(px, 0, v)
			}
			return tiffOf(binary.LittleEndian, img.Rect.Dx(), img.Rect.Dy(), 16, 1, o, px)
		}},
	}
	for _, f := range formats {
		for o := 1; o <= 8; o++ {
			t.Run(fmt.Sprintf("%s %d", f.name, o), func(t *testing.T) {
				file := f.file(stored(scene, o), o)
				m, err := decode(file, DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if m.Cols() != scene.Rect.Dx() || m.Rows() != scene.Rect.Dy() {
					t.Fatalf("%d x %d pixels, want %v", m.Cols(), m.Rows(), scene.Rect)
				}
				if got := psnr(pixels(t, m), f.want); got < f.atLeast {
					t.Errorf("PSNR %.1f dB, want %.0f or more", got, f.atLeast)
				}
				found := analyse(t, file, facegate.AnalyseOptions{}).Faces
				if len(found) != 1 || found[0].Box.IoU(faces[0].Box) < 0.8 {
					t.Errorf("faces %+v, want one at %+v", found, faces[0].Box)
				}
			})
		}
	}
}

// A damaged EXIF block is no reason to refuse a photo.
func TestDecodeIgnoresOrientationsThatAreNone(t *testing.T) {
	img := rgba(t, picture(t, "probes/obama-240p.jpg"))
	file := jpegFile(t, img)
	good := exif(binary.BigEndian, 6)
	for name, block := range map[string][]byte{
		"0": exif(binary.BigEndian, 0), "9": exif(binary.BigEndian, 9), "65535": exif(binary.LittleEndian, 65535),
		"cut off": good[:12], "empty": nil, "no order of bytes": append([]byte("XX"), good[2:]...),
		"a loop":                           slices.Concat(good[:len(good)-4], []byte{0, 0, 0, 8}),
		"a directory that begins far away": slices.Concat(good[:4], []byte{0x7f, 0xff, 0xff, 0xff}, good[8:]),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := decode(withEXIFinJPEG(file, block), DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			upright := m.Cols() == img.Rect.Dx() && m.Rows() == img.Rect.Dy()
			if name == "a loop" { // its first entry is sound
				upright = m.Cols() == img.Rect.Dy() && m.Rows() == img.Rect.Dx() || upright
			}
			if !upright {
				t.Errorf("%d x %d pixels of a picture of %v", m.Cols(), m.Rows(), img.Rect)
			}
		})
	}
}

func TestDecodeOfAnInterlacedOrUnusualPNGWithTransparency(t *testing.T) {
	// Grey with one transparent value: tRNS without a palette.
	file := pngOf(2, 1, 8, 0, pngChunk("tRNS", []byte{0, 7}), []byte{7, 100})
	if _, err := png.Decode(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	m, err := decode(file, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if got := pixels(t, m); got[3] != 100 || got[4] != 100 || got[5] != 100 {
		t.Errorf("pixels %v, want the second to be 100", got)
	}
}

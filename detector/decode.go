package detector

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"gocv.io/x/gocv"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"facegate"
	"facegate/internal/imdecode"
)

// Limits bound a photo before its pixels are allocated.
type Limits struct {
	Bytes  int // of the file
	Pixels int // width times height
	Side   int // width or height
}

// DefaultLimits fit a 50-megapixel camera.
var DefaultLimits = Limits{Bytes: 20 << 20, Pixels: 50_000_000, Side: 16384}

// A format is a kind of picture that is read.
type format struct {
	name   string
	config func(io.Reader) (image.Config, error)
	whole  func([]byte) bool // false where the file ends early; nil: the decoder tells
	flags  gocv.IMReadFlag
	decode func(io.Reader) (image.Image, error) // nil: OpenCV does
}

// Sizes come from the headers, read in Go. The pixels of common formats come from
// OpenCV, which is several times faster than the decoders in Go. The rare ones are
// decoded in Go: OpenCV does not read GIF, its BMP decoder is all its own, and its
// TIFF decoder allocates gigabytes for the tile of a picture of 16 x 16 pixels.
var formats = map[string]format{
	"jpeg": {"jpeg", jpeg.DecodeConfig, wholeJPEG, gocv.IMReadColor | gocv.IMReadIgnoreOrientation, nil},
	"png":  {"png", png.DecodeConfig, wholePNG, gocv.IMReadUnchanged, nil},
	"webp": {"webp", webp.DecodeConfig, wholeWebP, gocv.IMReadUnchanged, nil},
	"bmp":  {"bmp", bmp.DecodeConfig, wholeBMP, 0, bmp.Decode},
	"tiff": {"tiff", tiff.DecodeConfig, nil, 0, tiff.Decode},
	"gif":  {"gif", gif.DecodeConfig, nil, 0, gif.Decode}, // the first frame
}

var supported = "send a JPEG, PNG, WebP, BMP, GIF or TIFF"

// sniff tells the format from the first bytes: the name of one in formats, that
// of a known but unsupported one with known=true, or "".
func sniff(b []byte) (name string, known bool) {
	has := func(at int, magic string) bool {
		return len(b) >= at+len(magic) && string(b[at:at+len(magic)]) == magic
	}
	switch {
	case has(0, "\xff\xd8\xff"):
		return "jpeg", true
	case has(0, "\x89PNG\r\n\x1a\n"):
		return "png", true
	case has(0, "RIFF") && has(8, "WEBP"):
		return "webp", true
	case has(0, "BM") && len(b) >= 14 && binary.LittleEndian.Uint32(b[6:]) == 0:
		return "bmp", true
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return "tiff", true
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return "gif", true
	case has(4, "ftyphei"), has(4, "ftyphev"), has(4, "ftypmif1"), has(4, "ftypmsf1"):
		return "HEIC", true
	case has(4, "ftypavif"), has(4, "ftypavis"):
		return "AVIF", true
	case has(0, "\x00\x00\x00\x0cJXL "), has(0, "\xff\x0a"):
		return "JPEG XL", true
	case has(0, "\x00\x00\x00\x0cjP  "):
		return "JPEG 2000", true
	case has(0, "8BPS"):
		return "Photoshop", true
	case has(0, "%PDF-"):
		return "PDF", true
	case has(0, "\x00\x00\x01\x00"):
		return "icon", true
	case has(0, "<svg"), has(0, "<?xml") && bytes.Contains(b[:min(len(b), 1024)], []byte("<svg")):
		return "SVG", true
	}
	return "", false
}

// decode turns a file into an upright 8-bit BGR picture, the caller's to close.
// All limits are checked on the header, before pixels are allocated.
func decode(photo []byte, lim Limits) (gocv.Mat, error) {
	f, err := inspect(photo, lim)
	if err != nil {
		return gocv.Mat{}, err
	}
	var m gocv.Mat
	if f.decode != nil {
		m, err = decodeInGo(photo, f)
	} else {
		m, err = decodeInOpenCV(photo, f)
	}
	if err != nil {
		return gocv.Mat{}, err
	}
	turn(&m, orientation(photo, f.name))
	return m, nil
}

func decodeInOpenCV(photo []byte, f format) (gocv.Mat, error) {
	m := gocv.NewMat()
	if !imdecode.Decode(photo, f.flags, &m) {
		m.Close()
		return gocv.Mat{}, unreadable(f.name, nil)
	}
	if err := toBGR8(&m); err != nil {
		m.Close()
		return gocv.Mat{}, err
	}
	return m, nil
}

func decodeInGo(photo []byte, f format) (gocv.Mat, error) {
	img, err := f.decode(bytes.NewReader(photo))
	switch {
	case err != nil && endsEarly(err):
		return gocv.Mat{}, truncated(f.name)
	case err != nil:
		return gocv.Mat{}, unreadable(f.name, err)
	}
	// What is transparent becomes white, as a page would show it.
	b := img.Bounds()
	opaque := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(opaque, opaque.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(opaque, opaque.Rect, img, b.Min, draw.Over)
	m, err := gocv.NewMatFromBytes(b.Dy(), b.Dx(), gocv.MatTypeCV8UC4, opaque.Pix)
	if err != nil {
		return gocv.Mat{}, fmt.Errorf("convert %s: %w", f.name, err)
	}
	convert(&m, gocv.ColorRGBAToBGR)
	return m, nil
}

// endsEarly tells the errors that decoders give for want of bytes. Some of them
// keep nothing of io.ErrUnexpectedEOF but its text.
func endsEarly(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "EOF") ||
		strings.Contains(err.Error(), "not enough") // pixel data (tiff), image data (gif)
}

// inspect checks everything that can be known without decoding pixels.
func inspect(photo []byte, lim Limits) (format, error) {
	if len(photo) == 0 {
		return format{}, facegate.NewError(facegate.CodeEmpty, "the photo is empty: it has no bytes", "choose another file")
	}
	if lim.Bytes > 0 && len(photo) > lim.Bytes {
		return format{}, facegate.NewError(facegate.CodeTooLarge,
			fmt.Sprintf("the photo has %.1f MB; %.1f MB are allowed", float64(len(photo))/1e6, float64(lim.Bytes)/1e6), "send a smaller file")
	}
	name, known := sniff(photo)
	f, ok := formats[name]
	switch {
	case !known:
		return format{}, facegate.NewError(facegate.CodeNotAnImage, "the file is not a picture", supported)
	case !ok:
		return format{}, facegate.NewError(facegate.CodeUnsupportedFormat, "pictures in "+name+" format are not read", supported)
	}
	cfg, err := f.config(bytes.NewReader(photo))
	switch {
	case err != nil && (endsEarly(err) || f.whole != nil && !f.whole(photo)):
		return format{}, truncated(f.name)
	case err != nil:
		return format{}, unreadable(f.name, err)
	case cfg.Width <= 0 || cfg.Height <= 0:
		return format{}, facegate.NewError(facegate.CodeNotAnImage, "the picture has no pixels", supported)
	case lim.Side > 0 && max(cfg.Width, cfg.Height) > lim.Side:
		return format{}, facegate.NewError(facegate.CodeTooLarge,
			fmt.Sprintf("the picture is %d x %d pixels; a side may have %d", cfg.Width, cfg.Height, lim.Side), "scale it down")
	case lim.Pixels > 0 && cfg.Width*cfg.Height > lim.Pixels:
		return format{}, facegate.NewError(facegate.CodeTooLarge,
			fmt.Sprintf("the picture has %.1f megapixels; %.1f are allowed", float64(cfg.Width*cfg.Height)/1e6, float64(lim.Pixels)/1e6), "scale it down")
	case f.whole != nil && !f.whole(photo):
		return format{}, truncated(f.name)
	}
	return f, nil
}

func truncated(name string) error {
	return facegate.NewError(facegate.CodeTruncated, fmt.Sprintf("the %s is incomplete: the file ends early", name), "send the whole file again")
}

func unreadable(name string, err error) error {
	return &facegate.Error{Code: facegate.CodeUnsupportedFormat,
		Detail: fmt.Sprintf("this %s cannot be read: it is damaged, or of an unusual kind", name), Next: "save it again as a plain JPEG", Err: err}
}

// toBGR8 brings 8 or 16 bits, grey, colour or colour with alpha to 8-bit BGR.
// What is transparent becomes white, as a page would show it.
func toBGR8(m *gocv.Mat) error {
	channels := m.Channels()
	switch depth := m.Type() & 7; {
	case depth == gocv.MatTypeCV8U:
	case depth == gocv.MatTypeCV16U:
		eight := gocv.NewMat()
		m.ConvertToWithParams(&eight, gocv.MatType(int(gocv.MatTypeCV8U)+(channels-1)<<3), 1.0/257, 0)
		replace(m, eight)
	default:
		return facegate.NewError(facegate.CodeUnsupportedFormat, "pictures with floating-point pixels are not read", "save it again as a plain JPEG")
	}
	switch channels {
	case 1:
		convert(m, gocv.ColorGrayToBGR)
	case 3:
	case 4:
		onWhite(m)
	default:
		return facegate.NewError(facegate.CodeUnsupportedFormat, fmt.Sprintf("pictures with %d channels are not read", channels), "save it again as a plain JPEG")
	}
	return nil
}

// onWhite lays BGRA over white, in place of m.
func onWhite(m *gocv.Mat) {
	px, err := m.DataPtrUint8()
	out := gocv.NewMatWithSize(m.Rows(), m.Cols(), gocv.MatTypeCV8UC3)
	dst, err2 := out.DataPtrUint8()
	if err != nil || err2 != nil { // only for matrices that are not continuous, which decoders do not make
		out.Close()
		convert(m, gocv.ColorBGRAToBGR)
		return
	}
	for i, o := 0, 0; i+3 < len(px); i, o = i+4, o+3 {
		a := uint32(px[i+3])
		for c := range 3 {
			dst[o+c] = uint8((uint32(px[i+c])*a + 255*(255-a) + 127) / 255)
		}
	}
	replace(m, out)
}

func convert(m *gocv.Mat, code gocv.ColorConversionCode) {
	out := gocv.NewMat()
	gocv.CvtColor(*m, &out, code)
	replace(m, out)
}

func replace(m *gocv.Mat, by gocv.Mat) {
	m.Close()
	*m = by
}

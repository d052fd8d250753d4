package detector

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"gocv.io/x/gocv"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// Files of every format and variant, made from one picture.

// rgba is a BGR matrix as an opaque Go image.
func rgba(t testing.TB, m gocv.Mat) *image.RGBA {
	t.Helper()
	px := pixels(t, m)
	img := image.NewRGBA(image.Rect(0, 0, m.Cols(), m.Rows()))
	for i, o := 0, 0; i < len(px); i, o = i+3, o+4 {
		img.Pix[o], img.Pix[o+1], img.Pix[o+2], img.Pix[o+3] = px[i+2], px[i+1], px[i], 255
	}
	return img
}

// bgr is an image as BGR bytes; what is transparent lies on white.
func bgr(img image.Image) []byte {
	b := img.Bounds()
	px := make([]byte, 0, 3*b.Dx()*b.Dy())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, a := img.At(x, y).RGBA() // premultiplied
			white := 0xffff - a
			px = append(px, byte((bl+white)>>8), byte((g+white)>>8), byte((r+white)>>8))
		}
	}
	return px
}

func grey(img image.Image) *image.Gray {
	out := image.NewGray(img.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// faded has the picture's colours, and an alpha that falls from left to right to
// less than a half.
func faded(img image.Image) *image.NRGBA {
	out := image.NewNRGBA(img.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			out.SetNRGBA(x, y, color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(255 - 160*x/out.Rect.Dx())})
		}
	}
	return out
}

// deep has 16 bits a channel; the lower eight differ from the upper.
func deep(img image.Image) *image.NRGBA64 {
	out := image.NewNRGBA64(img.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			c := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
			out.SetNRGBA64(x, y, color.NRGBA64{c.R&0xff00 | 0x80, c.G&0xff00 | 0x80, c.B&0xff00 | 0x80, c.A})
		}
	}
	return out
}

func deepGrey(img image.Image) *image.Gray16 {
	out := image.NewGray16(img.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// indexed has 6 x 6 x 6 colours, the first of them transparent where clear is set.
func indexed(img image.Image, clear bool) *image.Paletted {
	var p color.Palette
	for r := range 6 {
		for g := range 6 {
			for b := range 6 {
				p = append(p, color.NRGBA{uint8(r * 51), uint8(g * 51), uint8(b * 51), 255})
			}
		}
	}
	out := image.NewPaletted(img.Bounds(), p)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	if clear {
		p[0] = color.NRGBA{0, 0, 0, 0}
	}
	return out
}

// blackAndWhite has one bit a pixel.
func blackAndWhite(img image.Image) *image.Paletted {
	out := image.NewPaletted(img.Bounds(), color.Palette{color.Black, color.White})
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

func must(t testing.TB, b *bytes.Buffer, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegFile(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	return must(t, &b, jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}))
}

func pngFile(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	return must(t, &b, png.Encode(&b, img))
}

func bmpFile(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	return must(t, &b, bmp.Encode(&b, img))
}

func tiffFile(t testing.TB, img image.Image, c tiff.CompressionType) []byte {
	t.Helper()
	var b bytes.Buffer
	return must(t, &b, tiff.Encode(&b, img, &tiff.Options{Compression: c, Predictor: c == tiff.Deflate}))
}

// gifFile is an animation of two frames, the second of them white.
func gifFile(t testing.TB, img *image.Paletted) []byte {
	t.Helper()
	white := image.NewPaletted(img.Rect, color.Palette{color.White, color.Black})
	var b bytes.Buffer
	return must(t, &b, gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{img, white}, Delay: []int{10, 10}}))
}

// opencvFile is coded by OpenCV, which knows variants that Go's encoders do not.
func opencvFile(t testing.TB, m gocv.Mat, ext gocv.FileExt, params ...int) []byte {
	t.Helper()
	if len(params) == 0 {
		params = []int{gocv.IMWriteJpegQuality, 95} // GoCV panics without any
	}
	buf, err := gocv.IMEncodeWithParams(ext, m, params)
	if err != nil {
		t.Fatal(err)
	}
	defer buf.Close()
	return slices.Clone(buf.GetBytes())
}

// matOf is a matrix of BGRA, BGR or grey, 8 or 16 bits; it is closed when the test ends.
func matOf(t testing.TB, img image.Image) gocv.Mat {
	t.Helper()
	b := img.Bounds()
	var px []byte
	kind := gocv.MatTypeCV8UC3
	switch img := img.(type) {
	case *image.NRGBA:
		kind = gocv.MatTypeCV8UC4
		for i := 0; i < len(img.Pix); i += 4 {
			px = append(px, img.Pix[i+2], img.Pix[i+1], img.Pix[i], img.Pix[i+3])
		}
	case *image.NRGBA64:
		kind = gocv.MatTypeCV16UC3
		for i := 0; i < len(img.Pix); i += 8 { // big endian to little endian
			p := img.Pix[i:]
			px = append(px, p[5], p[4], p[3], p[2], p[1], p[0])
		}
	case *image.Gray:
		kind, px = gocv.MatTypeCV8UC1, img.Pix
	default:
		px = bgr(img)
	}
	m, err := gocv.NewMatFromBytes(b.Dy(), b.Dx(), kind, px)
	if err != nil {
		t.Fatal(err)
	}
	own := m.Clone()
	m.Close()
	t.Cleanup(func() { own.Close() })
	return own
}

// cmykFile is a JPEG of four inverted channels, as Adobe's programs write them. Go
// has no encoder for it, but its grey scans fit: all use the same tables, and a
// JPEG may have a scan for each component.
func cmykFile(t testing.TB, img *image.RGBA) []byte {
	t.Helper()
	planes := make([]*image.Gray, 4)
	for c := range planes {
		planes[c] = image.NewGray(img.Rect)
		for i := range planes[c].Pix {
			if planes[c].Pix[i] = 255; c < 3 {
				planes[c].Pix[i] = img.Pix[4*i+c]
			}
		}
	}
	var out []byte
	for c, plane := range planes {
		file := jpegFile(t, plane)
		sof, sos := bytes.Index(file, []byte{0xff, 0xc0}), bytes.Index(file, []byte{0xff, 0xda})
		dht := sof + 2 + int(binary.BigEndian.Uint16(file[sof+2:]))
		if c == 0 {
			out = append(out, file[:sof]...) // SOI and quantization tables
			out = append(out, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"...)
			out = append(out, 0xff, 0xc0, 0, 8+3*4)
			out = append(out, file[sof+4:sof+9]...) // precision, height, width
			out = append(out, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
			out = append(out, file[dht:sos]...)
		}
		out = append(out, 0xff, 0xda, 0, 8, 1, byte(c+1), 0, 0, 63, 0)
		data := file[sos+2+int(binary.BigEndian.Uint16(file[sos+2:])):]
		out = append(out, data[:len(data)-2]...) // without EOI
	}
	return append(out, 0xff, 0xd9)
}

func pngChunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

const pngMagic = "\x89PNG\r\n\x1a\n"

// pngOf is a PNG made by hand; rows are not filtered.
func pngOf(width, height int, depth, colorType byte, extra, raw []byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(width))
	head = binary.BigEndian.AppendUint32(head, uint32(height))
	b := append([]byte(pngMagic), pngChunk("IHDR", append(head, depth, colorType, 0, 0, 0))...)
	b = append(b, extra...)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	row := len(raw) / height
	for y := range height {
		w.Write(append([]byte{0}, raw[y*row:(y+1)*row]...))
	}
	w.Close()
	return append(append(b, pngChunk("IDAT", z.Bytes())...), pngChunk("IEND", nil)...)
}

// greyAlphaPNG is a PNG of colour type 4, which Go does not write.
func greyAlphaPNG(img *image.NRGBA) []byte {
	var raw []byte
	for i := 0; i < len(img.Pix); i += 4 {
		g := color.GrayModel.Convert(color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255}).(color.Gray)
		raw = append(raw, g.Y, img.Pix[i+3])
	}
	return pngOf(img.Rect.Dx(), img.Rect.Dy(), 8, 4, nil, raw)
}

// tag is an entry of an IFD (TIFF 6.0, section 2), of type SHORT or LONG, with one value.
type tag struct {
	id    uint16
	long  bool
	value uint32
}

// ifd is a TIFF header with one IFD behind it, which begins at byte 8.
func ifd(order binary.AppendByteOrder, tags ...tag) []byte {
	b := []byte("II")
	if order.String() == "BigEndian" {
		b = []byte("MM")
	}
	b = order.AppendUint32(order.AppendUint16(b, 42), 8)
	b = order.AppendUint16(b, uint16(len(tags)))
	for _, t := range tags {
		b = order.AppendUint16(b, t.id)
		if t.long {
			b = order.AppendUint32(order.AppendUint32(order.AppendUint16(b, 4), 1), t.value)
		} else {
			b = order.AppendUint16(order.AppendUint16(order.AppendUint32(order.AppendUint16(b, 3), 1), uint16(t.value)), 0)
		}
	}
	return order.AppendUint32(b, 0)
}

// tiffOf is a grey TIFF made by hand, of samples in format 1 (unsigned) or 3 (float).
func tiffOf(order binary.AppendByteOrder, width, height, bits, format, orientation int, px []byte) []byte {
	tags := func(at int) []tag {
		return []tag{{256, true, uint32(width)}, {257, true, uint32(height)}, {258, false, uint32(bits)}, {259, false, 1}, {262, false, 1},
			{273, true, uint32(at)}, {274, false, uint32(orientation)}, {277, false, 1}, {278, true, uint32(height)},
			{279, true, uint32(len(px))}, {339, false, uint32(format)}}
	}
	head := ifd(order, tags(len(ifd(order, tags(0)...)))...)
	return append(head, px...)
}

// exif is an EXIF block with an orientation.
func exif(order binary.AppendByteOrder, orientation int) []byte {
	return ifd(order, tag{274, false, uint32(orientation)})
}

func withEXIFinJPEG(file, exif []byte) []byte {
	segment := append([]byte("Exif\x00\x00"), exif...)
	b := append(slices.Clone(file[:2]), 0xff, 0xe1)
	b = binary.BigEndian.AppendUint16(b, uint16(len(segment)+2))
	return append(append(b, segment...), file[2:]...)
}

func withEXIFinPNG(file, exif []byte) []byte {
	const afterIHDR = len(pngMagic) + 12 + 13
	return slices.Concat(file[:afterIHDR], pngChunk("eXIf", exif), file[afterIHDR:])
}

// withEXIFinWebP makes the simple file format an extended one.
func withEXIFinWebP(file, exif []byte, width, height int) []byte {
	chunk := func(kind string, data []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
		b = append(b, data...)
		return append(b, make([]byte, len(data)%2)...)
	}
	size := func(n int) []byte { return []byte{byte(n - 1), byte((n - 1) >> 8), byte((n - 1) >> 16)} }
	head := chunk("VP8X", slices.Concat([]byte{0x08, 0, 0, 0}, size(width), size(height)))
	body := slices.Concat([]byte("WEBP"), head, file[12:], chunk("EXIF", exif))
	return slices.Concat([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body)
}

// stored is img as a camera stores it in EXIF orientation o (JEITA CP-3451, tag
// 274): which side of the scene row 0 and column 0 are.
func stored(img *image.RGBA, o int) *image.RGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if o >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	right := slices.Contains([]int{2, 3, 6, 7}, o)  // row or column 0 is the scene's right
	bottom := slices.Contains([]int{3, 4, 7, 8}, o) // row or column 0 is its bottom
	for r := range out.Rect.Dy() {
		for c := range out.Rect.Dx() {
			x, y := c, r
			if o >= 5 {
				x, y = r, c
			}
			if right {
				x = w - 1 - x
			}
			if bottom {
				y = h - 1 - y
			}
			out.SetRGBA(c, r, img.RGBAAt(x, y))
		}
	}
	return out
}

package camera

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"sync"

	"gocv.io/x/gocv"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"facegate"
)

const (
	viewSide    = 960 // px, longer side of live pictures and best shots
	viewQuality = 80  // of their JPEGs
)

// shotJPEG is a picture as JPEG, its longer side at most viewSide.
func shotJPEG(bgr *gocv.Mat) ([]byte, error) {
	small, done := shrunk(bgr)
	defer done()
	return encode(small)
}

// liveJPEG is the same with boxes and names drawn in.
func liveJPEG(bgr *gocv.Mat, v facegate.CameraView) ([]byte, error) {
	small, done := shrunk(bgr)
	defer done()
	if small == bgr {
		clone := bgr.Clone()
		defer clone.Close()
		small = &clone
	}
	if err := annotate(small, v); err != nil {
		return nil, err
	}
	return encode(small)
}

// shrunk is bgr itself where it is small enough.
func shrunk(bgr *gocv.Mat) (small *gocv.Mat, done func()) {
	k := float64(viewSide) / float64(max(bgr.Cols(), bgr.Rows()))
	if k >= 1 {
		return bgr, func() {}
	}
	m := gocv.NewMat()
	size := image.Pt(max(1, int(math.Round(float64(bgr.Cols())*k))), max(1, int(math.Round(float64(bgr.Rows())*k))))
	gocv.Resize(*bgr, &m, size, 0, 0, gocv.InterpolationArea)
	return &m, func() { m.Close() }
}

func encode(bgr *gocv.Mat) ([]byte, error) {
	buf, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, *bgr, []int{gocv.IMWriteJpegQuality, viewQuality})
	if err != nil {
		return nil, fmt.Errorf("encode a picture: %w", err)
	}
	defer buf.Close()
	return bytes.Clone(buf.GetBytes()), nil
}

// Colours of boxes, by what is said of the face.
var (
	matchColour     = color.RGBA{46, 160, 67, 255}
	unknownColour   = color.RGBA{217, 119, 6, 255}
	ambiguousColour = color.RGBA{147, 51, 234, 255}
	spoofColour     = color.RGBA{220, 38, 38, 255}
	openColour      = color.RGBA{148, 163, 184, 255}
)

// annotate draws the boxes and names of a view into a picture of any size.
func annotate(bgr *gocv.Mat, v facegate.CameraView) error {
	if v.Width == 0 {
		return nil
	}
	pixels, err := bgr.DataPtrUint8()
	if err != nil {
		return fmt.Errorf("draw into a picture: %w", err)
	}
	c := &canvas{pixels, bgr.Cols(), bgr.Rows()}
	k := float64(c.width) / float64(v.Width)
	line := max(2, c.width/400)
	for _, t := range v.Tracks {
		box := image.Rect(int(t.Box.X*k), int(t.Box.Y*k), int((t.Box.X+t.Box.Width)*k), int((t.Box.Y+t.Box.Height)*k))
		text, colour := caption(t)
		c.frame(box, line, colour)
		if err := c.label(box, text, float64(max(12, c.width/50)), colour); err != nil {
			return err
		}
	}
	return nil
}

// caption is what is written at a face: nothing until something can be said.
func caption(t facegate.TrackView) (string, color.RGBA) {
	switch {
	case !t.Decided:
		return "", openColour
	case t.Decision == facegate.Match && t.Person != nil:
		return fmt.Sprintf("%s %.0f%%", t.Person.Name, 100*t.Similarity), matchColour
	case t.Decision == facegate.Spoof && t.Person != nil:
		return "not live: " + t.Person.Name, spoofColour
	case t.Decision == facegate.Ambiguous:
		return "ambiguous", ambiguousColour
	}
	const short = 8 // characters of an id that tell strangers apart
	if t.UnknownID != "" {
		return "unknown " + t.UnknownID[:min(short, len(t.UnknownID))], unknownColour
	}
	return "unknown", unknownColour
}

// A canvas is a BGR picture to draw on. It implements draw.Image.
type canvas struct {
	pixels        []byte
	width, height int
}

func (c *canvas) ColorModel() color.Model { return color.RGBAModel }
func (c *canvas) Bounds() image.Rectangle { return image.Rect(0, 0, c.width, c.height) }

func (c *canvas) At(x, y int) color.Color {
	if !image.Pt(x, y).In(c.Bounds()) {
		return color.RGBA{}
	}
	p := c.pixels[3*(y*c.width+x):]
	return color.RGBA{p[2], p[1], p[0], 255}
}

func (c *canvas) Set(x, y int, to color.Color) {
	if image.Pt(x, y).In(c.Bounds()) {
		r, g, b, _ := to.RGBA()
		p := c.pixels[3*(y*c.width+x):]
		p[0], p[1], p[2] = byte(b>>8), byte(g>>8), byte(r>>8)
	}
}

func (c *canvas) fill(r image.Rectangle, colour color.RGBA) {
	r = r.Intersect(c.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c.Set(x, y, colour)
		}
	}
}

func (c *canvas) frame(r image.Rectangle, line int, colour color.RGBA) {
	c.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+line), colour)
	c.fill(image.Rect(r.Min.X, r.Max.Y-line, r.Max.X, r.Max.Y), colour)
	c.fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+line, r.Max.Y), colour)
	c.fill(image.Rect(r.Max.X-line, r.Min.Y, r.Max.X, r.Max.Y), colour)
}

// label writes above the box, or inside it where there is no room.
func (c *canvas) label(box image.Rectangle, text string, size float64, colour color.RGBA) error {
	if text == "" {
		return nil
	}
	f, err := typeface()
	if err != nil {
		return err
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return fmt.Errorf("write a name: %w", err)
	}
	defer face.Close()
	pad := int(size / 4)
	wide, high := font.MeasureString(face, text).Ceil()+2*pad, face.Metrics().Ascent.Ceil()+face.Metrics().Descent.Ceil()+pad
	x := max(0, min(box.Min.X, c.width-wide))
	y := box.Min.Y - high
	if y < 0 {
		y = max(0, box.Min.Y)
	}
	c.fill(image.Rect(x, y, x+wide, y+high), colour)
	d := font.Drawer{Dst: c, Src: image.White, Face: face, Dot: fixed.P(x+pad, y+pad/2+face.Metrics().Ascent.Ceil())}
	d.DrawString(text)
	return nil
}

var typeface = sync.OnceValues(func() (*opentype.Font, error) { return opentype.Parse(gomedium.TTF) })

var _ draw.Image = (*canvas)(nil)

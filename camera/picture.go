package camera

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // headers
	_ "image/png"  // headers
	"slices"
	"sync"
	"time"

	"gocv.io/x/gocv"
	_ "golang.org/x/image/webp" // headers

	"facegate"
	"facegate/internal/imdecode"
)

// Limits on one picture of a stream.
const (
	maxPictureBytes = 16 << 20
	maxPixels       = 50_000_000
	maxSide         = 12_000
)

// A picture is on its way from the reader to the analyst. Whoever holds it gives
// its matrix back to the pool.
type picture struct {
	bgr   gocv.Mat
	at    time.Time
	due   bool          // to be searched for faces; else it is for the live view only
	alone bool          // it does not follow the one before
	over  chan struct{} // not nil: no picture, nothing will come for a while. Tracks end, then the channel is closed
}

// A matPool lends matrices, so that large pictures are not allocated anew for
// every frame. What is lent when the pool closes is freed when it comes back.
type matPool struct {
	mu     sync.Mutex
	free   []gocv.Mat
	closed bool
}

func (p *matPool) get() gocv.Mat {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		m := p.free[n-1]
		p.free = p.free[:n-1]
		return m
	}
	return gocv.NewMat()
}

func (p *matPool) put(m gocv.Mat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		m.Close()
		return
	}
	p.free = append(p.free, m)
}

func (p *matPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, m := range p.free {
		m.Close()
	}
	p.free = nil
}

// frameOf is a picture as the detector takes it. It shares the matrix's memory.
func frameOf(bgr *gocv.Mat) (facegate.Frame, error) {
	pixels, err := bgr.DataPtrUint8()
	if err != nil {
		return facegate.Frame{}, fmt.Errorf("read a picture's pixels: %w", err)
	}
	return facegate.Frame{Width: bgr.Cols(), Height: bgr.Rows(), Pix: pixels}, nil
}

// checkPicture looks at a picture's header before its pixels are allocated. Cameras
// send JPEG, some PNG or WebP. Nothing else is handed to OpenCV: a hundred bytes of
// TIFF can make its decoder allocate gigabytes, whatever the header's size.
func checkPicture(data []byte) error {
	switch {
	case len(data) == 0:
		return facegate.NewError(facegate.CodeEmpty, "the picture has no bytes", "send a JPEG")
	case len(data) > maxPictureBytes:
		return facegate.NewError(facegate.CodeTooLarge, fmt.Sprintf("the picture has more than %d MB", maxPictureBytes>>20), "send a smaller one")
	}
	header, format, err := image.DecodeConfig(bytes.NewReader(data)) // of any format that any room reads
	if err != nil || !slices.Contains([]string{"jpeg", "png", "webp"}, format) {
		return &facegate.Error{Code: facegate.CodeNotAnImage, Detail: "the bytes are no JPEG, PNG or WebP", Next: "send a JPEG", Err: err}
	}
	if header.Width <= 0 || header.Height <= 0 || header.Width > maxSide || header.Height > maxSide || header.Width*header.Height > maxPixels {
		return facegate.NewError(facegate.CodeTooLarge, fmt.Sprintf("a picture of %d x %d pixels", header.Width, header.Height), "send a smaller one")
	}
	return nil
}

// decodePicture decodes a picture into bgr.
func decodePicture(bgr *gocv.Mat, data []byte) error {
	if err := checkPicture(data); err != nil {
		return err
	}
	native()
	if !imdecode.Decode(data, gocv.IMReadColor, bgr) { // upright
		return facegate.NewError(facegate.CodeTruncated, "the picture cannot be decoded", "send a whole JPEG")
	}
	return nil
}

package camera

/*
#cgo pkg-config: opencv4
#cgo CXXFLAGS: -std=c++14 -O2
#cgo LDFLAGS: -ldl
#include <stdlib.h>
#include "native.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
	"unsafe"

	"gocv.io/x/gocv"
)

// native are the settings of OpenCV and FFmpeg that hold for the whole program.
var native = sync.OnceFunc(func() {
	C.fgc_single_threaded()
	C.fgc_quiet()
})

// message is room for what a C function has to say.
type message [512]C.char

func (m *message) ptr() *C.char   { return &m[0] }
func (m *message) len() C.size_t  { return C.size_t(len(m)) }
func (m *message) String() string { return C.GoString(&m[0]) }

// A nativeCapture is an open cv::VideoCapture. It is used by one goroutine.
type nativeCapture struct {
	ptr *C.fgc_capture
}

// openings guards the environment variable by which OpenCV takes FFmpeg's options:
// captures with options are opened one at a time, those without side by side.
var openings sync.RWMutex

// openFFmpeg opens a URL or a file. No call on the capture takes much longer than
// the timeouts.
func openFFmpeg(url, options string, open, read time.Duration) (*nativeCapture, error) {
	native()
	name := C.CString(url)
	defer C.free(unsafe.Pointer(name))
	var set *C.char
	if options == "" {
		openings.RLock()
		defer openings.RUnlock()
	} else {
		openings.Lock()
		defer openings.Unlock()
		set = C.CString(options)
		defer C.free(unsafe.Pointer(set))
	}
	var msg message
	c := C.fgc_open(name, set, C.int(open.Milliseconds()), C.int(read.Milliseconds()), msg.ptr(), msg.len())
	if c == nil {
		return nil, errors.New(msg.String())
	}
	return &nativeCapture{c}, nil
}

func openDevice(device string) (*nativeCapture, error) {
	native()
	name := C.CString(device)
	defer C.free(unsafe.Pointer(name))
	var msg message
	c := C.fgc_open_device(name, msg.ptr(), msg.len())
	if c == nil {
		return nil, errors.New(msg.String())
	}
	return &nativeCapture{c}, nil
}

// grab decodes the next picture. It fails with io.EOF when there is none, with
// what FFmpeg said about it, if anything.
func (c *nativeCapture) grab() error {
	var msg message
	switch C.fgc_grab(c.ptr, msg.ptr(), msg.len()) {
	case 0:
		return nil
	case 1:
		if said := msg.String(); said != "" {
			return fmt.Errorf("%s: %w", said, io.EOF)
		}
		return io.EOF
	}
	return errors.New(msg.String())
}

func (c *nativeCapture) retrieve(bgr *gocv.Mat) error {
	var msg message
	if C.fgc_retrieve(c.ptr, unsafe.Pointer(bgr.Ptr()), msg.ptr(), msg.len()) != 0 {
		return errors.New(msg.String())
	}
	return nil
}

func (c *nativeCapture) get(p gocv.VideoCaptureProperties) float64 {
	return float64(C.fgc_get(c.ptr, C.int(p)))
}

func (c *nativeCapture) close() { C.fgc_close(c.ptr) }

// A network is a loaded ONNX model, used by one goroutine at a time.
type network struct{ ptr *C.fgc_net }

func openNetwork(model string) (*network, error) {
	name := C.CString(model)
	defer C.free(unsafe.Pointer(name))
	var msg message
	n := C.fgc_net_open(name, msg.ptr(), msg.len())
	if n == nil {
		return nil, errors.New(msg.String())
	}
	return &network{n}, nil
}

// run gives the network a BGR picture scaled to side x side, and fills out.
func (n *network) run(bgr *gocv.Mat, side int, out []float32) error {
	var msg message
	got := C.fgc_net_run(n.ptr, unsafe.Pointer(bgr.Ptr()), C.int(side), (*C.float)(&out[0]), C.int(len(out)), msg.ptr(), msg.len())
	if got < 0 {
		return errors.New(msg.String())
	}
	if int(got) != len(out) {
		return fmt.Errorf("the model answers with %d numbers, not %d", got, len(out))
	}
	return nil
}

func (n *network) close() { C.fgc_net_close(n.ptr) }

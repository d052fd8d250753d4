package detector

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
	"image"
	"strings"
	"sync"
	"unsafe"

	"gocv.io/x/gocv"
)

var singleThreaded = sync.OnceFunc(func() { C.fg_single_threaded() })

// BLAS tells which library does the matrix products of the network: the file it
// was loaded from, and whether it is OpenBLAS. ATLAS is about twice as slow,
// the reference BLAS ten times.
func BLAS() (library string, openBLAS bool) {
	library = C.GoString(C.fg_blas_library())
	config := C.GoString(C.fg_blas_config())
	// Debian's libblas.so.3 is OpenBLAS under the common name, in a folder named for it.
	openBLAS = config != "" && !strings.Contains(library, "atlas") && !strings.HasSuffix(library, "/blas/libblas.so.3")
	if config != "" {
		library = fmt.Sprintf("%s (%s)", library, config)
	}
	return library, openBLAS
}

// shrink averages a BGR picture over areas; false where it is of another kind, or
// would not get smaller.
func shrink(from, to *gocv.Mat, size image.Point) bool {
	return C.fg_shrink(unsafe.Pointer(from.Ptr()), unsafe.Pointer(to.Ptr()), C.int(size.X), C.int(size.Y)) == 0
}

const (
	yunetFloats = 15   // of a face
	yunetMax    = 1024 // faces in one picture
	yunetNMS    = 0.3  // intersection over union above which two boxes are one face
)

// A yunet is a loaded YuNet (Wu, Peng, Yu, "YuNet: A Tiny Millisecond-level Face
// Detector", 2023), one goroutine at a time.
type yunet struct {
	ptr  unsafe.Pointer
	rows []float32
}

func newYunet(model string) (*yunet, error) {
	name := C.CString(model)
	defer C.free(unsafe.Pointer(name))
	msg := make([]C.char, 512)
	ptr := C.fg_yunet_new(name, doubt, yunetNMS, 5000, &msg[0], C.size_t(len(msg)))
	if ptr == nil {
		return nil, errors.New(C.GoString(&msg[0]))
	}
	return &yunet{ptr: ptr, rows: make([]float32, yunetFloats*yunetMax)}, nil
}

func (y *yunet) close() { C.fg_yunet_free(y.ptr) }

// detect returns rows of yunetFloats, valid until the next call.
func (y *yunet) detect(bgr *gocv.Mat) ([]float32, error) {
	msg := make([]C.char, 512)
	n := C.fg_yunet_detect(y.ptr, unsafe.Pointer(bgr.Ptr()), (*C.float)(&y.rows[0]), yunetMax, &msg[0], C.size_t(len(msg)))
	if n < 0 {
		return nil, fmt.Errorf("run YuNet: %s", C.GoString(&msg[0]))
	}
	return y.rows[:int(n)*yunetFloats], nil
}

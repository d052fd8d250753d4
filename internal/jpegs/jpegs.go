// Package jpegs decodes JPEGs of the usual kind in two thirds of OpenCV's time.
package jpegs

/*
#cgo pkg-config: opencv4
#cgo CXXFLAGS: -std=c++14 -O2
#cgo LDFLAGS: -ljpeg
#include "jpegs.h"
*/
import "C"

import (
	"unsafe"

	"gocv.io/x/gocv"
)

// Decode decodes a JPEG of three components into dst, as BGR of 8 bits, its EXIF
// orientation disregarded. usual is false, and dst as it was, where it is another
// kind of picture; ok is false where it cannot be decoded, or is cut off. Its size is the caller's to
// check before.
func Decode(data []byte, dst *gocv.Mat) (usual, ok bool) {
	if len(data) == 0 {
		return false, false
	}
	answer := C.jpegs_decode((*C.uint8_t)(&data[0]), C.size_t(len(data)), unsafe.Pointer(dst.Ptr()))
	return answer >= 0, answer == 0
}

// Package imdecode decodes pictures: JPEGs of the usual kind in two thirds of OpenCV's
// time, all others by OpenCV.
package imdecode

/*
#cgo pkg-config: opencv4
#cgo CXXFLAGS: -std=c++14 -O2
#cgo LDFLAGS: -ljpeg
#include "imdecode.h"
*/
import "C"

import (
	"bytes"
	"unsafe"

	"gocv.io/x/gocv"
)

// exifWithin is how far into a JPEG its EXIF block may begin: after those that may
// come before it, JFIF's and perhaps a colour profile's.
const exifWithin = 256 << 10

// Decode decodes a picture into dst; false where that cannot be done, and of a JPEG
// that is cut off. Its size is the caller's to check before.
func Decode(data []byte, flags gocv.IMReadFlag, dst *gocv.Mat) bool {
	if len(data) == 0 {
		return false
	}
	if flags == gocv.IMReadColor|gocv.IMReadIgnoreOrientation || flags == gocv.IMReadColor && !mayHaveToBeTurned(data) {
		if usual, ok := decodeJPEG(data, dst); usual {
			return ok
		}
	}
	return C.imdecode_any((*C.uint8_t)(&data[0]), C.size_t(len(data)), C.int(flags), unsafe.Pointer(dst.Ptr())) == 0
}

func mayHaveToBeTurned(data []byte) bool {
	return bytes.Contains(data[:min(len(data), exifWithin)], []byte("Exif\x00\x00"))
}

// decodeJPEG decodes a JPEG of three components into dst, as BGR of 8 bits, its EXIF
// orientation disregarded. usual is false, and dst as it was, where it is another
// kind of picture; ok is false where it cannot be decoded, or is cut off.
func decodeJPEG(data []byte, dst *gocv.Mat) (usual, ok bool) {
	if len(data) == 0 {
		return false, false
	}
	answer := C.imdecode_jpeg((*C.uint8_t)(&data[0]), C.size_t(len(data)), unsafe.Pointer(dst.Ptr()))
	return answer >= 0, answer == 0
}

// Package opencvyunet is YuNet as OpenCV runs it, cv::FaceDetectorYN, which GoCV does
// not offer: tests hold the detector's own to it.
package opencvyunet

/*
#cgo pkg-config: opencv4
#cgo CXXFLAGS: -std=c++14 -O2
#include <stdlib.h>
#include "yunet.h"
*/
import "C"

import (
	"errors"
	"unsafe"

	"gocv.io/x/gocv"
)

// Floats is the length of a row: box, landmarks and score of a face.
const Floats = 15

const most = 1024 // faces in one picture

// A YuNet is a loaded network, for one goroutine at a time.
type YuNet struct{ ptr unsafe.Pointer }

// Load reads the model file. Faces below score are dropped, and of those that overlap
// by more than nms all but the surest.
func Load(model string, score, nms float32) (*YuNet, error) {
	name := C.CString(model)
	defer C.free(unsafe.Pointer(name))
	ptr := C.ocv_yunet_new(name, C.float(score), C.float(nms), 5000)
	if ptr == nil {
		return nil, errors.New("OpenCV cannot load " + model)
	}
	return &YuNet{ptr}, nil
}

// Close frees the network.
func (y *YuNet) Close() { C.ocv_yunet_free(y.ptr) }

// Detect returns rows of Floats, the surest face first.
func (y *YuNet) Detect(bgr *gocv.Mat) ([]float32, error) {
	rows := make([]float32, Floats*most)
	n := C.ocv_yunet_detect(y.ptr, unsafe.Pointer(bgr.Ptr()), (*C.float)(&rows[0]), most)
	if n < 0 {
		return nil, errors.New("OpenCV cannot run YuNet")
	}
	return rows[:int(n)*Floats], nil
}

package camera

import (
	"fmt"
	"image"
	"math"

	"gocv.io/x/gocv"

	"facegate"
)

const (
	livenessSide  = 80  // px of the network's input
	livenessReach = 2.7 // sides of the part it sees over those of the face's box
	livenessClass = 1   // of its three answers, the one for a living face
)

// A livenessModel is MiniFASNetV2 of Silent-Face-Anti-Spoofing (minivision, 2020):
// it tells faces from photos and screens by their texture and surroundings, in one
// picture. It is used by one goroutine.
type livenessModel struct{ net *network }

func errNoLiveness() *facegate.Error {
	return facegate.NewError(facegate.CodeModelMissing, "liveness cannot be judged: its model file is missing",
		"put MiniFASNetV2_2.7_80x80.onnx into the folder of the models, or leave liveness out")
}

func openLiveness(model string) (*livenessModel, error) {
	native()
	net, err := openNetwork(model)
	if err != nil {
		return nil, &facegate.Error{Code: facegate.CodeModelDamaged, Detail: "OpenCV cannot load the model file " + model,
			Next: "facegate models pull", Err: err}
	}
	return &livenessModel{net}, nil
}

// score is how sure the model is that the face lives, 0..1.
func (m *livenessModel) score(bgr *gocv.Mat, b facegate.Box) (float64, error) {
	part := bgr.Region(livenessPart(b, bgr.Cols(), bgr.Rows()))
	defer part.Close()
	var answers [3]float32
	if err := m.net.run(&part, livenessSide, answers[:]); err != nil {
		return 0, fmt.Errorf("judge liveness: %w", err)
	}
	return softmax(answers[:])[livenessClass], nil
}

func (m *livenessModel) close() { m.net.close() }

// livenessPart is the part of a w x h picture that the model was trained to see
// around a face: 2.7 times its box about the same middle, less where the picture
// is smaller, and moved inside it.
func livenessPart(b facegate.Box, w, h int) image.Rectangle {
	scale := math.Min(livenessReach, math.Min(float64(w-1)/b.Width, float64(h-1)/b.Height))
	half := func(side float64) float64 { return side * scale / 2 }
	c := b.Center()
	x := math.Max(half(b.Width), math.Min(c.X, float64(w-1)-half(b.Width)))
	y := math.Max(half(b.Height), math.Min(c.Y, float64(h-1)-half(b.Height)))
	return image.Rect(int(x-half(b.Width)), int(y-half(b.Height)), int(x+half(b.Width))+1, int(y+half(b.Height))+1).
		Intersect(image.Rect(0, 0, w, h))
}

func softmax(v []float32) []float64 {
	top := v[0]
	for _, x := range v {
		top = max(top, x)
	}
	out, sum := make([]float64, len(v)), 0.0
	for i, x := range v {
		out[i] = math.Exp(float64(x - top))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

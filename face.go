package facegate

import (
	"context"
	"math"
	"time"
)

// A Point is a position in pixels: x to the right, y down, from the top left
// corner of the upright photo.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// A Box is a rectangle in pixels of the upright photo. It may reach over the
// photo's border when a face is cut by it.
type Box struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
}

// Area is the box's area in square pixels.
func (b Box) Area() float64 { return b.Width * b.Height }

// Center is the middle of the box.
func (b Box) Center() Point { return Point{b.X + b.Width/2, b.Y + b.Height/2} }

// IoU is the intersection of two boxes over their union, 0..1.
func (b Box) IoU(o Box) float64 {
	w := math.Min(b.X+b.Width, o.X+o.Width) - math.Max(b.X, o.X)
	h := math.Min(b.Y+b.Height, o.Y+o.Height) - math.Max(b.Y, o.Y)
	if w <= 0 || h <= 0 {
		return 0
	}
	inter := w * h
	return inter / (b.Area() + o.Area() - inter)
}

// Landmarks are the five points YuNet finds in a face. Right and left are the
// face's own: in a frontal photo the right eye is on the viewer's left.
type Landmarks struct {
	RightEye   Point `json:"right_eye"`
	LeftEye    Point `json:"left_eye"`
	Nose       Point `json:"nose"`
	MouthRight Point `json:"mouth_right"`
	MouthLeft  Point `json:"mouth_left"`
}

// Quality says how much a face can be trusted as a sample.
type Quality struct {
	Overall    float64  `json:"overall"`    // 0 (useless) .. 1 (good); the weakest factor decides
	Size       float64  `json:"size"`       // shorter side of the box, px
	Sharpness  float64  `json:"sharpness"`  // variance of the Laplacian on the 8-bit grey crop, 0 or more
	Brightness float64  `json:"brightness"` // mean grey of the crop, 0..1
	Contrast   float64  `json:"contrast"`   // standard deviation of grey, 0..0.5
	Yaw        float64  `json:"yaw"`        // degrees, positive: turned towards the face's own left
	Pitch      float64  `json:"pitch"`      // degrees, positive: looking up
	Roll       float64  `json:"roll"`       // degrees, positive: tilted clockwise as the viewer sees it
	Border     float64  `json:"border"`     // px from the box to the nearest border of the photo, negative where cut
	Reasons    []string `json:"reasons"`    // what is wrong, in words; empty when nothing is
}

// A Face is one face found in a photo.
type Face struct {
	Box       Box        `json:"box"`
	Score     float64    `json:"score"` // the detector's confidence, 0..1
	Landmarks Landmarks  `json:"landmarks"`
	Quality   Quality    `json:"quality"`
	Embedding *Embedding `json:"embedding,omitempty"` // nil where not asked for, and where the face cannot be aligned
	Crop      []byte     `json:"-"`                   // upright face crop as JPEG, 225x225 px; only when asked for
}

// A Photo is an uploaded or read file, with the name it came under.
type Photo struct {
	Name string
	Data []byte
	// MinScore drops faces the detector is less sure of, see AnalyseOptions.
	MinScore float64
}

// A PhotoCleaner takes out of a photo what is not picture, so that it may be kept.
// It is safe for concurrent use, bounded, and obeys its context.
type PhotoCleaner interface {
	// CleanPhoto gives a picture of the same pixels, and its media type, such as
	// image/jpeg. Errors: those of [Analyser].
	CleanPhoto(ctx context.Context, photo []byte) (data []byte, mediaType string, err error)
}

// An Analysis is what was found in one photo. Faces are ordered by area, the
// largest first.
type Analysis struct {
	Width  int    `json:"width"`  // of the upright photo, px
	Height int    `json:"height"` // of the upright photo, px
	Faces  []Face `json:"faces"`
	Stages Stages `json:"-"`
}

// Stages tells where the time of an analysis went. Waiting for a free worker is
// in none of them. Faces of one photo may be embedded side by side, so Crop and
// Embed add up work, not wall time.
type Stages struct {
	Decode, Detect, Crop, Embed time.Duration
}

// AnalyseOptions choose how much an analysis does. The zero value detects only.
type AnalyseOptions struct {
	Embed      bool    // compute embeddings
	Crops      bool    // return the upright crop of each face
	SmallFaces bool    // add a pass at full size in tiles, for faces that would be under about 20 px in the bounded picture
	MinScore   float64 // drop faces the detector is less sure of, 0..1; 0: the detector's own threshold
	MaxFaces   int     // keep the largest n faces; 0: all
}

// An Analyser turns a photo into faces. It is safe for concurrent use, bounded,
// and obeys its context.
//
// Errors: [CodeEmpty], [CodeNotAnImage], [CodeUnsupportedFormat], [CodeTooLarge],
// [CodeTruncated] for the photo; [CodeBusy] when the queue is full; the
// context's own error. A photo without a face is not an error.
type Analyser interface {
	Analyse(ctx context.Context, photo []byte, o AnalyseOptions) (Analysis, error)
	// Recipe names how embeddings are made: the model files and every step that
	// changes the numbers. Embeddings of different recipes do not compare.
	Recipe() string
}

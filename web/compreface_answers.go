package web

import (
	"math"
	"time"

	"facegate"
)

// A comprefaceBox is a box by its corners, within the photo.
type comprefaceBox struct {
	Probability float64 `json:"probability"`
	XMax        int     `json:"x_max"`
	YMax        int     `json:"y_max"`
	XMin        int     `json:"x_min"`
	YMin        int     `json:"y_min"`
}

// A comprefaceFace is what every answer tells of a face. What was not asked for is
// left out.
type comprefaceFace struct {
	Box           comprefaceBox       `json:"box"`
	Landmarks     [][2]int            `json:"landmarks,omitempty"` // eyes, nose, corners of the mouth; the viewer's left first
	Embedding     *facegate.Embedding `json:"embedding,omitempty"`
	ExecutionTime map[string]float64  `json:"execution_time,omitempty"` // ms
}

// A comprefacePhoto is a photo whose faces are told.
type comprefacePhoto struct {
	options       comprefaceOptions
	width, height int
	faces         int
	stages        facegate.Stages
}

func comprefacePhotoOf(a facegate.Analysis, o comprefaceOptions) comprefacePhoto {
	return comprefacePhoto{o, a.Width, a.Height, len(a.Faces), a.Stages}
}

func (p comprefacePhoto) face(f facegate.Face) comprefaceFace {
	within := func(v float64, most int) int { return min(max(int(math.Round(v)), 0), most) }
	answer := comprefaceFace{Box: comprefaceBox{
		Probability: round5(f.Score),
		XMin:        within(f.Box.X, p.width), XMax: within(f.Box.X+f.Box.Width, p.width),
		YMin: within(f.Box.Y, p.height), YMax: within(f.Box.Y+f.Box.Height, p.height),
	}}
	if p.options.landmarks {
		l := f.Landmarks
		for _, point := range []facegate.Point{l.RightEye, l.LeftEye, l.Nose, l.MouthRight, l.MouthLeft} {
			answer.Landmarks = append(answer.Landmarks, [2]int{int(math.Round(point.X)), int(math.Round(point.Y))})
		}
	}
	if p.options.calculator {
		answer.Embedding = f.Embedding
	}
	if p.options.status {
		answer.ExecutionTime = map[string]float64{"detector": milliseconds(p.stages.Decode + p.stages.Detect)}
		if p.stages.Embed > 0 { // of all faces, side by side
			answer.ExecutionTime["calculator"] = milliseconds((p.stages.Crop + p.stages.Embed) / time.Duration(max(1, p.faces)))
		}
	}
	return answer
}

// versions names what finds faces and what measures them; nil where it was not
// asked for.
func (o comprefaceOptions) versions(calculated bool) map[string]string {
	if !o.status {
		return nil
	}
	versions := map[string]string{"detector": "opencv.YuNet"}
	if calculated {
		versions["calculator"] = "dlib.ResNet"
	}
	return versions
}

func milliseconds(d time.Duration) float64 {
	return math.Round(d.Seconds()*1e4) / 10
}

// round5 is v to the five decimals that CompreFace gives.
func round5(v float64) float64 { return math.Round(v*1e5) / 1e5 }

// A comprefaceSubject is a person near a face.
type comprefaceSubject struct {
	Subject    string  `json:"subject"`
	Similarity float64 `json:"similarity"`
}

func comprefaceSubjectsOf(candidates []facegate.Candidate) []comprefaceSubject {
	subjects := make([]comprefaceSubject, len(candidates))
	for i, c := range candidates {
		subjects[i] = comprefaceSubject{c.Person.Name, round5(c.Similarity)}
	}
	return subjects
}

// similarityOf is 0 for a face that could not be measured.
func similarityOf(v *facegate.Verification) float64 {
	if v == nil {
		return 0
	}
	return round5(v.Similarity)
}

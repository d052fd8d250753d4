package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"facegate"

	"github.com/gin-gonic/gin"
)

// A visionAnswer is every answer of the dialects, each with the members it has.
type visionAnswer struct {
	Success     bool         `json:"success"`
	Message     string       `json:"message,omitempty"`
	Predictions []visionFace `json:"predictions,omitzero"`
	Count       *int         `json:"count,omitempty"` // of predictions; CodeProject.AI alone
	Faces       []string     `json:"faces,omitzero"`
	Similarity  *float64     `json:"similarity,omitempty"`
	Duration    *float64     `json:"duration,omitempty"` // seconds; DeepStack alone
	*visionServer
}

// A visionServer is what CodeProject.AI tells with every answer.
type visionServer struct {
	Code                int    `json:"code"`
	Command             string `json:"command"`
	ModuleID            string `json:"moduleId"`
	ModuleName          string `json:"moduleName"`
	ExecutionProvider   string `json:"executionProvider"`
	CanUseGPU           bool   `json:"canUseGPU"`
	InferenceMs         int64  `json:"inferenceMs"`
	ProcessMs           int64  `json:"processMs"`
	AnalysisRoundTripMs int64  `json:"analysisRoundTripMs"`
}

// A visionFace is a face by its corners, in whole pixels within the photo.
type visionFace struct {
	Confidence float64 `json:"confidence"`
	UserID     string  `json:"userid,omitempty"`
	YMin       int     `json:"y_min"`
	XMin       int     `json:"x_min"`
	YMax       int     `json:"y_max"`
	XMax       int     `json:"x_max"`
}

func visionBox(b facegate.Box, width, height int) visionFace {
	within := func(v float64, most int) int { return min(max(int(v), 0), most) }
	return visionFace{
		XMin: within(b.X, width), XMax: within(b.X+b.Width, width),
		YMin: within(b.Y, height), YMax: within(b.Y+b.Height, height),
	}
}

// found is the answer with faces; only CodeProject.AI counts them, in words too.
func (v vision) found(predictions []visionFace, message string) visionAnswer {
	a := visionAnswer{Predictions: predictions}
	if v.codeproject {
		count := len(predictions)
		a.Count, a.Message = &count, message
	}
	return a
}

// answerWhole sends v with its length told: some clients cannot read an answer
// in chunks, Blue Iris among them.
func answerWhole(c *gin.Context, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	c.Header("Content-Length", strconv.Itoa(len(body)))
	c.Data(http.StatusOK, mediaJSON, body)
	return nil
}

// A visionFailure is an error of the dialects. Its words are theirs; what
// facegate has to say, and what to do next, is in detail.
type visionFailure struct {
	Success   bool     `json:"success"`
	Error     string   `json:"error"`
	Code      int      `json:"code,omitempty"`     // 500: CodeProject.AI, which has no other
	Duration  *float64 `json:"duration,omitempty"` // 0: DeepStack
	Detail    string   `json:"detail,omitempty"`
	RequestID string   `json:"request_id"`
}

// failure tells a problem in the dialect's words. DeepStack has statuses of
// HTTP. CodeProject.AI answers 200 to whatever it understood, and so does this;
// but it knows no keys and is never busy: those keep their status.
func (v vision) failure(c *gin.Context, p Problem) (int, any) {
	detail := detailAndNext(p)
	if r, ok := p.refusal(); ok {
		p.Code, p.Detail, detail = r.Code, r.Detail, r.Detail
	}
	status, words := v.words(c, p)
	f := visionFailure{Error: words, RequestID: p.RequestID}
	if detail != words {
		f.Detail = detail
	}
	if v.codeproject {
		f.Code = http.StatusInternalServerError
	} else {
		f.Duration = new(float64)
	}
	return status, f
}

// detailAndNext is all that a problem says, in one line.
func detailAndNext(p Problem) string {
	if p.Next == "" {
		return p.Detail
	}
	return strings.TrimSuffix(p.Detail, ".") + "; " + p.Next
}

func (v vision) words(c *gin.Context, p Problem) (status int, words string) {
	either := func(deepstack, codeproject string) string {
		if v.codeproject {
			return codeproject
		}
		return deepstack
	}
	bad := http.StatusBadRequest
	if v.codeproject {
		bad = http.StatusOK
	}
	if status = p.Status; status == http.StatusUnprocessableEntity { // a photo that does not serve
		status = bad
	}
	switch p.Code {
	case facegate.CodeUnauthorized, facegate.CodeKeyMalformed, facegate.CodeKeyRefused, facegate.CodeSessionNeeded:
		return status, "Incorrect api key"
	case facegate.CodeEmpty, facegate.CodeNotAnImage, facegate.CodeUnsupportedFormat, facegate.CodeTruncated:
		return bad, either("invalid image", "The image provided was of an unknown type")
	case facegate.CodeNoFace:
		switch path.Base(c.FullPath()) {
		case "match":
			return http.StatusOK, either("no face found", "No face found in one or both images")
		case "register":
			return bad, either("no face detected", "No face detected")
		}
		return http.StatusOK, "No face found in image"
	case facegate.CodeInvalid, facegate.CodeUnsupportedMedia:
		return bad, p.Detail
	case facegate.CodeNotFound:
		if words := offDuty(c.Request.URL.Path); words != "" && !v.codeproject {
			return http.StatusForbidden, words
		}
	case facegate.CodeInternal, facegate.CodeDatabase, facegate.CodeModelMissing, facegate.CodeModelDamaged, facegate.CodeWrongKey:
		return status, either("error occured on the server", "An Error occurred during processing")
	}
	return status, p.Detail
}

// offDuty is what DeepStack says of a part of it that was not switched on; empty
// for what is no part of it.
func offDuty(address string) string {
	part, _, _ := strings.Cut(strings.TrimPrefix(address, "/v1/vision/"), "/")
	switch part {
	case "detection":
		return "Detection endpoint not activated"
	case "scene":
		return "Scene endpoint not activated"
	case "custom":
		return "Custom vision endpoint not activated"
	case "enhance":
		return "Enhance endpoint not activated"
	}
	return ""
}

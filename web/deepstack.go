package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"facegate"

	"github.com/gin-gonic/gin"
)

// A vision is the dialect of DeepStack's face API (https://docs.deepstack.cc), or
// of CodeProject.AI's, which took over its addresses and has other answers. Of
// what they do besides faces nothing is there.
type vision struct {
	codeproject bool
}

func deepstack() *dialect {
	d := vision{}.dialect()
	d.name = "deepstack"
	return d
}

func codeproject() *dialect {
	d := vision{codeproject: true}.dialect()
	d.name, d.optional = "codeproject", true
	return d
}

func (v vision) dialect() *dialect {
	holders := func(scope facegate.Scope) grant { return grant{scopes: []facegate.Scope{scope}} }
	return &dialect{
		prefixes: []string{"/v1/vision/"},
		routes:   v.routes,
		failure:  v.failure,
		key:      formKey("api_key", "admin_key"),
		grants: map[string]grant{
			"POST /v1/vision/face":           holders(facegate.ScopeDetect),
			"POST /v1/vision/face/":          holders(facegate.ScopeDetect),
			"POST /v1/vision/face/recognize": holders(facegate.ScopeIdentify),
			"POST /v1/vision/face/match":     holders(facegate.ScopeVerify),
			"POST /v1/vision/face/register":  holders(facegate.ScopeEnroll),
			"POST /v1/vision/face/list":      holders(facegate.ScopeEnroll),
			"POST /v1/vision/face/delete":    holders(facegate.ScopeEnroll),
		},
	}
}

// A visionCall answers a form, once all of it is there.
type visionCall func(s *Server, c *gin.Context, f *clientForm) (visionAnswer, error)

func (v vision) routes(s *Server, r *gin.Engine) {
	face := r.Group("/v1/vision/face", noStore)
	for address, call := range map[string]struct {
		command string // in CodeProject.AI's words
		answer  visionCall
	}{
		"":           {"detect", v.detect},
		"/":          {"detect", v.detect},
		"/recognize": {"recognize", v.recognize},
		"/match":     {"match", v.match},
		"/register":  {"register", v.register},
		"/list":      {"list", v.list},
		"/delete":    {"delete", v.delete},
	} {
		face.POST(address, s.handle(func(c *gin.Context) error {
			f := s.formOf(c, maxTextBytes)
			if err := f.readAll(); err != nil {
				return err
			}
			started := s.Now()
			a, err := call.answer(s, c, f)
			if err != nil {
				return err
			}
			return v.send(c, a, call.command, s.Now().Sub(started))
		}))
	}
}

// noImage is the want of a photo in DeepStack's words.
func noImage() error {
	return invalid(fmt.Sprintf("send the photo as a file in the field image of %s", mediaMultipart), "No valid image file found")
}

// leastConfidence is min_confidence; 0 where it was not sent.
func leastConfidence(f *clientForm) (float64, error) {
	v := f.text("min_confidence")
	if v == "" {
		return 0, nil
	}
	least, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil || math.IsNaN(least):
		return 0, invalid("give a number from 0 to 1", "Invalid value for min_confidence")
	case least > 1:
		return 0, invalid("give a number from 0 to 1", "min_confidence cannot be greater than 1")
	}
	return max(least, 0), nil
}

// photoAndConfidence is what both searches for faces take.
func photoAndConfidence(f *clientForm) (facegate.Photo, float64, error) {
	photo, ok := f.photo("image")
	if !ok {
		return photo, 0, noImage()
	}
	least, err := leastConfidence(f)
	return photo, least, err
}

// detect answers POST /v1/vision/face.
func (v vision) detect(s *Server, c *gin.Context, f *clientForm) (visionAnswer, error) {
	photo, least, err := photoAndConfidence(f)
	if err != nil {
		return visionAnswer{}, err
	}
	a, err := s.detectFaces(c, photo.Data, facegate.AnalyseOptions{MinScore: least})
	if err != nil {
		return visionAnswer{}, err
	}
	predictions := make([]visionFace, len(a.Faces))
	for i, face := range a.Faces {
		predictions[i] = visionBox(face.Box, a.Width, a.Height)
		predictions[i].Confidence = face.Score
	}
	message := fmt.Sprintf("Found %d faces", len(predictions))
	if len(predictions) == 1 {
		message = "Found 1 face"
	}
	return v.found(predictions, message), nil
}

// recognize answers POST /v1/vision/face/recognize. A face has a name only when
// it is a match, and at least as similar as the client wants; otherwise it is
// "unknown", with no confidence at all.
func (v vision) recognize(s *Server, c *gin.Context, f *clientForm) (visionAnswer, error) {
	photo, least, err := photoAndConfidence(f)
	if err != nil {
		return visionAnswer{}, err
	}
	r, err := s.identifyFaces(c, photo.Data, facegate.IdentifyOptions{Candidates: 1})
	if err != nil {
		return visionAnswer{}, err
	}
	if v.codeproject && len(r.Faces) == 0 {
		return visionAnswer{}, facegate.NewError(facegate.CodeNoFace, "the photo shows no face", "")
	}
	predictions := make([]visionFace, len(r.Faces))
	message := "No known faces"
	for i, face := range r.Faces {
		predictions[i] = visionBox(face.Box, r.Width, r.Height)
		predictions[i].UserID = "unknown"
		if face.Decision == facegate.Match && face.Candidates[0].Similarity >= least {
			predictions[i].UserID, predictions[i].Confidence = face.Candidates[0].Person.Name, face.Candidates[0].Similarity
			message = "A face was recognised"
		}
	}
	return v.found(predictions, message), nil
}

// match answers POST /v1/vision/face/match: two photos, of each the largest face.
func (v vision) match(s *Server, c *gin.Context, f *clientForm) (visionAnswer, error) {
	photos := f.photos()
	switch {
	case len(photos) == 0:
		return visionAnswer{}, noImage()
	case len(photos) == 1:
		return visionAnswer{}, invalid("send two photos, in image1 and image2", "expected two image files, only one found")
	case len(photos) > 2:
		return visionAnswer{}, invalid("send two photos, in image1 and image2", "only two images allowed")
	}
	verified, err := s.verifyFaces(c, func(ctx context.Context) (facegate.Verification, error) {
		return s.Recognition.Verify(ctx, photos[0], photos[1], facegate.VerifyOptions{Largest: true})
	})
	if err != nil {
		return visionAnswer{}, err
	}
	return visionAnswer{Similarity: &verified.Similarity}, nil
}

// register answers POST /v1/vision/face/register: any number of photos, under
// whatever names. One that can be enrolled is enough.
func (v vision) register(s *Server, c *gin.Context, f *clientForm) (visionAnswer, error) {
	if len(f.files) == 0 {
		return visionAnswer{}, noImage()
	}
	name, err := userID(f)
	if err != nil {
		return visionAnswer{}, err
	}
	e, err := s.enrolNamed(c, s.People.PersonByName, name, f.photos())
	if err != nil {
		return visionAnswer{}, err
	}
	message := "face updated"
	if e.SampleCount == len(e.Samples) { // there were none before
		message = "face added"
	}
	return visionAnswer{Message: message}, nil
}

func userID(f *clientForm) (string, error) {
	name := f.text("userid")
	if name == "" {
		return "", invalid("send the person's name in the field userid", "userid not specified")
	}
	return name, nil
}

// list answers POST /v1/vision/face/list: everybody with photos, by name.
func (v vision) list(s *Server, c *gin.Context, _ *clientForm) (visionAnswer, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	names := []string{}
	for filter := (facegate.PeopleFilter{Limit: maxPeople}); ; {
		page, err := s.People.List(ctx, filter)
		if err != nil {
			return visionAnswer{}, err
		}
		for _, p := range page.People {
			if p.SampleCount > 0 {
				names = append(names, p.Name)
			}
		}
		if page.Next == "" {
			return visionAnswer{Faces: names}, nil
		}
		filter.After = page.Next
	}
}

// delete answers POST /v1/vision/face/delete: it erases the person. Nobody of
// that name is no error.
func (v vision) delete(s *Server, c *gin.Context, f *clientForm) (visionAnswer, error) {
	name, err := userID(f)
	if err != nil {
		return visionAnswer{}, err
	}
	ctx, cancel := s.working(c)
	defer cancel()
	p, err := s.People.PersonByName(ctx, name)
	if err == nil {
		err = s.People.Delete(ctx, p.ID)
	}
	if err != nil && facegate.CodeOf(err) != facegate.CodePersonNotFound {
		return visionAnswer{}, err
	}
	return visionAnswer{}, nil
}

// send completes an answer. CodeProject.AI's own clients read the three times,
// which are one here: what passes between the last byte of the request and the
// answer.
func (v vision) send(c *gin.Context, a visionAnswer, command string, took time.Duration) error {
	a.Success = true
	if v.codeproject {
		a.visionServer = &visionServer{
			Code: http.StatusOK, Command: command, ModuleID: "FaceProcessing", ModuleName: "facegate", ExecutionProvider: "CPU",
			InferenceMs: took.Milliseconds(), ProcessMs: took.Milliseconds(), AnalysisRoundTripMs: took.Milliseconds(),
		}
	} else {
		seconds := took.Seconds()
		a.Duration = &seconds
	}
	return answerWhole(c, a)
}

package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// readComprefacePhoto reads the options and the one photo of a request.
func (s *Server) readComprefacePhoto(c *gin.Context) (facegate.Photo, comprefaceOptions, error) {
	o, err := comprefaceParams(c).comprefaceOptions(c)
	if err != nil {
		return facegate.Photo{}, o, err
	}
	photos, err := s.comprefacePhotos(c, "file")
	if err != nil {
		return facegate.Photo{}, o, err
	}
	photos[0].MinScore = o.score
	return photos[0], o, nil
}

// noFace is a photo without one, for which CompreFace has an error.
func noFace() error { return facegate.NewError(facegate.CodeNoFace, "no face was found", "") }

// comprefaceRecognize answers POST /recognition/recognize with the nearest people,
// whatever their distance: CompreFace leaves it to its clients to draw the line.
func (s *Server) comprefaceRecognize(c *gin.Context) error {
	photo, o, err := s.readComprefacePhoto(c)
	if err != nil {
		return err
	}
	r, err := s.identifyFaces(c, photo.Data, facegate.IdentifyOptions{
		Candidates: o.predictions, MinScore: o.score, MaxFaces: o.limit, Embeddings: o.calculator,
	})
	if err != nil {
		return err
	}
	if len(r.Faces) == 0 {
		return noFace()
	}
	type recognized struct {
		comprefaceFace
		Subjects []comprefaceSubject `json:"subjects"`
	}
	told := comprefacePhoto{o, r.Width, r.Height, len(r.Faces), r.Stages}
	result := make([]recognized, len(r.Faces))
	for i, f := range r.Faces {
		result[i] = recognized{told.face(f.Face), comprefaceSubjectsOf(f.Candidates)}
	}
	return answer(c, http.StatusOK, struct {
		Result   []recognized      `json:"result"`
		Versions map[string]string `json:"plugins_versions,omitempty"`
	}{result, o.versions(true)})
}

// comprefaceDetect answers POST /detection/detect.
func (s *Server) comprefaceDetect(c *gin.Context) error {
	photo, o, err := s.readComprefacePhoto(c)
	if err != nil {
		return err
	}
	a, err := s.detectFaces(c, photo.Data, facegate.AnalyseOptions{Embed: o.calculator, MinScore: o.score, MaxFaces: o.limit})
	if err != nil {
		return err
	}
	if len(a.Faces) == 0 {
		return noFace()
	}
	told := comprefacePhotoOf(a, o)
	result := make([]comprefaceFace, len(a.Faces))
	for i, f := range a.Faces {
		result[i] = told.face(f)
	}
	return answer(c, http.StatusOK, struct {
		Result   []comprefaceFace  `json:"result"`
		Versions map[string]string `json:"plugins_versions,omitempty"`
	}{result, o.versions(o.calculator)})
}

// comprefaceVerifyFace answers POST /recognition/faces/{image_id}/verify: every
// face of a photo against one sample.
func (s *Server) comprefaceVerifyFace(c *gin.Context) error {
	photo, o, err := s.readComprefacePhoto(c)
	if err != nil {
		return err
	}
	cmp, err := s.compareFaces(c, facegate.Reference{SampleID: c.Param("id")}, photo, facegate.CompareOptions{MaxFaces: o.limit, Embeddings: o.calculator})
	if facegate.CodeOf(err) == facegate.CodeSampleNotFound {
		return noSuchImage(c.Param("id"))
	}
	if err != nil {
		return err
	}
	type verified struct {
		comprefaceFace
		Subject    string  `json:"subject"`
		Similarity float64 `json:"similarity"`
	}
	told := comprefacePhotoOf(cmp.Photo, o)
	result := make([]verified, len(cmp.Photo.Faces))
	for i, f := range cmp.Photo.Faces {
		result[i] = verified{told.face(f), cmp.Person.Name, similarityOf(cmp.Verifications[i])}
	}
	return answer(c, http.StatusOK, struct {
		Result   []verified        `json:"result"`
		Versions map[string]string `json:"plugins_versions,omitempty"`
	}{result, o.versions(true)})
}

// comprefaceVerify answers POST /verification/verify: every face of the target
// against the one of the source.
func (s *Server) comprefaceVerify(c *gin.Context) error {
	o, err := comprefaceParams(c).comprefaceOptions(c)
	if err != nil {
		return err
	}
	photos, err := s.comprefacePhotos(c, "source_image", "target_image")
	if err != nil {
		return err
	}
	source, target := photos[0], photos[1]
	source.MinScore, target.MinScore = o.score, o.score
	cmp, err := s.compareFaces(c, facegate.Reference{Photo: &source}, target, facegate.CompareOptions{MaxFaces: o.limit, Embeddings: o.calculator})
	if err != nil {
		return err
	}
	type match struct {
		comprefaceFace
		Similarity float64 `json:"similarity"`
	}
	told := comprefacePhotoOf(cmp.Photo, o)
	matches := make([]match, len(cmp.Photo.Faces))
	for i, f := range cmp.Photo.Faces {
		matches[i] = match{told.face(f), similarityOf(cmp.Verifications[i])}
	}
	type verified struct {
		Source   comprefaceFace    `json:"source_image_face"`
		Matches  []match           `json:"face_matches"`
		Versions map[string]string `json:"plugins_versions,omitempty"`
	}
	of := comprefacePhotoOf(*cmp.Reference, o).face(cmp.Reference.Faces[0])
	return answer(c, http.StatusOK, map[string][]verified{"result": {{of, matches, o.versions(true)}}})
}

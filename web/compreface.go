package web

import (
	"fmt"
	"net/http"
	"strings"

	"facegate"

	"github.com/gin-gonic/gin"
)

// The files compreface*.go speak the API of CompreFace 1.2, as its server answers
// and as its clients ask: https://github.com/exadel-inc/CompreFace. A subject is a
// person by name, an image_id a sample's id. docs/dialects.md says what differs.
const comprefacePrefix = "/api/v1/"

// A comprefaceRoute is an address below the prefix. Each is there with a slash at
// its end, too.
type comprefaceRoute struct {
	method, path string
	grant        grant
	handle       func(*Server, *gin.Context) error
}

func comprefaceRoutes() []comprefaceRoute {
	var (
		enroll   = grant{scopes: []facegate.Scope{facegate.ScopeEnroll}}
		identify = grant{scopes: []facegate.Scope{facegate.ScopeIdentify}}
		verify   = grant{scopes: []facegate.Scope{facegate.ScopeVerify}}
		detect   = grant{scopes: []facegate.Scope{facegate.ScopeDetect}}
		get, put = http.MethodGet, http.MethodPut
		post     = http.MethodPost
		remove   = http.MethodDelete
	)
	return []comprefaceRoute{
		{get, "config", grant{public: true}, (*Server).comprefaceConfig},

		{post, "recognition/subjects", enroll, (*Server).comprefaceAddSubject},
		{get, "recognition/subjects", enroll, (*Server).comprefaceSubjects},
		{remove, "recognition/subjects", enroll, (*Server).comprefaceDeleteSubjects},
		{put, "recognition/subjects/:subject", enroll, (*Server).comprefaceRenameSubject},
		{remove, "recognition/subjects/:subject", enroll, (*Server).comprefaceDeleteSubject},

		{post, "recognition/faces", enroll, (*Server).comprefaceAddFace},
		{get, "recognition/faces", enroll, (*Server).comprefaceFaces},
		{remove, "recognition/faces", enroll, (*Server).comprefaceClearFaces},
		{post, "recognition/faces/delete", enroll, (*Server).comprefaceDeleteFaces},
		{remove, "recognition/faces/:id", enroll, (*Server).comprefaceDeleteFace},
		{get, "recognition/faces/:id/img", enroll, (*Server).comprefacePicture},
		{get, "static/:key/images/:id", enroll, (*Server).comprefaceSharedPicture},

		{post, "recognition/recognize", identify, (*Server).comprefaceRecognize},
		{post, "recognition/faces/:id/verify", verify, (*Server).comprefaceVerifyFace},
		{post, "verification/verify", verify, (*Server).comprefaceVerify},
		{post, "detection/detect", detect, (*Server).comprefaceDetect},

		{post, "recognition/embeddings/recognize", identify, (*Server).comprefaceRecognizeEmbeddings},
		{post, "recognition/embeddings/faces/:id/verify", verify, (*Server).comprefaceVerifyFaceEmbeddings},
		{post, "verification/embeddings/verify", verify, (*Server).comprefaceVerifyEmbeddings},
	}
}

// unnamed are addresses whose last part is missing: a client that puts an empty
// name behind the slash means nobody, and must not get what means everybody.
var unnamed = map[string]string{
	"DELETE recognition/subjects/": "subject",
	"PUT recognition/subjects/":    "subject",
	"DELETE recognition/faces/":    "image_id",
}

func comprefaceDialect() *dialect {
	d := &dialect{
		name: "compreface", prefixes: []string{comprefacePrefix},
		failure: comprefaceFailure, key: comprefaceKey, grants: map[string]grant{},
	}
	handlers := map[string]func(*Server, *gin.Context) error{}
	for _, r := range comprefaceRoutes() {
		for _, slash := range []string{"", "/"} {
			handlers[r.method+" "+r.path+slash] = r.handle
			d.grants[r.method+" "+comprefacePrefix+r.path+slash] = r.grant
		}
	}
	for route, variable := range unnamed {
		handlers[route] = func(_ *Server, c *gin.Context) error {
			return comprefaceRefusal(c, 35, "Required path variable %s is missing", variable)
		}
		method, path, _ := strings.Cut(route, " ")
		d.grants[method+" "+comprefacePrefix+path] = grant{scopes: []facegate.Scope{facegate.ScopeEnroll}}
	}
	d.routes = func(s *Server, r *gin.Engine) {
		for route, h := range handlers {
			method, path, _ := strings.Cut(route, " ")
			r.Handle(method, comprefacePrefix+path, noStore, s.handle(func(c *gin.Context) error { return h(s, c) }))
		}
	}
	return d
}

// comprefaceKey is the key in the address of a picture that is made to be put into
// a web page, which can send no header.
func comprefaceKey(_ *Server, c *gin.Context) (secret string, shown bool, err error) {
	key := c.Param("key")
	return strings.TrimSpace(key), key != "", nil
}

// comprefaceConfig answers GET /config: what is this server's own limit, in bytes.
func (s *Server) comprefaceConfig(c *gin.Context) error {
	return answer(c, http.StatusOK, map[string]int64{"clientMaxFileSize": s.MaxPhotoBytes, "clientMaxBodySize": s.MaxBodyBytes})
}

// A comprefaceProblem is an error as CompreFace tells it.
type comprefaceProblem struct {
	Message string `json:"message"`
	Code    int    `json:"code"`
}

const keyComprefaceCode = "facegate.compreface_code"

// comprefaceRefusal is a request that is wrong, with CompreFace's code and words
// for it.
func comprefaceRefusal(c *gin.Context, code int, format string, args ...any) error {
	c.Set(keyComprefaceCode, code)
	return facegate.NewError(facegate.CodeInvalid, fmt.Sprintf(format, args...), "")
}

// comprefaceCodes are statuses, codes and, where they are not empty, words for our
// codes. What is not here keeps its status, and has the code 26 (validation) where
// the sender can mend it, 41 (failure of the core) where the fault is ours, and else 0.
var comprefaceCodes = map[facegate.Code]struct {
	status, code int
	message      string
}{
	facegate.CodeUnauthorized:  {http.StatusBadRequest, 20, "Missing header: x-api-key"},
	facegate.CodeSessionNeeded: {http.StatusBadRequest, 20, "Missing header: x-api-key"},
	facegate.CodeKeyMalformed:  {http.StatusBadRequest, 26, "Service API key should be UUID"},
	facegate.CodeKeyRefused:    {http.StatusNotFound, 10, "Service with this API key not found"},
	facegate.CodeForbidden:     {http.StatusNotFound, 10, ""}, // a key of another service

	facegate.CodeNoFace:            {http.StatusBadRequest, 28, "No face is found in the given image"},
	facegate.CodeSeveralFaces:      {http.StatusBadRequest, 31, "More than one face in the source image"},
	facegate.CodeLowQuality:        {http.StatusBadRequest, 26, ""},
	facegate.CodeTooLarge:          {http.StatusRequestEntityTooLarge, 26, ""},
	facegate.CodeEmpty:             {http.StatusBadRequest, 21, ""},
	facegate.CodeTruncated:         {http.StatusBadRequest, 21, ""},
	facegate.CodeNotAnImage:        {http.StatusBadRequest, 21, ""},
	facegate.CodeUnsupportedFormat: {http.StatusBadRequest, 21, ""},
	facegate.CodeInvalidEmbedding:  {http.StatusBadRequest, 37, ""},
	facegate.CodePersonNotFound:    {http.StatusNotFound, 42, ""},
	facegate.CodeNameTaken:         {http.StatusBadRequest, 43, "Subject already exists"},
	facegate.CodeSampleNotFound:    {http.StatusNotFound, 44, ""},
}

func comprefaceFailure(c *gin.Context, p Problem) (status int, body any) {
	detail, next := p.Detail, p.Next
	if len(p.Refused) > 0 { // the one photo of an enrolment
		p.Code, detail, next = p.Refused[0].Code, p.Refused[0].Detail, ""
	}
	if next != "" {
		detail += "; " + next
	}
	known, ok := comprefaceCodes[p.Code]
	switch {
	case ok:
	case p.Status >= http.StatusInternalServerError && p.Status != http.StatusServiceUnavailable:
		known.status, known.code = p.Status, 41
	case p.Code == facegate.CodeInvalid || p.Code == facegate.CodeUnsupportedMedia:
		known.status, known.code = p.Status, 26
	default:
		known.status = p.Status
	}
	if known.message == "" {
		known.message = detail
	}
	if code := c.GetInt(keyComprefaceCode); code != 0 {
		known.code = code
	}
	return known.status, comprefaceProblem{Message: known.message, Code: known.code}
}

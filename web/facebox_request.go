package web

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"facegate"

	"github.com/gin-gonic/gin"
)

// A faceboxRequest is a photo with what is said of it, in whichever of Facebox's
// forms it came: a file, base64 in a form, base64 in JSON.
type faceboxRequest struct {
	photo    facegate.Photo
	name, id string
}

// readFacebox reads a request with a photo. Options of Facebox that are not
// known here are passed over.
func (s *Server) readFacebox(c *gin.Context) (faceboxRequest, error) {
	fields := faceboxFields{Base64: base64Photo{max: s.MaxPhotoBytes}}
	var request faceboxRequest
	if contentType(c.Request) == mediaJSON {
		if err := readLooseJSON(c, &fields, maxBase64(s.MaxPhotoBytes)+maxTextBytes); err != nil {
			return request, err
		}
		query := lowerNames(c.Request.URL.Query())
		request.name, request.id = orElse(fields.Name, query.Get("name")), orElse(fields.ID, query.Get("id"))
	} else {
		f := s.formOf(c, maxBase64(s.MaxPhotoBytes))
		if err := f.readAll(); err != nil {
			return request, err
		}
		if len(f.files) > 1 {
			return request, invalid("send one at a time", "%d files, where one goes", len(f.files))
		}
		request.photo, _ = f.photo("file")
		request.name, request.id = f.text("name"), f.text("id")
		fields.URL = f.text("url")
		if text := f.text(fieldBase64); text != "" {
			fields.Base64.decode([]byte(text))
		}
	}
	switch sent := fields.Base64; {
	case fields.URL != "":
		return request, refusedURL("url")
	case request.photo.Name != "":
		return request, nil
	case sent.address:
		return request, refusedURL(fieldBase64)
	case sent.bad:
		return request, invalid("send the picture as base64 (RFC 4648), without more", "%s holds no base64", fieldBase64)
	case int64(len(sent.data)) > s.MaxPhotoBytes:
		return request, facegate.NewError(facegate.CodeTooLarge, "the picture is larger than "+megabytes(s.MaxPhotoBytes), "send a smaller photo")
	case sent.given:
		request.photo = facegate.Photo{Name: fieldBase64, Data: sent.data}
		return request, nil
	}
	return request, invalid("send it as a file in the field file, or as base64; faceprints are not taken here", "the photo is missing")
}

// faceboxFields is Facebox's JSON.
type faceboxFields struct {
	Base64 base64Photo `json:"base64"`
	URL    string      `json:"url"`
	Name   string      `json:"name"`
	ID     string      `json:"id"`
}

func orElse(value, other string) string {
	if value = strings.TrimSpace(value); value != "" {
		return value
	}
	return strings.TrimSpace(other)
}

// Facebox's clients have ids of their own for examples, often a file's name, and
// sometimes one for all examples of a person. A sample's source keeps it.
const faceboxPrefix = "facebox:"

// maxFaceboxID is the length of an id as it stands in a source, in characters.
const maxFaceboxID = 200

// faceboxSource is the source of samples that are taught under an id. A source is
// a file's name without folders: what could not stand in one is escaped.
func faceboxSource(id string) (string, error) {
	if !utf8.ValidString(id) {
		return "", invalid("send the id as UTF-8", "the id is not UTF-8")
	}
	var b strings.Builder
	b.WriteString(faceboxPrefix)
	for _, r := range id {
		if strings.ContainsRune(`%/\`, r) || unicode.IsControl(r) {
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
			continue
		}
		b.WriteRune(r)
	}
	switch source := b.String(); {
	case id == "":
		return "", invalid("name the example as in /facebox/teach/ID", "the id is missing")
	case utf8.RuneCountInString(source) > len(faceboxPrefix)+maxFaceboxID:
		return "", invalid(fmt.Sprintf("use at most %d characters", maxFaceboxID), "the id is too long")
	default:
		return source, nil
	}
}

// faceboxIDOf is the id that a sample was taught under; its own where it came
// another way.
func (s *Server) faceboxIDOf(c *gin.Context, sampleID string) (string, error) {
	ctx, cancel := s.working(c)
	defer cancel()
	sample, err := s.People.Sample(ctx, sampleID)
	if err != nil && facegate.CodeOf(err) != facegate.CodeSampleNotFound { // erased since
		return "", err
	}
	if id, ok := faceboxID(sample.Source); ok {
		return id, nil
	}
	return sampleID, nil
}

// faceboxID is the id that a source keeps; false where it keeps none.
func faceboxID(source string) (string, bool) {
	escaped, ok := strings.CutPrefix(source, faceboxPrefix)
	if !ok {
		return "", false
	}
	id, err := url.PathUnescape(escaped)
	return id, err == nil
}

package web

import (
	"errors"
	"io"
	"mime/multipart"
	"path"
	"slices"
	"strings"

	"facegate"

	"github.com/gin-gonic/gin"
)

// comprefaceExtensions are those that a file's name may have. What is in it
// decides.
var comprefaceExtensions = []string{"jpeg", "jpg", "ico", "png", "bmp", "gif", "tif", "tiff", "webp"}

// comprefacePhotos reads the photos of fields, from a form or as base64 in JSON.
func (s *Server) comprefacePhotos(c *gin.Context, fields ...string) ([]facegate.Photo, error) {
	var found map[string]facegate.Photo
	var err error
	switch contentType(c.Request) {
	case mediaMultipart:
		found, err = s.comprefaceForm(c, fields)
	case mediaJSON:
		found, err = s.comprefaceBase64(c, fields)
	default:
		err = unsupportedMedia(c.Request, "send "+mediaMultipart+" or "+mediaJSON)
	}
	if err != nil {
		return nil, err
	}
	photos := make([]facegate.Photo, len(fields))
	for i, field := range fields {
		photos[i] = found[field]
	}
	return photos, nil
}

// comprefaceForm reads a form. Parts that it does not know are passed over.
func (s *Server) comprefaceForm(c *gin.Context, fields []string) (map[string]facegate.Photo, error) {
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return nil, invalid("let your HTTP library write the Content-Type with its boundary", "the multipart body has no boundary")
	}
	found := map[string]facegate.Photo{}
	for range maxTexts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			for _, field := range fields {
				if _, ok := found[field]; !ok {
					return nil, comprefaceRefusal(c, 34, "Required part %s is missing", field)
				}
			}
			return found, nil
		}
		if err != nil {
			return nil, brokenBody(err)
		}
		field := part.FormName()
		if _, twice := found[field]; twice || !slices.Contains(fields, field) {
			continue
		}
		if found[field], err = s.comprefaceFile(c, part, field); err != nil {
			return nil, err
		}
	}
	return nil, invalid("send fewer", "more than %d parts", maxTexts)
}

func (s *Server) comprefaceFile(c *gin.Context, part *multipart.Part, field string) (facegate.Photo, error) {
	if part.FileName() == "" {
		return facegate.Photo{}, textForPhoto(part, field)
	}
	name := baseName(part.FileName())
	extension := strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	if !slices.Contains(comprefaceExtensions, extension) {
		return facegate.Photo{}, comprefaceRefusal(c, 21, "File [%s] has an unavailable extension", name)
	}
	data, err := s.readPhoto(part, name)
	return facegate.Photo{Name: name, Data: data}, err
}

// comprefaceBase64 reads JSON with a picture in each field.
func (s *Server) comprefaceBase64(c *gin.Context, fields []string) (map[string]facegate.Photo, error) {
	var body struct {
		File   base64Photo `json:"file"`
		Source base64Photo `json:"source_image"`
		Target base64Photo `json:"target_image"`
	}
	body.File.max, body.Source.max, body.Target.max = s.MaxPhotoBytes, s.MaxPhotoBytes, s.MaxPhotoBytes
	if err := readLooseJSON(c, &body, s.MaxBodyBytes); err != nil {
		return nil, err
	}
	sent := map[string]*base64Photo{"file": &body.File, "source_image": &body.Source, "target_image": &body.Target}
	found := map[string]facegate.Photo{}
	for _, field := range fields {
		p := sent[field]
		switch {
		case !p.given:
			return nil, comprefaceRefusal(c, 5, "Field %s cannot be empty", field)
		case p.address:
			return nil, comprefaceRefusal(c, 21, "Provided value is not Base64: pictures by URL are refused, this server fetches nothing")
		case p.bad:
			return nil, comprefaceRefusal(c, 21, "Provided value is not Base64")
		case int64(len(p.data)) > s.MaxPhotoBytes:
			return nil, facegate.NewError(facegate.CodeTooLarge, field+" is larger than "+megabytes(s.MaxPhotoBytes), "send a smaller photo")
		}
		found[field] = facegate.Photo{Name: field, Data: p.data}
	}
	return found, nil
}

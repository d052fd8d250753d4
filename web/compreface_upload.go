package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
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

// A base64Photo is a picture as base64 in JSON, of either alphabet, with or without
// padding. What is no string is not given, what is no base64 is bad.
type base64Photo struct {
	given, bad bool
	address    bool // it is a URL
	data       []byte
	max        int64 // of data; what is longer is read to one byte beyond
}

func (p *base64Photo) UnmarshalJSON(raw []byte) error {
	if len(raw) < 3 || raw[0] != '"' { // the empty string, too
		return nil
	}
	p.given = true
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') >= 0 { // some write / as \/
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		text = []byte(s)
	}
	if p.address = isAddress(text); p.address {
		return nil
	}
	var out bytes.Buffer
	out.Grow(int(min(int64(base64.RawStdEncoding.DecodedLen(len(text))), p.max) + 1))
	_, err := io.Copy(&out, io.LimitReader(base64.NewDecoder(base64.RawStdEncoding, &standardBase64{bytes.NewReader(text)}), p.max+1))
	p.bad, p.data = err != nil, out.Bytes()
	return nil
}

func isAddress(text []byte) bool {
	start := strings.ToLower(string(text[:min(len(text), 16)]))
	return strings.HasPrefix(start, "//") || strings.Contains(start, ":")
}

// standardBase64 makes base64 of any kind that of the standard alphabet without
// padding or white space.
type standardBase64 struct{ text *bytes.Reader }

func (r *standardBase64) Read(p []byte) (int, error) {
	for {
		n, err := r.text.Read(p)
		kept := p[:0]
		for _, b := range p[:n] {
			switch b {
			case '-':
				b = '+'
			case '_':
				b = '/'
			case '=', ' ', '\n', '\r', '\t':
				continue
			}
			kept = append(kept, b)
		}
		if len(kept) > 0 || err != nil {
			return len(kept), err
		}
	}
}

// comprefaceBase64 reads JSON with a picture in each field.
func (s *Server) comprefaceBase64(c *gin.Context, fields []string) (map[string]facegate.Photo, error) {
	var body struct {
		File   base64Photo `json:"file"`
		Source base64Photo `json:"source_image"`
		Target base64Photo `json:"target_image"`
	}
	body.File.max, body.Source.max, body.Target.max = s.MaxPhotoBytes, s.MaxPhotoBytes, s.MaxPhotoBytes
	if err := comprefaceJSON(c, &body, s.MaxBodyBytes); err != nil {
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

// comprefaceJSON fills v from a body of at most so many bytes. Fields that v does
// not have are passed over.
func comprefaceJSON(c *gin.Context, v any, most int64) error {
	if contentType(c.Request) != mediaJSON {
		return unsupportedMedia(c.Request, "send "+mediaJSON)
	}
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, most+1))
	if err != nil {
		return brokenBody(err)
	}
	if int64(len(body)) > most {
		return facegate.NewError(facegate.CodeTooLarge, "the JSON body is larger than "+megabytes(most), "send less")
	}
	if err := json.Unmarshal(body, v); err != nil {
		return jsonError(err)
	}
	return nil
}

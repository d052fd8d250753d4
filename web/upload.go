package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"facegate"

	"github.com/gin-gonic/gin"
)

const mediaMultipart = "multipart/form-data"

// Bounds of a form's text.
const (
	maxTextBytes = 64 << 10 // of one value
	maxTexts     = 100      // values in one form
)

// A form says what an upload may hold.
type form struct {
	photos  map[string]int // field -> how many at most
	texts   []string       // fields of text
	options []string       // fields of text that may stand in the query as well
	raw     string         // the field that a bare picture as body stands for; empty: not taken
	batch   bool           // a photo that is too large is refused alone and the others go on
}

// An upload is a request's photos and text.
type upload struct {
	params
	photos  map[string][]facegate.Photo
	refused []facegate.Refusal // of a batch
}

// photo is the one photo of a field.
func (u *upload) photo(field string) (facegate.Photo, error) {
	if len(u.photos[field]) == 0 {
		return facegate.Photo{}, invalid(
			fmt.Sprintf("send the photo as a file in the field %q of %s, as in curl -F %s=@face.jpg", field, mediaMultipart, field),
			"the photo is missing: no file in the field %q", field)
	}
	return u.photos[field][0], nil
}

// readUpload reads the body part by part, with everything bounded.
func (s *Server) readUpload(c *gin.Context, f form) (*upload, error) {
	query, err := queryParams(c.Request.URL, f.options...)
	if err != nil {
		return nil, err
	}
	u := &upload{params: *query, photos: map[string][]facegate.Photo{}}
	media := contentType(c.Request)
	switch {
	case media == mediaMultipart:
		parts, err := c.Request.MultipartReader()
		if err != nil {
			return nil, invalid("let your HTTP library write the Content-Type with its boundary", "the multipart body has no boundary")
		}
		return u, s.readParts(u, parts, f)
	case f.raw != "" && (strings.HasPrefix(media, "image/") || media == "application/octet-stream"):
		data, err := s.readPhoto(c.Request.Body, f.raw)
		if err != nil {
			return nil, err
		}
		u.photos[f.raw] = []facegate.Photo{{Name: f.raw, Data: data}}
		return u, nil
	case f.raw != "":
		return nil, unsupportedMedia(c.Request, "send "+mediaMultipart+", or the picture itself with its own Content-Type")
	}
	return nil, unsupportedMedia(c.Request, "send "+mediaMultipart)
}

func (s *Server) readParts(u *upload, parts *multipart.Reader, f form) error {
	texts, files := 0, 0
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return brokenBody(err)
		}
		if isFile(part) {
			// Those without a byte, which browsers send for fields not filled in, make
			// no photo; but a body has room for a million of them.
			if files++; files > maxTexts+s.MaxPhotos {
				return invalid("send fewer files", "more than %d files", maxTexts+s.MaxPhotos)
			}
			err = s.readFile(u, part, f)
		} else if texts++; texts > maxTexts {
			err = invalid("send fewer fields", "more than %d fields", maxTexts)
		} else {
			err = readText(u.values, part, f)
		}
		if err != nil {
			return err
		}
	}
}

// isFile tells a file from text, which some clients mark with a Content-Type too.
func isFile(part *multipart.Part) bool {
	if part.FileName() != "" {
		return true
	}
	kind := part.Header.Get("Content-Type")
	return kind != "" && !strings.HasPrefix(kind, "text/") && !strings.HasPrefix(kind, mediaJSON)
}

func (s *Server) readFile(u *upload, part *multipart.Part, f form) error {
	field := part.FormName()
	most, known := f.photos[field]
	if !known {
		return unknownField(field, f.fields())
	}
	name := baseName(part.FileName())
	if name == "" {
		name = fmt.Sprintf("%s-%d", field, len(u.photos[field])+1)
	}
	data, err := s.readPhoto(part, name)
	var tooLarge *photoTooLarge
	switch {
	case errors.As(err, &tooLarge) && f.batch:
		u.refused = append(u.refused, facegate.Refusal{Photo: name, Code: facegate.CodeTooLarge, Detail: tooLarge.detail})
		return nil
	case err != nil:
		return err
	case len(data) == 0 && part.FileName() == "":
		return nil // a browser's file field with no file chosen
	case len(u.photos[field])+len(u.refused) >= most:
		return invalid(fmt.Sprintf("send at most %d at a time", most), "more than %d photos in the field %q", most, field)
	}
	u.photos[field] = append(u.photos[field], facegate.Photo{Name: name, Data: data})
	return nil
}

// photoTooLarge is the refusal of one photo, as against that of the request.
type photoTooLarge struct{ detail string }

func (e *photoTooLarge) Error() string { return e.detail }

// readPhoto is all of r, which is the photo of that name. Its error is a
// [facegate.CodeTooLarge] with photoTooLarge as its cause past MaxPhotoBytes.
func (s *Server) readPhoto(r io.Reader, name string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, s.MaxPhotoBytes+1))
	if err != nil {
		return nil, brokenBody(err)
	}
	if int64(len(data)) > s.MaxPhotoBytes {
		detail := fmt.Sprintf("%s is larger than %s", name, megabytes(s.MaxPhotoBytes))
		return nil, &facegate.Error{Code: facegate.CodeTooLarge, Detail: detail, Next: "send a smaller photo", Err: &photoTooLarge{detail}}
	}
	return data, nil
}

func readText(values url.Values, part *multipart.Part, f form) error {
	field := part.FormName()
	if _, ok := f.photos[field]; ok || namesPicture(field) {
		return textForPhoto(part, field)
	}
	if !slices.Contains(f.texts, field) && !slices.Contains(f.options, field) {
		return unknownField(field, f.fields())
	}
	value, err := io.ReadAll(io.LimitReader(part, maxTextBytes+1))
	switch {
	case err != nil:
		return brokenBody(err)
	case len(value) > maxTextBytes:
		return invalid("send less text", "%s is longer than %d bytes", field, maxTextBytes)
	case !utf8.Valid(value):
		return invalid("send text as UTF-8", "%s is not UTF-8", field)
	}
	values.Add(field, string(value))
	return nil
}

// textForPhoto refuses text where a file belongs; nothing is ever fetched.
func textForPhoto(part *multipart.Part, field string) error {
	start, err := io.ReadAll(io.LimitReader(part, 16))
	if err != nil {
		return brokenBody(err)
	}
	text := strings.ToLower(strings.TrimSpace(string(start)))
	for _, scheme := range []string{"http:", "https:", "ftp:", "file:", "data:", "//"} {
		if strings.HasPrefix(text, scheme) {
			return refusedURL(field)
		}
	}
	return invalid(fmt.Sprintf("send it as a file, as in curl -F %s=@face.jpg", field), "%s holds text, not a file", field)
}

// namesPicture tells fields in which clients of other services put addresses.
func namesPicture(field string) bool {
	switch strings.ToLower(field) {
	case "photo", "photos", "photo_url", "image", "image_url", "url":
		return true
	}
	return false
}

func refusedURL(field string) error {
	return invalid("send the picture itself as a file", "%s: pictures by URL are refused, this server fetches nothing", field)
}

// fields is every field of f, for people.
func (f form) fields() []string {
	var all []string
	for field := range f.photos {
		all = append(all, field)
	}
	slices.Sort(all)
	return append(append(all, f.texts...), f.options...)
}

// baseName is a client's file name without folders, of either kind of slash, and
// without what could break a line or a terminal; at most 100 characters.
func baseName(name string) string {
	name = strings.ToValidUTF8(name, "")
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, name))
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	if r := []rune(name); len(r) > 100 {
		name = string(r[:100])
	}
	return name
}

package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"facegate"

	"github.com/gin-gonic/gin"
)

const mediaForm = "application/x-www-form-urlencoded"

// A clientForm is a form as the clients of other systems send it: files under
// whatever name, and text, of which what nobody asks for is passed over. It is
// read bit by bit, because some of those clients send their key in it, and behind
// the photo: until the key is there the sender is a stranger, and what all
// strangers together may have in memory is bounded.
type clientForm struct {
	s       *Server
	longest int64             // that text may be, in bytes
	parts   *multipart.Reader // nil: nothing more comes
	files   []clientFile
	// values are the text, by field in lower case: CodeProject.AI's names are of
	// no case. Of a field given twice the first counts.
	values url.Values
	query  url.Values
	err    error // that ended it
	texts  int
}

type clientFile struct {
	field string
	facegate.Photo
}

const keyForm = "facegate.form"

// formOf is the request's form, in which a picture as text may be so long, in
// bytes. Whoever asks again gets what was read until then.
func (s *Server) formOf(c *gin.Context, longest int64) *clientForm {
	if f, ok := c.Get(keyForm); ok {
		return f.(*clientForm)
	}
	f := &clientForm{s: s, longest: max(longest, maxTextBytes), values: url.Values{}, query: lowerNames(c.Request.URL.Query())}
	c.Set(keyForm, f)
	if c.Request.Body == nil {
		return f
	}
	switch contentType(c.Request) {
	case mediaMultipart:
		if f.parts, f.err = c.Request.MultipartReader(); f.err != nil {
			f.err = invalid("let your HTTP library write the Content-Type with its boundary", "the multipart body has no boundary")
		}
	case mediaForm:
		f.err = f.readURLEncoded(c.Request.Body)
	}
	return f
}

// readURLEncoded reads a form without files, whose text takes up to three times
// its length.
func (f *clientForm) readURLEncoded(r io.Reader) error {
	body, err := io.ReadAll(io.LimitReader(r, 3*f.longest+1))
	switch {
	case err != nil:
		return brokenBody(err)
	case int64(len(body)) > 3*f.longest:
		return facegate.NewError(facegate.CodeTooLarge, "the form is longer than "+megabytes(3*f.longest), "send photos as "+mediaMultipart)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return invalid("encode the form as in userid=Ada&api_key=...", "the form cannot be read")
	}
	if len(values) > maxTexts {
		return tooManyFields()
	}
	f.values = lowerNames(values)
	for name, value := range f.values {
		if err := f.checkText(name, value[0]); err != nil {
			return err
		}
	}
	return nil
}

func lowerNames(values url.Values) url.Values {
	lower := url.Values{}
	for name, v := range values {
		if key := strings.ToLower(name); len(v) > 0 && !lower.Has(key) {
			lower.Set(key, v[0])
		}
	}
	return lower
}

func tooManyFields() error { return invalid("send fewer fields", "more than %d fields", maxTexts) }

// readAll reads what is left.
func (f *clientForm) readAll() error { return f.readUntil(func() bool { return false }) }

// readUntil reads part by part until there is enough, or no more.
func (f *clientForm) readUntil(enough func() bool) error {
	for f.err == nil && f.parts != nil && !enough() {
		part, err := f.parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			f.parts = nil
		case err != nil:
			f.err = brokenBody(err)
		case isFile(part):
			f.err = f.readFile(part)
		default:
			f.err = f.readText(part)
		}
	}
	return f.err
}

func (f *clientForm) readFile(part *multipart.Part) error {
	name := baseName(part.FileName())
	if name == "" {
		name = fmt.Sprintf("%s-%d", shown(part.FormName()), len(f.files)+1)
	}
	data, err := f.s.readPhoto(part, name)
	switch {
	case err != nil:
		return err
	case len(data) == 0 && part.FileName() == "":
		return nil // a browser's file field with no file chosen
	case len(f.files) >= f.s.MaxPhotos:
		return invalid(fmt.Sprintf("send at most %d at a time", f.s.MaxPhotos), "more than %d files", f.s.MaxPhotos)
	}
	f.files = append(f.files, clientFile{part.FormName(), facegate.Photo{Name: name, Data: data}})
	return nil
}

func (f *clientForm) readText(part *multipart.Part) error {
	if f.texts++; f.texts > maxTexts {
		return tooManyFields()
	}
	name := strings.ToLower(part.FormName())
	value, err := io.ReadAll(io.LimitReader(part, f.maxText(name)+1))
	if err != nil {
		return brokenBody(err)
	}
	if err := f.checkText(name, string(value)); err != nil {
		return err
	}
	if !f.values.Has(name) {
		f.values.Set(name, string(value))
	}
	return nil
}

// maxText is the length, in bytes, that a field may have.
func (f *clientForm) maxText(name string) int64 {
	if name == fieldBase64 {
		return f.longest
	}
	return maxTextBytes
}

func (f *clientForm) checkText(name, value string) error {
	switch {
	case int64(len(value)) > f.maxText(name):
		return facegate.NewError(facegate.CodeTooLarge, fmt.Sprintf("%s is longer than %d bytes", shown(name), f.maxText(name)), "send less")
	case !utf8.ValidString(value):
		return invalid("send text as UTF-8", "%s is not UTF-8", shown(name))
	}
	return nil
}

// text is a field, trimmed; empty where it was not sent. What stands in the form
// goes before what stands in the query.
func (f *clientForm) text(name string) string {
	if v := strings.TrimSpace(f.values.Get(name)); v != "" {
		return v
	}
	return strings.TrimSpace(f.query.Get(name))
}

// photo is the file of a field, or else the first: some clients have their own
// names for fields. It is false where there is no file.
func (f *clientForm) photo(field string) (facegate.Photo, bool) {
	if len(f.files) == 0 {
		return facegate.Photo{}, false
	}
	i := slices.IndexFunc(f.files, func(file clientFile) bool { return file.field == field })
	return f.files[max(i, 0)].Photo, true
}

// photos is all files.
func (f *clientForm) photos() []facegate.Photo {
	all := make([]facegate.Photo, len(f.files))
	for i, file := range f.files {
		all[i] = file.Photo
	}
	return all
}

// fieldBase64 is the field in which a picture comes as text.
const fieldBase64 = "base64"

// maxBase64 is the length of a picture of so many bytes as base64, with room for
// line breaks.
func maxBase64(size int64) int64 { return size/3*4 + size/16 + 1<<10 }

// formKey is a key in the form, in one of fields, the first of which ends the
// search; or the password of HTTP's Basic authentication, which is how clients
// that know nothing of keys take one: in the address, http://any:KEY@host.
func formKey(fields ...string) func(*Server, *gin.Context) (string, bool, error) {
	return func(s *Server, c *gin.Context) (string, bool, error) {
		if secret, shown := basicKey(c.Request); shown {
			return secret, true, nil
		}
		if c.Request.Body != nil && c.Request.Body != http.NoBody {
			body := &claimedBody{ReadCloser: c.Request.Body, strangers: &s.strangers}
			c.Request.Body = body
			defer body.claim() // known or refused, whoever it is
		}
		f := s.formOf(c, maxTextBytes)
		err := f.readUntil(func() bool { return strings.TrimSpace(f.values.Get(fields[0])) != "" })
		for _, field := range fields {
			if key := strings.TrimSpace(f.values.Get(field)); key != "" {
				return key, true, nil
			}
		}
		return "", false, err
	}
}

func basicKey(r *http.Request) (secret string, shown bool) {
	_, password, ok := r.BasicAuth()
	password = strings.TrimSpace(password)
	return password, ok && password != ""
}

// A claimedBody counts what is read of it among what is held of strangers', until
// somebody claims it.
type claimedBody struct {
	io.ReadCloser
	strangers *held // nil: it is claimed
	taken     int64
}

func (b *claimedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.strangers == nil {
		return n, err
	}
	if busy := b.strangers.take(int64(n)); busy != nil {
		return 0, &facegate.Error{Code: facegate.CodeBusy, Detail: "too much is being sent to the server by those whose key has not come yet",
			Next: "try again in a moment, or send the key in the header x-api-key", RetryAfter: time.Second, Err: busy}
	}
	b.taken += int64(n)
	return n, err
}

// claim is called when the sender is known, or refused.
func (b *claimedBody) claim() {
	if b.strangers != nil {
		b.strangers.give(b.taken)
		b.strangers = nil
	}
}

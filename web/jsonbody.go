package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"facegate"

	"github.com/gin-gonic/gin"
)

// maxJSONBytes bounds a JSON body: a person with long notes, or an embedding, is
// a few kilobytes.
const maxJSONBytes = 1 << 20

const mediaJSON = "application/json"

// contentType is the request's media type without its parameters.
func contentType(r *http.Request) string {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

func unsupportedMedia(r *http.Request, next string) error {
	media := contentType(r)
	if media == "" {
		media = "no Content-Type"
	}
	return facegate.NewError(facegate.CodeUnsupportedMedia, fmt.Sprintf("%s is not taken here", shown(media)), next)
}

// readJSON fills v from the body, which must be one JSON value with no field that
// v does not have.
func readJSON(c *gin.Context, v any) error {
	if contentType(c.Request) != mediaJSON {
		return unsupportedMedia(c.Request, "send "+mediaJSON)
	}
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, maxJSONBytes+1))
	if err != nil {
		return brokenBody(err)
	}
	if len(body) > maxJSONBytes {
		return facegate.NewError(facegate.CodeTooLarge,
			"the JSON body is larger than "+megabytes(maxJSONBytes), "send less; photos go as multipart/form-data")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return jsonError(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return invalid("send one JSON value", "something follows the JSON value")
	}
	return nil
}

// readLooseJSON fills v from a body of at most so many bytes, as other systems do:
// fields that v does not have are passed over.
func readLooseJSON(c *gin.Context, v any, most int64) error {
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

func jsonError(err error) error {
	var known *facegate.Error
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			return invalid("send a JSON object", "the body is a JSON %s, not an object", kind.Value)
		}
		return invalid("see /openapi.yaml for its type", "%s cannot be a JSON %s", shown(field), kind.Value)
	case errors.As(err, &syntax):
		return invalid("send valid JSON", "the body is not JSON: it goes wrong at byte %d", syntax.Offset)
	case errors.Is(err, io.EOF):
		return invalid("send a JSON object", "the body is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return invalid("send valid JSON", "the JSON body ends early")
	}
	// encoding/json has no type for this one.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, unquoteErr := strconv.Unquote(quoted)
		if unquoteErr != nil {
			name = quoted
		}
		if namesPicture(name) {
			return refusedURL(name)
		}
		return unknownField(name, nil)
	}
	return &facegate.Error{Code: facegate.CodeInvalid, Detail: "the JSON body cannot be read", Next: "see /openapi.yaml for its shape", Err: err}
}

// brokenBody is err of reading a body: a limit that was met, or a client that
// broke off or sent something malformed.
func brokenBody(err error) error {
	var known *facegate.Error
	if errors.As(err, &known) {
		return err
	}
	return &facegate.Error{Code: facegate.CodeInvalid, Detail: "the body broke off or is malformed", Next: "send it again, whole", Err: err}
}

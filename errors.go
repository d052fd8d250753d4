package facegate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Code names a kind of error. Codes are part of the API and never change.
type Code string

// Codes of errors.
const (
	CodeInvalid           Code = "invalid_request"    // a parameter or body is wrong
	CodeInvalidEmbedding  Code = "invalid_embedding"  // not 128 finite numbers
	CodeEmpty             Code = "empty"              // the photo has no bytes
	CodeNotAnImage        Code = "not_an_image"       // the bytes are no picture
	CodeUnsupportedFormat Code = "unsupported_format" // a picture in a format, or a variant of one, that is not read
	CodeTooLarge          Code = "too_large"          // too many bytes, pixels, or too long a side
	CodeTruncated         Code = "truncated"          // the file ends early
	CodeNoFace            Code = "no_face"            // no face where one is needed
	CodeSeveralFaces      Code = "several_faces"      // several faces where one is needed
	CodeLowQuality        Code = "low_quality"        // too poor a face to enrol
	CodeNearIdentical     Code = "near_identical"     // the photo is already enrolled for this person
	CodeNoUsablePhoto     Code = "no_usable_photo"    // every photo of an enrolment was refused
	CodePersonNotFound    Code = "person_not_found"
	CodeSampleNotFound    Code = "sample_not_found"
	CodeNoSamples         Code = "no_samples" // the person has no samples to verify against
	CodeNameTaken         Code = "name_taken"
	CodeExternalIDTaken   Code = "external_id_taken"
	CodeFixed             Code = "fixed_by_configuration"
	CodeNotFound          Code = "not_found"          // no such route
	CodeMethodNotAllowed  Code = "method_not_allowed" // the route has other methods
	CodeUnsupportedMedia  Code = "unsupported_media_type"
	CodeBusy              Code = "busy"           // the queue is full; try again later
	CodeTimeout           Code = "timeout"        // the time limit ran out
	CodeCanceled          Code = "canceled"       // the caller gave up
	CodeModelMissing      Code = "model_missing"  // a model file is not there
	CodeModelDamaged      Code = "model_damaged"  // a model file is not what it should be
	CodeDatabase          Code = "database_error" // the database cannot be opened or is damaged
	CodeInternal          Code = "internal"
)

// An Error is one a caller can act on: what is wrong, and what to do next. It
// may wrap a cause, which is for the log, never for the caller.
type Error struct {
	Code       Code
	Detail     string        // what is wrong, for people
	Next       string        // what to do about it; may be empty
	RetryAfter time.Duration // with CodeBusy
	Refused    []Refusal     // with CodeNoUsablePhoto
	Err        error         // cause
}

// NewError makes an error without a cause.
func NewError(code Code, detail, next string) *Error {
	return &Error{Code: code, Detail: detail, Next: next}
}

// Error is the whole of it, cause included: for logs and terminals.
func (e *Error) Error() string {
	s := e.Detail
	if s == "" {
		s = string(e.Code)
	}
	if e.Err != nil {
		s = fmt.Sprintf("%s: %v", s, e.Err)
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError is the [Error] in err's chain. Where there is none it makes one:
// CodeTimeout and CodeCanceled for the context's errors, CodeInternal for all
// else, whose Detail tells the caller nothing. It is nil for nil.
func AsError(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: CodeTimeout, Detail: "the time limit ran out", Next: "try again, or send a smaller photo", Err: err}
	case errors.Is(err, context.Canceled):
		return &Error{Code: CodeCanceled, Detail: "the request was canceled", Err: err}
	}
	return &Error{Code: CodeInternal, Detail: "something went wrong", Next: "look for the request id in the log", Err: err}
}

// CodeOf is the code of err as [AsError] sees it, and empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}

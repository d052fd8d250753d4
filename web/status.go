package web

import (
	"net/http"

	"facegate"
)

// codeCrossOrigin refuses what a foreign web page makes a browser send.
const codeCrossOrigin facegate.Code = "cross_origin"

// An outcome is how an error code looks over HTTP.
type outcome struct {
	status int
	title  string
	// private details may name files or hold a cause; the caller gets the title
	// instead and the log gets the rest.
	private bool
}

// outcomes is the one place where codes become statuses.
//
// A photo that is no picture, or in a format that is not read, is 415: the
// request was fine, its media was not. A photo that was read but does not serve
// is 422. A time limit is 503 as a full queue is, since both pass: the client
// may come again after Retry-After.
func outcomes() map[facegate.Code]outcome {
	return map[facegate.Code]outcome{
		facegate.CodeInvalid:           {status: http.StatusBadRequest, title: "The request is wrong"},
		facegate.CodeInvalidEmbedding:  {status: http.StatusBadRequest, title: "The embedding is not usable"},
		facegate.CodeEmpty:             {status: http.StatusBadRequest, title: "The photo is empty"},
		facegate.CodeTruncated:         {status: http.StatusBadRequest, title: "The photo ends early"},
		facegate.CodeNotAnImage:        {status: http.StatusUnsupportedMediaType, title: "The file is no picture"},
		facegate.CodeUnsupportedFormat: {status: http.StatusUnsupportedMediaType, title: "The picture's format is not read"},
		facegate.CodeUnsupportedMedia:  {status: http.StatusUnsupportedMediaType, title: "The body's media type is not taken here"},
		facegate.CodeTooLarge:          {status: http.StatusRequestEntityTooLarge, title: "Too large"},
		facegate.CodeNoFace:            {status: http.StatusUnprocessableEntity, title: "No face in the photo"},
		facegate.CodeSeveralFaces:      {status: http.StatusUnprocessableEntity, title: "Several faces in the photo"},
		facegate.CodeLowQuality:        {status: http.StatusUnprocessableEntity, title: "The face is too poor"},
		facegate.CodeNearIdentical:     {status: http.StatusUnprocessableEntity, title: "The photo is already enrolled"},
		facegate.CodeNoUsablePhoto:     {status: http.StatusUnprocessableEntity, title: "No photo could be used"},
		facegate.CodePersonNotFound:    {status: http.StatusNotFound, title: "No such person"},
		facegate.CodeSampleNotFound:    {status: http.StatusNotFound, title: "No such sample"},
		facegate.CodeCameraNotFound:    {status: http.StatusNotFound, title: "No such camera"},
		facegate.CodeSightingNotFound:  {status: http.StatusNotFound, title: "No such sighting"},
		facegate.CodeUnknownNotFound:   {status: http.StatusNotFound, title: "No such stranger"},
		facegate.CodeWebhookNotFound:   {status: http.StatusNotFound, title: "No such webhook"},
		facegate.CodeNotFound:          {status: http.StatusNotFound, title: "Nothing is here"},
		facegate.CodeMethodNotAllowed:  {status: http.StatusMethodNotAllowed, title: "The method is not taken here"},
		facegate.CodeNoSamples:         {status: http.StatusConflict, title: "The person has no samples"},
		facegate.CodeNameTaken:         {status: http.StatusConflict, title: "The name is taken"},
		facegate.CodeFixed:             {status: http.StatusConflict, title: "Fixed by the configuration"},
		facegate.CodeExternalIDTaken:   {status: http.StatusConflict, title: "The external id is taken"},
		facegate.CodeUnauthorized:      {status: http.StatusUnauthorized, title: "A key is needed"},
		facegate.CodeKeyMalformed:      {status: http.StatusUnauthorized, title: "The key is no key"},
		facegate.CodeKeyRefused:        {status: http.StatusUnauthorized, title: "The key is refused"},
		facegate.CodeSessionNeeded:     {status: http.StatusUnauthorized, title: "The session is over"},
		facegate.CodeLoginRefused:      {status: http.StatusUnauthorized, title: "Signing in failed"},
		facegate.CodeForbidden:         {status: http.StatusForbidden, title: "The key is not made for that"},
		facegate.CodeSetupRefused:      {status: http.StatusForbidden, title: "The one-time link is not good"},
		facegate.CodeKeyNotFound:       {status: http.StatusNotFound, title: "No such key"},
		facegate.CodeAccountNotFound:   {status: http.StatusNotFound, title: "No such account"},
		facegate.CodeLastAccount:       {status: http.StatusConflict, title: "The account is the last one"},
		facegate.CodeTooMany:           {status: http.StatusTooManyRequests, title: "Too many requests"},
		codeWrongHost:                  {status: http.StatusMisdirectedRequest, title: "Another host was meant"},
		codeCrossOrigin:                {status: http.StatusForbidden, title: "Sent by a foreign web page"},
		facegate.CodeBusy:              {status: http.StatusServiceUnavailable, title: "Too busy"},
		facegate.CodeTimeout:           {status: http.StatusServiceUnavailable, title: "The time limit ran out"},
		facegate.CodeCanceled:          {status: statusClientClosedRequest, title: "The request was canceled"},
		facegate.CodeModelMissing:      {status: http.StatusInternalServerError, title: "A model file is missing", private: true},
		facegate.CodeModelDamaged:      {status: http.StatusInternalServerError, title: "A model file is damaged", private: true},
		facegate.CodeDatabase:          {status: http.StatusInternalServerError, title: "The database failed", private: true},
		facegate.CodeWrongKey:          {status: http.StatusInternalServerError, title: "The key of the secrets is wrong", private: true},
		facegate.CodeInternal:          {status: http.StatusInternalServerError, title: "Something went wrong", private: true},
	}
}

// statusClientClosedRequest is nginx's own number for a client that hung up; no
// RFC has one. Nobody reads the answer, the access log does.
const statusClientClosedRequest = 499

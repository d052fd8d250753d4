package web_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// loadDescription reads openapi.yaml, its examples checked.
func loadDescription(t testing.TB) *openapi3.T {
	t.Helper()
	data, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// seal forbids members that the description does not name. The description
// itself leaves them open, so that answers may grow without breaking clients.
func seal(ref *openapi3.SchemaRef) {
	if ref == nil || ref.Value == nil {
		return
	}
	s := ref.Value
	if s.Type.Is("object") && len(s.Properties) > 0 {
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
	}
	for _, p := range s.Properties {
		seal(p)
	}
	seal(s.Items)
}

// A call is a request whose answer must be as described.
type call struct {
	operation string
	method    string
	path      string
	body      body
	status    int
	stream    bool // it goes on until the client goes, which is once it has begun
	// keep remembers something of the answer for the calls that follow.
	keep func(g *gateway, answer []byte)
}

// sealedDescription is openapi.yaml in its strictest reading, and what finds the
// operation of a request.
func sealedDescription(t testing.TB) (*openapi3.T, routers.Router) {
	t.Helper()
	doc := loadDescription(t)
	for _, s := range doc.Components.Schemas {
		seal(s)
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, r := range op.Responses.Map() {
				for _, media := range r.Value.Content {
					seal(media.Schema)
				}
			}
		}
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	openapi3filter.RegisterBodyDecoder("image/jpeg", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/zip", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder("multipart/x-mixed-replace", openapi3filter.FileBodyDecoder)
	return doc, router
}

// hangsUp is a client that goes when the answer has begun.
type hangsUp struct {
	*httptest.ResponseRecorder
	hangUp context.CancelFunc
}

func (h *hangsUp) Flush() {
	h.ResponseRecorder.Flush()
	h.hangUp()
}

// check sends a call over HTTP and holds request and answer against the
// description.
func (g *gateway) check(t *testing.T, router routers.Router, c call) []byte {
	t.Helper()
	newRequest := func() *http.Request {
		r := httptest.NewRequest(c.method, c.path, bytes.NewReader(c.body.data))
		if c.body.kind != "" {
			r.Header.Set("Content-Type", c.body.kind)
		}
		return r
	}
	r := newRequest()
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Fatal(err)
	}
	if route.Operation.OperationID != c.operation {
		t.Fatalf("%s %s is %s", c.method, c.path, route.Operation.OperationID)
	}
	input := strictly(r, params, route)
	if c.status < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
			t.Errorf("the request is not as described: %v", err)
		}
	}
	w := httptest.NewRecorder()
	if c.stream {
		ctx, cancel := context.WithCancel(context.Background())
		g.Handler().ServeHTTP(&hangsUp{w, cancel}, newRequest().WithContext(ctx))
		cancel()
	} else {
		g.Handler().ServeHTTP(w, newRequest())
	}
	answer := w.Body.Bytes()
	if w.Code != c.status {
		t.Fatalf("status %d, want %d: %.500s", w.Code, c.status, answer)
	}
	if route.Operation.Responses.Status(w.Code) == nil {
		t.Errorf("status %d is not described", w.Code)
	}
	if err := asDescribed(input, w); err != nil {
		t.Errorf("the answer is not as described: %v\n%.1000s", err, answer)
	}
	return answer
}

// strictly is how requests are held against the description.
func strictly(r *http.Request, params map[string]string, route *routers.Route) *openapi3filter.RequestValidationInput {
	uuids := openapi3.WithStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562))
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SchemaValidationOptions: []openapi3.SchemaValidationOption{uuids}},
	}
}

// asDescribed holds the answer to a request against the description.
func asDescribed(input *openapi3filter.RequestValidationInput, w *httptest.ResponseRecorder) error {
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: w.Code, Header: w.Header(),
		Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: input.Options,
	})
}

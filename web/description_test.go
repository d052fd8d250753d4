package web_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"facegate/web"

	"github.com/getkin/kin-openapi/openapi3"
)

// The description as JSON is the one in YAML, with who may do what and what codes
// mean.
func TestDescriptionAsJSON(t *testing.T) {
	s, _ := newFaulty(t, nil, speaking(web.StandardDialects()...))
	a := ask(s.Handler(), http.MethodGet, "/openapi.json", body{}, nil)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	doc, err := openapi3.NewLoader().LoadFromData(a.body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.AllowExtensionsWithRef()); err != nil {
		t.Error(err)
	}
	written := loadDescription(t)
	for path, item := range written.Paths.Map() {
		for method, op := range item.Operations() {
			got := doc.Paths.Value(path).GetOperation(method)
			if got == nil {
				t.Errorf("%s %s is not there", method, path)
				continue
			}
			scopes, needsKey := got.Extensions["x-scopes"]
			if op.OperationID == "createPerson" && !reflect.DeepEqual(scopes, []any{"enroll"}) {
				t.Errorf("to enrol takes %v", scopes)
			}
			if public := op.Security != nil && len(*op.Security) == 1 && len((*op.Security)[0]) == 0; public == needsKey {
				t.Errorf("%s %s: public %v, scopes %v", method, path, public, scopes)
			}
			delete(got.Extensions, "x-scopes")
			if want, got := jsonOf(t, op), jsonOf(t, got); !reflect.DeepEqual(want, got) {
				t.Errorf("%s %s:\n%v, want\n%v", method, path, got, want)
			}
		}
	}
	if want, got := jsonOf(t, written.Components), jsonOf(t, doc.Components); !reflect.DeepEqual(want, got) {
		t.Error("the components are others")
	}
	if got := doc.Extensions["x-codes"].(map[string]any)["busy"]; !reflect.DeepEqual(got, map[string]any{"status": 503.0, "title": "Too busy"}) {
		t.Errorf("busy: %v", got)
	}
	// In the order it is written in, which is for readers.
	if text := string(a.body); strings.Index(text, `"openapi"`) != 1 || strings.Index(text, `"/v1/people"`) > strings.Index(text, `"/v1/detect"`) {
		t.Errorf("begins with %.80s", text)
	}
}

func jsonOf(t *testing.T, v any) (out any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAddressesOfPagesLeadToTheConsole(t *testing.T) {
	s, _ := newFaulty(t, nil)
	for path, want := range map[string]string{"/docs": "./#/api", "/docs/": "../#/api", "/some/page": "../", "/some/page/below/": "../../../"} {
		a := ask(s.Handler(), http.MethodGet, path, body{}, map[string]string{"Accept": "text/html"})
		if a.StatusCode != http.StatusFound || a.Header.Get("Location") != want {
			t.Errorf("%s: %d %q", path, a.StatusCode, a.Header.Get("Location"))
		}
	}
}

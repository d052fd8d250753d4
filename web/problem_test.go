package web_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"facegate"
	"facegate/internal/testfiles"
	"facegate/web"
)

func TestEveryCodeHasAStatus(t *testing.T) {
	known := map[facegate.Code]bool{"cross_origin": true, "wrong_host": true} // of this room
	collect := func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		for _, value := range spec.Values {
			literal, ok := value.(*ast.BasicLit)
			if !ok {
				continue
			}
			code, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			known[facegate.Code(code)] = true
		}
		return true
	}
	files, err := filepath.Glob(filepath.Join(testfiles.Root(), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, collect)
	}
	if len(known) < 30 {
		t.Fatalf("found only %d codes", len(known))
	}
	statuses := web.Statuses()
	for code := range known {
		if statuses[code] < 400 {
			t.Errorf("%s has status %d", code, statuses[code])
		}
	}
	for code := range statuses {
		if !known[code] {
			t.Errorf("%s has a status and is no code", code)
		}
	}
}

func TestProblems(t *testing.T) {
	secret := errors.New("open /home/ada/facegate.db: SELECT embedding FROM samples")
	tests := []struct {
		name       string
		err        error
		status     int
		code       facegate.Code
		retryAfter string
		expected   []string
		logged     bool
	}{
		{name: "a plain error tells nothing", err: fmt.Errorf("store: %w", secret), status: 500, code: "internal", logged: true},
		{name: "an unknown code tells nothing", err: facegate.NewError("new_code", secret.Error(), ""), status: 500, code: "internal", logged: true},
		{name: "a database error tells no file", err: &facegate.Error{Code: facegate.CodeDatabase, Detail: secret.Error(), Err: secret},
			status: 500, code: "database_error", logged: true},
		{name: "a model error tells no file", err: facegate.NewError(facegate.CodeModelMissing, secret.Error(), secret.Error()),
			status: 500, code: "model_missing", logged: true},
		{name: "the cause of a known error stays inside", err: fmt.Errorf("analyse: %w",
			&facegate.Error{Code: facegate.CodeTruncated, Detail: "the photo ends early", Next: "send it again", Err: secret}),
			status: 400, code: "truncated", expected: []string{"the photo ends early", "send it again"}},
		{name: "busy", err: &facegate.Error{Code: facegate.CodeBusy, Detail: "the queue is full", RetryAfter: 2500 * time.Millisecond},
			status: 503, code: "busy", retryAfter: "3", logged: true},
		{name: "busy without a time", err: facegate.NewError(facegate.CodeBusy, "the queue is full", ""), status: 503, code: "busy", retryAfter: "1", logged: true},
		{name: "deadline", err: fmt.Errorf("analyse: %w", context.DeadlineExceeded), status: 503, code: "timeout", retryAfter: "1", logged: true},
		{name: "canceled", err: fmt.Errorf("analyse: %w", context.Canceled), status: 499, code: "canceled"},
		{name: "refusals", err: &facegate.Error{Code: facegate.CodeNoUsablePhoto, Detail: "none", Refused: []facegate.Refusal{{Photo: "a.jpg", Code: "no_face", Detail: "no face"}}},
			status: 422, code: "no_usable_photo", expected: []string{`"refused":[{"photo":"a.jpg","code":"no_face","detail":"no face"}]`}},
		{name: "no picture", err: facegate.NewError(facegate.CodeNotAnImage, "no picture", ""), status: 415, code: "not_an_image"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, log := newFaulty(t, func(context.Context) (facegate.Analysis, error) { return facegate.Analysis{}, tt.err })
			a := ask(s.Handler(), http.MethodPost, "/v1/detect", anyPhoto(), nil)
			checkProblem(t, a)
			if p := decode[web.Problem](t, a); p.Status != tt.status || p.Code != tt.code {
				t.Errorf("%d %s, want %d %s", p.Status, p.Code, tt.status, tt.code)
			}
			if got := a.Header.Get("Retry-After"); got != tt.retryAfter {
				t.Errorf("Retry-After %q, want %q", got, tt.retryAfter)
			}
			for _, want := range tt.expected {
				if !strings.Contains(string(a.body), want) {
					t.Errorf("no %q in %s", want, a.body)
				}
			}
			for _, not := range []string{"/home/ada", "SELECT", "new_code"} {
				if strings.Contains(string(a.body), not) {
					t.Errorf("%q in %s", not, a.body)
				}
			}
			if logged := strings.Contains(log.String(), "request failed"); logged != tt.logged {
				t.Errorf("cause logged: %v, want %v", logged, tt.logged)
			}
			if tt.status == 500 && !strings.Contains(log.String(), "/home/ada") {
				t.Errorf("the log lacks the cause: %s", log)
			}
			if id := a.Header.Get("X-Request-Id"); !strings.Contains(log.String(), id) {
				t.Errorf("the log lacks the request id: %s", log)
			}
		})
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	s, log := newFaulty(t, func(context.Context) (facegate.Analysis, error) { panic("the sky fell") })
	a := ask(s.Handler(), http.MethodPost, "/v1/detect", anyPhoto(), nil)
	checkProblem(t, a)
	if p := decode[web.Problem](t, a); p.Status != 500 || p.Code != facegate.CodeInternal {
		t.Errorf("%s", a.body)
	}
	if strings.Contains(string(a.body), "sky") {
		t.Errorf("the panic in the answer: %s", a.body)
	}
	if !strings.Contains(log.String(), "the sky fell") || !strings.Contains(log.String(), "problem_test.go") {
		t.Errorf("the log lacks the panic or its stack: %s", log)
	}
	if a := ask(s.Handler(), http.MethodGet, "/healthz", body{}, nil); a.StatusCode != 200 {
		t.Errorf("status %d after a panic", a.StatusCode)
	}
}

func TestErrorPageExplainsEveryCode(t *testing.T) {
	s, _ := newFaulty(t, nil)
	a := ask(s.Handler(), http.MethodGet, "/errors", body{}, nil)
	for code, status := range web.Statuses() {
		if !strings.Contains(string(a.body), fmt.Sprintf(`<tr id="%s"><td><code>%[1]s</code></td><td>%d</td>`, code, status)) {
			t.Errorf("%s is not explained", code)
		}
	}
}

package web_test

import (
	"testing"

	"facegate/web"
)

// Where consent is required nobody is enrolled without, in whichever form.
func TestConsentIsRequired(t *testing.T) {
	g := newGateway(t, func(*web.Server) {})
	g.people.RequireConsent = true
	photo := file(t, "photo", "people/obama/obama.jpg")
	g.run(t, []scenario{
		{name: "a form without", path: "/v1/people", body: multi(text("name", "Ada"), photo), status: 400, expected: []string{"consent is not recorded"}},
		{name: "JSON without", path: "/v1/people", body: jsonBody(`{"name":"Ada"}`), status: 400, expected: []string{"consent is not recorded"}},
		{name: "an empty one", path: "/v1/people", body: multi(text("name", "Ada"), text("consent_basis", " "), photo), status: 400},
		{name: "nobody was enrolled", method: "GET", path: "/v1/people", status: 200, expected: []string{`"total":0`}},
		{name: "with it", path: "/v1/people", body: multi(text("name", "Ada"), text("consent_basis", "signed form 12"), photo), status: 201,
			expected: []string{`"basis":"signed form 12"`}},
	})
	p, err := g.people.PersonByName(t.Context(), "Ada")
	if err != nil {
		t.Fatal(err)
	}
	g.vars["ada"] = p.ID
	g.run(t, []scenario{
		{name: "taken away", method: "PATCH", path: "/v1/people/{ada}", body: jsonBody(`{"consent":{"basis":""}}`), status: 400},
	})
}

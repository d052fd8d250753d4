package web_test

import (
	"net/http"
	"strings"
	"testing"

	"facegate"
	"facegate/web"
)

// An account that is deleted is out at once; the last one stays.
func TestDeleteAccount(t *testing.T) {
	g := newGateway(t, func(s *web.Server) { s.Auth = web.AuthOn })
	ada := cookieOf(t, g.setUp(t, g.link(t), "Ada", password))
	eve := cookieOf(t, g.setUp(t, g.link(t), "Eve", password))
	_, enroller := g.key(t, facegate.NewKey{Scopes: []facegate.Scope{facegate.ScopeEnroll}})

	list := ask(g.Handler(), "GET", "/v1/accounts", body{}, ada)
	accounts := decode[struct{ Accounts []facegate.Account }](t, list).Accounts
	if len(accounts) != 2 || accounts[0].Name != "Ada" || accounts[1].Name != "Eve" || strings.Contains(string(list.body), "argon2") {
		t.Fatalf("%s", list.body)
	}
	first, second := "/v1/accounts/"+accounts[0].ID, "/v1/accounts/"+accounts[1].ID
	for _, tt := range []struct {
		name   string
		path   string
		header map[string]string
		status int
		code   facegate.Code
	}{
		{"nobody", second, nil, 401, facegate.CodeUnauthorized},
		{"a key that is no admin", second, enroller, 403, facegate.CodeForbidden},
		{"a page of elsewhere", second, map[string]string{"Cookie": ada["Cookie"], "Sec-Fetch-Site": "cross-site"}, 403, "cross_origin"},
		{"a cookie alone", second, map[string]string{"Cookie": ada["Cookie"]}, 403, "cross_origin"},
		{"an account there is not", "/v1/accounts/Eve", ada, 404, facegate.CodeAccountNotFound},
		{"another account", second, ada, 204, ""},
		{"it again", second, ada, 404, facegate.CodeAccountNotFound},
		{"the last one", first, ada, 409, facegate.CodeLastAccount},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(g.Handler(), http.MethodDelete, tt.path, body{}, tt.header)
			if a.StatusCode != tt.status {
				t.Fatalf("%d %s, want %d", a.StatusCode, a.body, tt.status)
			}
			if tt.code == "" {
				return
			}
			checkProblem(t, a)
			if p := decode[web.Problem](t, a); p.Code != tt.code || p.Next == "" {
				t.Errorf("%s, want %s and what to do", a.body, tt.code)
			}
		})
	}

	if a := ask(g.Handler(), "GET", "/v1/keys", body{}, eve); a.StatusCode != 401 || decode[web.Problem](t, a).Code != facegate.CodeSessionNeeded {
		t.Errorf("her session: %d %s", a.StatusCode, a.body)
	}
	for name, status := range map[string]int{"Ada": 200, "Eve": 401} {
		if a := ask(g.Handler(), "POST", "/v1/session", jsonBody(`{"name":"`+name+`","password":"`+password+`"}`), nil); a.StatusCode != status {
			t.Errorf("%s signs in: %d, want %d", name, a.StatusCode, status)
		}
	}
	audit := ask(g.Handler(), "GET", "/v1/audit?action=account.delete", body{}, ada)
	entries := decode[facegate.AuditPage](t, audit).Entries
	if len(entries) != 1 || entries[0].Actor != "user:Ada" || !strings.Contains(string(entries[0].Detail), accounts[1].ID) {
		t.Errorf("the audit says %s", audit.body)
	}
}

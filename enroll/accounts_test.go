package enroll_test

import (
	"context"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

const testPassword = "a stitch in time"

func setUp(t *testing.T, accounts *enroll.Accounts, name string) facegate.Session {
	t.Helper()
	return setUpWith(t, accounts, name, testPassword)
}

func setUpWith(t *testing.T, accounts *enroll.Accounts, name, password string) facegate.Session {
	t.Helper()
	link, _, err := accounts.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	session, err := accounts.Setup(t.Context(), link, name, password)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func TestDeleteAccounts(t *testing.T) {
	s, _ := newService(t)
	now := testTime
	accounts := &enroll.Accounts{Store: s.Store, Now: func() time.Time { now = now.Add(time.Second); return now }}
	ada, eve := setUp(t, accounts, "Ada"), setUp(t, accounts, "Eve")
	again, err := accounts.Login(t.Context(), "eve", testPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		id   string
		code facegate.Code
		left string // who has an account after it
	}{
		{"no id", "", facegate.CodeAccountNotFound, "Ada Eve"},
		{"a name", "Eve", facegate.CodeAccountNotFound, "Ada Eve"},
		{"one of two", eve.Account.ID, "", "Ada"},
		{"gone already", eve.Account.ID, facegate.CodeAccountNotFound, "Ada"},
		{"the last", ada.Account.ID, facegate.CodeLastAccount, "Ada"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := facegate.WithActor(context.Background(), facegate.Actor{Name: "cli"})
			if err := accounts.Delete(ctx, tt.id); facegate.CodeOf(err) != tt.code {
				t.Errorf("%v, want %q", err, tt.code)
			}
			all, err := accounts.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			left := ""
			for _, a := range all {
				left += " " + a.Name
			}
			if left != " "+tt.left {
				t.Errorf("there are%s, want %s", left, tt.left)
			}
		})
	}

	for name, session := range map[string]facegate.Session{"her first": eve, "her second": again} {
		if _, err := accounts.Session(t.Context(), session.Secret); facegate.CodeOf(err) != facegate.CodeSessionNeeded {
			t.Errorf("%s session: %v", name, err)
		}
	}
	if _, err := accounts.Session(t.Context(), ada.Secret); err != nil {
		t.Errorf("another's session: %v", err)
	}
	if _, err := accounts.Login(t.Context(), "Eve", testPassword); facegate.CodeOf(err) != facegate.CodeLoginRefused {
		t.Errorf("she signs in: %v", err)
	}
	log := &enroll.AuditLog{Store: s.Store}
	page, err := log.Entries(t.Context(), facegate.AuditFilter{Action: "account.delete"})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"account":"` + eve.Account.ID + `","name":"Eve"}`; len(page.Entries) != 1 || string(page.Entries[0].Detail) != want || page.Entries[0].Actor != "cli" {
		t.Errorf("the audit has %+v, want one with %s", page.Entries, want)
	}
	if back := setUp(t, accounts, "Eve"); back.Account.ID == eve.Account.ID {
		t.Error("a new account of the name is the old one")
	}
}

// Comparing a password takes its time: an account that is deleted, or given
// another password meanwhile, is not signed in.
func TestLoginIsOvertaken(t *testing.T) {
	s, _ := newService(t)
	var meanwhile func() // when the password is found right, before the session is made
	accounts := &enroll.Accounts{Store: s.Store, Now: func() time.Time {
		if do := meanwhile; do != nil {
			meanwhile = nil
			do()
		}
		return testTime
	}}
	setUp(t, accounts, "Ada")
	for name, do := range map[string]func(id string){
		"deleted": func(id string) {
			if err := accounts.Delete(t.Context(), id); err != nil {
				t.Error(err)
			}
		},
		"another password": func(string) { setUpWith(t, accounts, "Eve", "saves nine") },
	} {
		t.Run(name, func(t *testing.T) {
			eve := setUp(t, accounts, "Eve")
			meanwhile = func() { do(eve.Account.ID) }
			if _, err := accounts.Login(t.Context(), "Eve", testPassword); facegate.CodeOf(err) != facegate.CodeLoginRefused {
				t.Errorf("%v, want %s", err, facegate.CodeLoginRefused)
			}
		})
	}
}

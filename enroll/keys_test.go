package enroll_test

import (
	"runtime"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

// Another process sees that a key is used from its first use on, and how late
// again to the minute.
func TestLastUseOfKeys(t *testing.T) {
	s, _ := newService(t)
	now := testTime
	here := &enroll.Keys{Store: s.Store, Now: func() time.Time { return now }}
	there := &enroll.Keys{Store: s.Store}
	var secrets []string
	for _, name := range []string{"door", "gate"} {
		_, secret, err := here.Create(t.Context(), facegate.NewKey{Name: name, Scopes: []facegate.Scope{facegate.ScopeDetect}})
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, secret)
	}
	seen := func(name string) (at time.Time) {
		t.Helper()
		keys, err := there.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if k.Name == name && k.LastUsedAt != nil {
				at = *k.LastUsedAt
			}
		}
		return at
	}
	use := func(secret string) {
		t.Helper()
		if _, err := here.Authenticate(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
	until := func(name string, want time.Time) {
		t.Helper()
		for !seen(name).Equal(want) { // it is written behind the answer
			if t.Context().Err() != nil {
				t.Fatalf("%s: %s, want %s", name, seen(name), want)
			}
			runtime.Gosched()
		}
	}
	use(secrets[0])
	until("door", testTime)
	now = now.Add(30 * time.Second)
	use(secrets[0])
	use(secrets[1])
	until("gate", now)
	now = now.Add(31 * time.Second)
	use(secrets[0])
	until("door", now)
	now = now.Add(time.Second)
	use(secrets[0])
	if err := here.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	until("door", now)
}

func TestKeysExpireAndEnd(t *testing.T) {
	s, _ := newService(t)
	now := testTime
	keys := &enroll.Keys{Store: s.Store, Now: func() time.Time { return now }}
	expires := now.Add(time.Hour)
	k, secret, err := keys.Create(t.Context(), facegate.NewKey{Name: "door", Scopes: []facegate.Scope{facegate.ScopeDetect}, ExpiresAt: &expires})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(secret string, want facegate.Code) {
		t.Helper()
		if _, err := keys.Authenticate(t.Context(), secret); facegate.CodeOf(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refused(secret, "")
	refused("8a6e0804-2bd0-4672-b79d-d97027f9071a", facegate.CodeKeyRefused)
	for _, other := range []string{"", "x", "{" + secret + "}", "urn:uuid:" + secret, secret[:35]} {
		refused(other, facegate.CodeKeyMalformed)
	}
	now = expires
	refused(secret, facegate.CodeKeyRefused)
	now = testTime
	if _, err := keys.Revoke(t.Context(), k.ID); err != nil {
		t.Fatal(err)
	}
	refused(secret, facegate.CodeKeyRefused)
	for name, n := range map[string]facegate.NewKey{
		"no scope":        {Name: "x"},
		"another scope":   {Name: "x", Scopes: []facegate.Scope{"root"}},
		"no name":         {Scopes: []facegate.Scope{facegate.ScopeDetect}},
		"an expiry past":  {Name: "x", Scopes: []facegate.Scope{facegate.ScopeDetect}, ExpiresAt: &testTime},
		"limits below 0":  {Name: "x", Scopes: []facegate.Scope{facegate.ScopeDetect}, Limit: facegate.KeyLimit{Faces: -1}},
		"an endless name": {Name: string(make([]byte, 101)), Scopes: []facegate.Scope{facegate.ScopeDetect}},
	} {
		if _, _, err := keys.Create(t.Context(), n); facegate.CodeOf(err) != facegate.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

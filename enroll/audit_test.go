package enroll_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
)

func auditOf(t *testing.T, s *enroll.Service) *enroll.AuditLog {
	t.Helper()
	return &enroll.AuditLog{Store: s.Store, Now: func() time.Time { return testTime }}
}

func verified(t *testing.T, l *enroll.AuditLog, want bool) facegate.AuditCheck {
	t.Helper()
	c, err := l.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Valid != want {
		t.Fatalf("verified: %+v, want valid %v", c, want)
	}
	return c
}

// All that is recorded, by the queue, at once and with changes, is in one chain.
func TestAuditChain(t *testing.T) {
	s, _ := newService(t)
	l := auditOf(t, s)
	l.Queue = 3
	verified(t, l, true) // an empty one
	l.Start()
	ctx := facegate.WithActor(t.Context(), facegate.Actor{Name: "key:door", ID: "k1", Address: "192.0.2.7", RequestID: "r1"})
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				if err := l.Record(ctx, facegate.AuditRecord{Action: "identify", PersonID: ann.ID, Detail: map[string]any{"decision": "match", "n": i*50 + j}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	mustCreate(t, s, "Bob", photo("b.jpg", 1, shown{seed: 2}))
	all.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(ctx, facegate.AuditRecord{Action: "late"}); err != nil {
		t.Fatal(err)
	}
	c := verified(t, l, true)
	if c.Entries != 400+4+1 || c.First != 1 || c.Last != 405 || len(c.Head) != 64 {
		t.Errorf("%+v", c)
	}
	if n := count(t, s, "audit WHERE actor = 'key:door' AND actor_id = 'k1' AND address = '192.0.2.7' AND request_id = 'r1'"); n != 401 {
		t.Errorf("%d entries tell who", n)
	}
}

// Whoever gets past the triggers leaves a trace.
func TestAuditTellsTampering(t *testing.T) {
	drop := `DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_deleted; DROP TRIGGER audit_is_chained; DROP TRIGGER audit_anchor_only_moves_on;`
	for name, tt := range map[string]struct {
		statement string
		broken    int64
	}{
		"a changed actor":          {`UPDATE audit SET actor = 'eve' WHERE seq = 3`, 3},
		"a changed decision":       {`UPDATE audit SET detail = '{"n":9}' WHERE seq = 5`, 5},
		"a changed time":           {`UPDATE audit SET at = at + 1 WHERE seq = 1`, 1},
		"a changed hash":           {`UPDATE audit SET hash = zeroblob(32) WHERE seq = 4`, 4},
		"one taken out":            {`DELETE FROM audit WHERE seq = 4`, 5},
		"the first taken out":      {`DELETE FROM audit WHERE seq = 1`, 2},
		"the last taken out":       {`DELETE FROM audit WHERE seq = 6`, 6},
		"all taken out":            {`DELETE FROM audit`, 1},
		"two exchanged":            {`UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 100`, 2},
		"one put in at the end":    {`INSERT INTO audit (at, actor, action, hash) VALUES (0, 'eve', 'x', zeroblob(32))`, 7},
		"the start moved":          {`DELETE FROM audit WHERE seq < 3; UPDATE audit_anchor SET seq = 2`, 3},
		"the start moved to a row": {`UPDATE audit_anchor SET seq = 2, hash = (SELECT hash FROM audit WHERE seq = 2)`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newService(t)
			l := auditOf(t, s)
			for i := range 6 {
				if err := l.Record(t.Context(), facegate.AuditRecord{Action: "x", Detail: map[string]any{"n": i}}); err != nil {
					t.Fatal(err)
				}
			}
			verified(t, l, true)
			if _, err := s.Store.Writer().Exec(tt.statement); err == nil && name != "the start moved to a row" && !strings.Contains(name, "put in") {
				t.Error("the database lets it happen")
			}
			if _, err := s.Store.Writer().Exec(drop + tt.statement); err != nil {
				t.Fatal(err)
			}
			if c := verified(t, l, false); c.Broken != tt.broken || c.Reason == "" {
				t.Errorf("%+v, want it broken at %d", c, tt.broken)
			}
		})
	}
}

func TestAuditRetention(t *testing.T) {
	s, _ := newService(t)
	now := testTime
	l := &enroll.AuditLog{Store: s.Store, Now: func() time.Time { return now }}
	for i := range 10 {
		now = testTime.AddDate(0, 0, i)
		if err := l.Record(t.Context(), facegate.AuditRecord{Action: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	head := verified(t, l, true).Head
	for _, step := range []struct {
		before        time.Time
		pruned        int64
		entries, last int64
	}{
		{testTime, 0, 10, 10},
		{testTime.AddDate(0, 0, 4), 4, 7, 11}, // six, and the one that tells of it
		{testTime.AddDate(0, 0, 4), 0, 7, 11},
		{testTime.AddDate(0, 0, 9), 5, 3, 12},
		{testTime.AddDate(1, 0, 0), 3, 1, 13},
	} {
		pruned, err := l.Prune(t.Context(), step.before)
		if err != nil || pruned != step.pruned {
			t.Fatalf("pruned %d (%v), want %d", pruned, err, step.pruned)
		}
		if c := verified(t, l, true); c.Entries != step.entries || c.Last != step.last {
			t.Errorf("%+v, want %+v", c, step)
		}
	}
	if page, err := l.Entries(t.Context(), facegate.AuditFilter{}); err != nil || len(page.Entries) != 1 || page.Entries[0].Action != "audit.prune" || page.Entries[0].Hash == head {
		t.Errorf("%+v %v", page, err)
	}
	if _, err := s.Store.Writer().Exec(`DELETE FROM audit WHERE seq = 13`); err == nil {
		t.Error("what retention did not take can be deleted")
	}
}

func TestAuditFilters(t *testing.T) {
	s, _ := newService(t)
	now := testTime
	l := &enroll.AuditLog{Store: s.Store, Now: func() time.Time { return now }}
	for i := range 6 {
		now = testTime.Add(time.Duration(i) * time.Hour)
		decision, action, person := "match", "person.create", "p1"
		if i%2 == 1 {
			decision, action, person = "unknown", "identify", ""
		}
		ctx := facegate.WithActor(t.Context(), facegate.Actor{Name: fmt.Sprint("key:", i%3), RequestID: fmt.Sprint("r", i)})
		if err := l.Record(ctx, facegate.AuditRecord{Action: action, PersonID: person, Detail: map[string]any{"decision": decision}}); err != nil {
			t.Fatal(err)
		}
	}
	from, to := testTime.Add(time.Hour), testTime.Add(4*time.Hour)
	for name, tt := range map[string]struct {
		filter facegate.AuditFilter
		want   []int64 // the newest first
	}{
		"all":           {facegate.AuditFilter{}, []int64{6, 5, 4, 3, 2, 1}},
		"an actor":      {facegate.AuditFilter{Actor: "key:1"}, []int64{5, 2}},
		"an action":     {facegate.AuditFilter{Action: "identify"}, []int64{6, 4, 2}},
		"a group":       {facegate.AuditFilter{Action: "person."}, []int64{5, 3, 1}},
		"a person":      {facegate.AuditFilter{PersonID: "p1"}, []int64{5, 3, 1}},
		"a decision":    {facegate.AuditFilter{Decision: facegate.Unknown}, []int64{6, 4, 2}},
		"a request":     {facegate.AuditFilter{RequestID: "r3"}, []int64{4}},
		"a time":        {facegate.AuditFilter{From: &from, To: &to}, []int64{4, 3, 2}},
		"several":       {facegate.AuditFilter{From: &from, Action: "identify", Actor: "key:0"}, []int64{4}},
		"none":          {facegate.AuditFilter{Actor: "key:"}, nil},
		"the next page": {facegate.AuditFilter{Before: 3}, []int64{2, 1}},
	} {
		page, err := l.Entries(t.Context(), tt.filter)
		var got []int64
		for _, e := range page.Entries {
			got = append(got, e.Seq)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %v (%v), want %v", name, got, err, tt.want)
		}
		var each []int64
		if tt.filter.Before == 0 {
			err = l.Each(t.Context(), tt.filter, func(e facegate.AuditEntry) error { each = append([]int64{e.Seq}, each...); return nil })
			if err != nil || fmt.Sprint(each) != fmt.Sprint(tt.want) {
				t.Errorf("%s, each: %v (%v), want %v", name, each, err, tt.want)
			}
		}
	}
	page, err := l.Entries(t.Context(), facegate.AuditFilter{Limit: 4})
	if err != nil || len(page.Entries) != 4 || page.Next != 3 {
		t.Errorf("%+v %v", page, err)
	}
}

// A database from before the chain gets it when it is opened.
func TestOldAuditIsChained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "facegate.db")
	s, _ := openService(t, path)
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	old := `DROP TRIGGER audit_is_never_changed; UPDATE audit SET hash = NULL;
		CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit WHEN old.hash IS NOT NULL BEGIN SELECT RAISE(ABORT, 'no'); END`
	if _, err := s.Store.Writer().Exec(old); err != nil {
		t.Fatal(err)
	}
	again, err := enroll.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if c := verified(t, &enroll.AuditLog{Store: again}, true); c.Entries != 2 {
		t.Errorf("%+v", c)
	}
}

// What cannot be recorded is not answered.
func TestAuditedRecognition(t *testing.T) {
	s, _ := newService(t)
	l := auditOf(t, s)
	r := &enroll.AuditedRecognition{Recognition: answers{}, Log: l}
	ctx := t.Context()
	if _, err := r.Identify(ctx, nil, facegate.IdentifyOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.VerifyPerson(ctx, facegate.Photo{}, "p2", facegate.VerifyOptions{}); facegate.CodeOf(err) != facegate.CodeNoFace {
		t.Fatal(err)
	}
	page, err := l.Entries(ctx, facegate.AuditFilter{})
	if err != nil || len(page.Entries) != 3 {
		t.Fatalf("%+v %v", page, err)
	}
	for i, want := range []facegate.AuditEntry{
		{Action: "verify", PersonID: "p2", Detail: []byte(`{"error":"no_face"}`)},
		{Action: "identify", Detail: []byte(`{"decision":"unknown","distance":0.8,"face":2,"faces":2,"nearest":"p1","threshold":0.5}`)},
		{Action: "identify", PersonID: "p1", SampleID: "s1", Detail: []byte(`{"decision":"match","distance":0.3,"face":1,"faces":2,"threshold":0.5}`)},
	} {
		got := page.Entries[i]
		if got.Action != want.Action || got.PersonID != want.PersonID || got.SampleID != want.SampleID || string(got.Detail) != string(want.Detail) {
			t.Errorf("%+v %s, want %+v %s", got, got.Detail, want, want.Detail)
		}
		if strings.Contains(string(got.Detail), "Ann") {
			t.Errorf("a name: %s", got.Detail)
		}
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Identify(ctx, nil, facegate.IdentifyOptions{}); err == nil {
		t.Error("an answer that is not recorded")
	}
}

// answers is a Recognition with two answers, for what the audit makes of them.
type answers struct{ facegate.Recognition }

func (answers) Identify(context.Context, []byte, facegate.IdentifyOptions) (facegate.IdentifyResult, error) {
	near := func(d float64) []facegate.Candidate {
		return []facegate.Candidate{{Person: facegate.PersonRef{ID: "p1", Name: "Ann"}, Distance: d, SampleID: "s1"}}
	}
	return facegate.IdentifyResult{Faces: []facegate.IdentifiedFace{
		{Identification: facegate.Identification{Decision: facegate.Match, Threshold: 0.5, Candidates: near(0.3)}},
		{Identification: facegate.Identification{Decision: facegate.Unknown, Threshold: 0.5, Candidates: near(0.8)}},
	}}, nil
}

func (answers) VerifyPerson(context.Context, facegate.Photo, string, facegate.VerifyOptions) (facegate.Verification, error) {
	return facegate.Verification{}, facegate.NewError(facegate.CodeNoFace, "no face", "")
}

// Entries that could not be written to the very end are not passed over.
func TestClosingTheAuditTellsWhatIsLost(t *testing.T) {
	s, _ := newService(t)
	l := auditOf(t, s)
	l.After = func(time.Duration) <-chan time.Time { return nil } // only the end goes on
	l.Start()
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := l.Record(t.Context(), facegate.AuditRecord{Action: "identify"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "3 entries") {
		t.Errorf("%v", err)
	}
}

package enroll_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"facegate"
)

func TestCreatePerson(t *testing.T) {
	s, _ := newService(t)
	given := testTime.Add(-time.Hour).In(time.FixedZone("", 3600)).Add(456 * time.Microsecond)
	expires := testTime.AddDate(1, 0, 0)
	e, err := s.Create(t.Context(), facegate.NewPerson{
		Name: " Ann  Smith ", ExternalID: " 7 ", Tags: []string{"staff", " night ", "staff", ""}, Notes: "line\nline",
		Consent: facegate.Consent{Basis: "form 12", At: &given}, ExpiresAt: &expires,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := testTime.Add(-time.Hour)
	want := facegate.Person{
		ID: e.ID, Name: "Ann Smith", ExternalID: "7", Tags: []string{"staff", "night"}, Notes: "line\nline",
		Consent: facegate.Consent{Basis: "form 12", At: &at}, ExpiresAt: &expires, CreatedAt: testTime, UpdatedAt: testTime,
	}
	if !reflect.DeepEqual(e.Person, want) {
		t.Errorf("created %+v, want %+v", e.Person, want)
	}
	for how, get := range map[string]func() (facegate.Person, error){
		"id":   func() (facegate.Person, error) { return s.Person(t.Context(), e.ID) },
		"name": func() (facegate.Person, error) { return s.PersonByName(t.Context(), "Ann   Smith ") },
	} {
		if got, err := get(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("by %s: got %+v, %v", how, got, err)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	s, _ := newService(t)
	if _, err := s.Create(t.Context(), facegate.NewPerson{Name: "Ann", ExternalID: "7"}, nil); err != nil {
		t.Fatal(err)
	}
	past := testTime.Add(-time.Second)
	for name, tt := range map[string]struct {
		person facegate.NewPerson
		want   facegate.Code
	}{
		"name taken":             {facegate.NewPerson{Name: "  Ann"}, facegate.CodeNameTaken},
		"external id taken":      {facegate.NewPerson{Name: "Bob", ExternalID: "7"}, facegate.CodeExternalIDTaken},
		"no name":                {facegate.NewPerson{}, facegate.CodeInvalid},
		"expiry past":            {facegate.NewPerson{Name: "Bob", ExpiresAt: &past}, facegate.CodeInvalid},
		"long notes":             {facegate.NewPerson{Name: "Bob", Notes: strings.Repeat("x", 10_001)}, facegate.CodeInvalid},
		"control in external id": {facegate.NewPerson{Name: "Bob", ExternalID: "a\nb"}, facegate.CodeInvalid},
		"too many tags":          {facegate.NewPerson{Name: "Bob", Tags: manyTags(51)}, facegate.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Create(t.Context(), tt.person, nil)
			wantCode(t, err, tt.want)
		})
	}
	if n := count(t, s, "people"); n != 1 {
		t.Errorf("%d people are stored, want 1", n)
	}
}

func manyTags(n int) (tags []string) {
	for i := range n {
		tags = append(tags, fmt.Sprint(i))
	}
	return tags
}

func TestConsentRequired(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann")
	s.RequireConsent = true
	_, err := s.Create(t.Context(), facegate.NewPerson{Name: "Bob"}, nil)
	wantCode(t, err, facegate.CodeInvalid)
	_, err = s.AddSamples(t.Context(), ann.ID, []facegate.Photo{photo("a.jpg", 1, shown{seed: 1})})
	wantCode(t, err, facegate.CodeInvalid)
	if _, err = s.Update(t.Context(), ann.ID, facegate.PersonUpdate{Consent: &facegate.Consent{Basis: "form"}}); err != nil {
		t.Fatal(err)
	}
	if _, err = s.AddSamples(t.Context(), ann.ID, []facegate.Photo{photo("a.jpg", 1, shown{seed: 1})}); err != nil {
		t.Error(err)
	}
	_, err = s.Update(t.Context(), ann.ID, facegate.PersonUpdate{Consent: &facegate.Consent{}})
	wantCode(t, err, facegate.CodeInvalid)
}

// Of many calls for one name at once, exactly one wins.
func TestCreateSameNameTogether(t *testing.T) {
	s, _ := newService(t)
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			_, err := s.Create(t.Context(), facegate.NewPerson{Name: "Ann"}, []facegate.Photo{photo("a.jpg", byte(i), shown{seed: uint32(i)})})
			switch facegate.CodeOf(err) {
			case "":
				won.Add(1)
			case facegate.CodeNameTaken:
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 11 {
		t.Errorf("%d won and %d lost, want 1 and 11", won.Load(), lost.Load())
	}
	if n := count(t, s, "samples"); n != 1 {
		t.Errorf("%d samples, want the winner's one", n)
	}
}

func TestUpdate(t *testing.T) {
	s, _ := newService(t)
	later := testTime.Add(time.Minute)
	expires := testTime.AddDate(1, 0, 0)
	ann, err := s.Create(t.Context(), facegate.NewPerson{Name: "Ann", ExternalID: "7", ExpiresAt: &expires}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mustCreate(t, s, "Bob")
	s.Now = func() time.Time { return later }
	ptr := func(s string) *string { return &s }

	got, err := s.Update(t.Context(), ann.ID, facegate.PersonUpdate{
		Name: ptr("Ánn"), ExternalID: ptr(""), Tags: &[]string{"x"}, Notes: ptr("n"),
		Consent: &facegate.Consent{Basis: "form"}, ExpiresAt: &time.Time{},
	})
	want := facegate.Person{ID: ann.ID, Name: "Ánn", Tags: []string{"x"}, Notes: "n", Consent: facegate.Consent{Basis: "form"},
		CreatedAt: testTime, UpdatedAt: later}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	if stored, err := s.Person(t.Context(), ann.ID); err != nil || !reflect.DeepEqual(stored, want) {
		t.Errorf("stored %+v, %v", stored, err)
	}

	audited := count(t, s, "audit")
	s.Now = func() time.Time { return later.Add(time.Minute) }
	if got, err := s.Update(t.Context(), ann.ID, facegate.PersonUpdate{Name: ptr(" Ánn")}); err != nil || !got.UpdatedAt.Equal(later) {
		t.Errorf("an update that changes nothing: got %+v, %v", got, err)
	}
	if n := count(t, s, "audit"); n != audited {
		t.Error("an update that changes nothing is audited")
	}
	_, err = s.Update(t.Context(), ann.ID, facegate.PersonUpdate{Name: ptr("Bob")})
	wantCode(t, err, facegate.CodeNameTaken)
	_, err = s.Update(t.Context(), ann.ID, facegate.PersonUpdate{Name: ptr("")})
	wantCode(t, err, facegate.CodeInvalid)
	past := testTime
	_, err = s.Update(t.Context(), ann.ID, facegate.PersonUpdate{ExpiresAt: &past})
	wantCode(t, err, facegate.CodeInvalid)
	_, err = s.Update(t.Context(), "nobody", facegate.PersonUpdate{})
	wantCode(t, err, facegate.CodePersonNotFound)
}

func TestDelete(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 1, shown{seed: 2}))
	bob := mustCreate(t, s, "Bob", photo("c.jpg", 1, shown{seed: 3}))

	wantCode(t, s.DeleteSample(t.Context(), ann.ID, bob.Samples[0].ID), facegate.CodeSampleNotFound)
	wantCode(t, s.DeleteSample(t.Context(), "nobody", bob.Samples[0].ID), facegate.CodePersonNotFound)
	if err := s.DeleteSample(t.Context(), ann.ID, ann.Samples[0].ID); err != nil {
		t.Fatal(err)
	}
	_, err := s.Sample(t.Context(), ann.Samples[0].ID)
	wantCode(t, err, facegate.CodeSampleNotFound)
	_, err = s.Thumbnail(t.Context(), ann.Samples[0].ID)
	wantCode(t, err, facegate.CodeSampleNotFound)
	if p, err := s.Person(t.Context(), ann.ID); err != nil || p.SampleCount != 1 {
		t.Errorf("got %+v, %v, want one sample left", p, err)
	}

	if err := s.Delete(t.Context(), ann.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.Delete(t.Context(), ann.ID), facegate.CodePersonNotFound)
	_, err = s.Samples(t.Context(), ann.ID)
	wantCode(t, err, facegate.CodePersonNotFound)
	_, err = s.PersonByName(t.Context(), "Ann")
	wantCode(t, err, facegate.CodePersonNotFound)
	for table, want := range map[string]int{"people": 1, "samples": 1, "sample_thumbnails": 1} {
		if n := count(t, s, table); n != want {
			t.Errorf("%s has %d rows, want %d", table, n, want)
		}
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}
}

func TestAudit(t *testing.T) {
	s, _ := newService(t)
	ctx := facegate.WithActor(t.Context(), facegate.Actor{Name: "key:door", RequestID: "r1"})
	ann, err := s.Create(ctx, facegate.NewPerson{Name: "Ann"}, []facegate.Photo{photo("secret.jpg", 1, shown{seed: 1})})
	if err != nil {
		t.Fatal(err)
	}
	bob, err := s.Create(t.Context(), facegate.NewPerson{Name: "Bob"}, []facegate.Photo{photo("b.jpg", 1, shown{seed: 1, shift: 0.2})})
	if err != nil {
		t.Fatal(err)
	}
	notes := "n"
	if _, err := s.Update(ctx, ann.ID, facegate.PersonUpdate{Notes: &notes}); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteSample(ctx, ann.ID, ann.Samples[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, ann.ID); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Store.Reader().Query(
		`SELECT at, actor, action, coalesce(person_id, ''), coalesce(sample_id, ''), detail, request_id FROM audit ORDER BY seq`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var at int64
		var actor, action, person, sample, detail, request string
		if err := rows.Scan(&at, &actor, &action, &person, &sample, &detail, &request); err != nil {
			t.Fatal(err)
		}
		if at != testTime.UnixMilli() {
			t.Errorf("time %d", at)
		}
		line := strings.Join([]string{actor, action, person, sample, detail, request}, " ")
		if strings.Contains(line, "Ann") || strings.Contains(line, "secret") {
			t.Errorf("the audit tells a name: %s", line)
		}
		got = append(got, line)
	}
	a, as, b, bs := ann.ID, ann.Samples[0].ID, bob.ID, bob.Samples[0].ID
	want := []string{
		"key:door person.create " + a + "  {} r1",
		"key:door sample.add " + a + " " + as + ` {"quality":0.9} r1`,
		" person.create " + b + "  {} ",
		" sample.add " + b + " " + bs + ` {"distance":0.2,"duplicate_of":"` + a + `","quality":0.9} `,
		"key:door person.update " + a + `  {"fields":["notes"]} r1`,
		"key:door sample.delete " + a + " " + as + " {} r1",
		"key:door person.delete " + a + `  {"samples":0} r1`,
	}
	for i := range got {
		if i == 3 {
			continue // the distance is not a round number
		}
		if i >= len(want) || got[i] != want[i] {
			t.Errorf("row %d: got %q", i, got[i])
		}
	}
	if len(got) != len(want) || !strings.Contains(got[3], `"duplicate_of":"`+a+`"`) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestList(t *testing.T) {
	s, _ := newService(t)
	for i, name := range []string{"bob", "Ann", "ann", "Émile", "ÉMILE Z", "100% Bob", "100 Bob", "a_b", "axb", `c\d`, "Straße"} {
		p := facegate.NewPerson{Name: name, Tags: []string{"all", fmt.Sprint("t", i%2)}}
		if name == "Ann" {
			p.ExternalID = "Staff-7"
		}
		if _, err := s.Create(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"100 Bob", "100% Bob", "a_b", "Ann", "ann", "axb", "bob", `c\d`, "Straße", "Émile", "ÉMILE Z"}
	for name, tt := range map[string]struct {
		filter facegate.PeopleFilter
		want   []string
	}{
		"all":                     {facegate.PeopleFilter{}, all},
		"part, any case":          {facegate.PeopleFilter{Query: "BOB"}, []string{"100 Bob", "100% Bob", "bob"}},
		"any case, all alphabets": {facegate.PeopleFilter{Query: "émi"}, []string{"Émile", "ÉMILE Z"}},
		"decomposed":              {facegate.PeopleFilter{Query: "e\u0301mile z"}, []string{"ÉMILE Z"}},
		"folded letters":          {facegate.PeopleFilter{Query: "STRASSE"}, []string{"Straße"}},
		"external id":             {facegate.PeopleFilter{Query: "staff"}, []string{"Ann"}},
		"percent is no joker":     {facegate.PeopleFilter{Query: "0%"}, []string{"100% Bob"}},
		"underscore neither":      {facegate.PeopleFilter{Query: "a_"}, []string{"a_b"}},
		"nor backslash":           {facegate.PeopleFilter{Query: `\`}, []string{`c\d`}},
		"nobody":                  {facegate.PeopleFilter{Query: "zzz"}, nil},
		"tag":                     {facegate.PeopleFilter{Tag: "t1", Query: "b"}, []string{"100% Bob", "a_b"}},
		"tag is whole":            {facegate.PeopleFilter{Tag: "al"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := s.List(t.Context(), tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(page); !slices.Equal(got, tt.want) || page.Total != len(tt.want) || page.Next != "" || page.People == nil {
				t.Errorf("got %q (total %d, next %q), want %q", got, page.Total, page.Next, tt.want)
			}
		})
	}
	for limit := 1; limit <= 12; limit++ {
		var got []string
		f := facegate.PeopleFilter{Limit: limit}
		for {
			page, err := s.List(t.Context(), f)
			if err != nil || page.Total != len(all) || len(page.People) > limit {
				t.Fatalf("got %+v, %v", page, err)
			}
			got = append(got, names(page)...)
			if f.After = page.Next; f.After == "" {
				break
			}
		}
		if !slices.Equal(got, all) {
			t.Errorf("pages of %d: got %q", limit, got)
		}
	}
	for _, f := range []facegate.PeopleFilter{{Limit: -1}, {Limit: 501}, {After: "!"}} {
		_, err := s.List(t.Context(), f)
		wantCode(t, err, facegate.CodeInvalid)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.List(canceled, facegate.PeopleFilter{})
	wantCode(t, err, facegate.CodeCanceled)
}

func names(page facegate.PeoplePage) (names []string) {
	for _, p := range page.People {
		names = append(names, p.Name)
	}
	return names
}

func TestSamplesBySource(t *testing.T) {
	s, _ := newService(t)
	var want []string
	for i, name := range []string{"Ann", "Bob"} {
		e, err := s.Create(t.Context(), facegate.NewPerson{Name: name}, []facegate.Photo{
			photo("facebox:100%25", 1, shown{seed: uint32(10*i + 1)}), photo("other.jpg", 1, shown{seed: uint32(10*i + 2)}),
		})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, e.Samples[0].ID)
	}
	for source, want := range map[string][]string{"facebox:100%25": want, "FACEBOX:100%25": nil, "facebox:%": nil, "": nil} {
		samples, err := s.SamplesBySource(t.Context(), source)
		var got []string
		for _, sample := range samples {
			got = append(got, sample.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v, want %v", source, got, err, want)
		}
	}
}

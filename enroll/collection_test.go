package enroll_test

import (
	"fmt"
	"slices"
	"testing"

	"facegate"
)

// samplesOf is the ids of a person's samples.
func idsOf(samples []facegate.Sample) (ids []string) {
	for _, s := range samples {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestListSamples(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 2, shown{seed: 2}))
	bob := mustCreate(t, s, "Bob", photo("c.jpg", 3, shown{seed: 3}))
	more, err := s.AddSamples(t.Context(), ann.ID, []facegate.Photo{photo("d.jpg", 4, shown{seed: 4})})
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(idsOf(ann.Samples), idsOf(bob.Samples), idsOf(more.Samples))
	for _, c := range []struct {
		f     facegate.SampleFilter
		want  []string
		total int
	}{
		{facegate.SampleFilter{}, all, 4},
		{facegate.SampleFilter{Limit: 3}, all[:3], 4},
		{facegate.SampleFilter{Limit: 3, Offset: 3}, all[3:], 4},
		{facegate.SampleFilter{Limit: 3, Offset: 6}, nil, 4},
		{facegate.SampleFilter{PersonID: ann.ID}, []string{all[0], all[1], all[3]}, 3},
		{facegate.SampleFilter{PersonID: ann.ID, Offset: 1, Limit: 1}, all[1:2], 3},
		{facegate.SampleFilter{PersonID: "nobody"}, nil, 0},
	} {
		page, err := s.ListSamples(t.Context(), c.f)
		var got []string
		for _, ref := range page.Samples {
			got = append(got, ref.ID)
			if want := map[string]string{ann.ID: "Ann", bob.ID: "Bob"}[ref.Person.ID]; ref.Person.Name != want {
				t.Errorf("%+v: %+v, want %s", c.f, ref, want)
			}
		}
		if err != nil || !slices.Equal(got, c.want) || page.Total != c.total || page.Samples == nil {
			t.Errorf("%+v: %+v, %v; want %v", c.f, page, err, c.want)
		}
	}
	for _, f := range []facegate.SampleFilter{{Limit: 1001}, {Limit: -1}, {Offset: -1}} {
		_, err := s.ListSamples(t.Context(), f)
		wantCode(t, err, facegate.CodeInvalid)
	}
}

func TestDeleteSamples(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 2, shown{seed: 2}))
	bob := mustCreate(t, s, "Bob", photo("c.jpg", 3, shown{seed: 3}))
	got, err := s.DeleteSamples(t.Context(), []string{bob.Samples[0].ID, "none", ann.Samples[1].ID, bob.Samples[0].ID})
	want := []facegate.SampleRef{{ID: bob.Samples[0].ID, Person: bob.Ref()}, {ID: ann.Samples[1].ID, Person: ann.Ref()}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	if got, err := s.DeleteSamples(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("none: %+v %v", got, err)
	}
	if n := count(t, s, "samples"); n != 1 {
		t.Errorf("%d samples are left", n)
	}
	if n := count(t, s, "audit WHERE action = 'sample.delete' AND sample_id IS NOT NULL"); n != 2 {
		t.Errorf("%d entries in the audit", n)
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}
}

func TestClearSamples(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 2, shown{seed: 2}))
	mustCreate(t, s, "Bob", photo("c.jpg", 3, shown{seed: 3}))
	mustCreate(t, s, "Cid", photo("d.jpg", 4, shown{seed: 4}), photo("e.jpg", 5, shown{seed: 5}))
	mustCreate(t, s, "Dan")
	for _, c := range []struct {
		id         string
		want, left int
	}{{ann.ID, 2, 3}, {ann.ID, 0, 3}, {"", 3, 0}, {"", 0, 0}} {
		if n, err := s.ClearSamples(t.Context(), c.id); err != nil || n != c.want {
			t.Errorf("%q: %d %v, want %d", c.id, n, err, c.want)
		}
		if n := count(t, s, "samples"); n != c.left {
			t.Errorf("%q: %d samples are left, want %d", c.id, n, c.left)
		}
		if err := equalsDatabase(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	_, err := s.ClearSamples(t.Context(), "nobody")
	wantCode(t, err, facegate.CodePersonNotFound)
	if people, entries := count(t, s, "people"), count(t, s, "audit WHERE action = 'person.clear'"); people != 4 || entries != 3 {
		t.Errorf("%d people, %d entries in the audit", people, entries)
	}
}

func TestDeleteAll(t *testing.T) {
	h := newHouse(t, "mqtt")
	ann := mustCreate(t, h.service, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 2, shown{seed: 2}))
	mustCreate(t, h.service, "Bob")
	seen := h.sighting(1, facegate.Match)
	seen.Person = &facegate.PersonRef{ID: ann.ID, Name: ann.Name}
	h.report(seen)
	for _, want := range []int{2, 0} {
		if n, err := h.service.DeleteAll(t.Context()); err != nil || n != want {
			t.Errorf("%d %v, want %d", n, err, want)
		}
	}
	for _, table := range []string{"people", "samples", "sample_thumbnails", "sightings", "outbox"} {
		if n := h.count(table); n != 0 {
			t.Errorf("%d rows are left of %s", n, table)
		}
	}
	if n := h.count("audit WHERE action = 'person.delete'"); n != 2 {
		t.Errorf("%d entries in the audit", n)
	}
	if err := equalsDatabase(t.Context(), h.service); err != nil {
		t.Error(err)
	}
}

func TestPeopleByWholeName(t *testing.T) {
	s, _ := newService(t)
	for _, name := range []string{"Ann", "ANN", "Anna", "Jörg  Ä"} {
		mustCreate(t, s, name)
	}
	for name, want := range map[string][]string{"ann": {"ANN", "Ann"}, "Anna": {"Anna"}, "An": nil, " jÖrg   ä ": {"Jörg Ä"}, "%": nil} {
		page, err := s.List(t.Context(), facegate.PeopleFilter{Name: name})
		if err != nil || !slices.Equal(names(page), want) || page.Total != len(want) {
			t.Errorf("%q: %v %v, want %v", name, names(page), err, want)
		}
	}
}

// Whoever sends a photo again can be told which sample it is.
func TestSkippedPhotosNameTheirSample(t *testing.T) {
	s, _ := newService(t)
	a := photo("a.jpg", 1, shown{seed: 1})
	ann := mustCreate(t, s, "Ann", a)
	e, err := s.AddSamples(t.Context(), ann.ID, []facegate.Photo{a, photo("near.jpg", 2, shown{seed: 1, shift: 0.05}),
		photo("new.jpg", 3, shown{seed: 7}), photo("near new.jpg", 4, shown{seed: 7, shift: 0.05})})
	if err != nil || len(e.Samples) != 1 || len(e.Skipped) != 3 {
		t.Fatalf("%+v %v", e, err)
	}
	for i, want := range []string{ann.Samples[0].ID, ann.Samples[0].ID, e.Samples[0].ID} {
		if e.Skipped[i].SampleID != want {
			t.Errorf("%+v, want %s", e.Skipped[i], want)
		}
	}
}

func TestDoubtfulFacesDoNotCount(t *testing.T) {
	s, _ := newService(t)
	sure := photo("a.jpg", 1, shown{seed: 1}) // of a score of 0.9
	sure.MinScore = 0.95
	_, err := s.Create(t.Context(), facegate.NewPerson{Name: "Ann"}, []facegate.Photo{sure})
	wantCode(t, err, facegate.CodeNoUsablePhoto)
	if got := codes(facegate.AsError(err).Refused); !slices.Equal(got, []string{"a.jpg no_face"}) {
		t.Errorf("refused %q", got)
	}
	sure.MinScore = 0.9
	mustCreate(t, s, "Ann", sure)
}

func TestMerge(t *testing.T) {
	h := newHouse(t, "mqtt")
	s := h.service
	a, b, c := photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 2, shown{seed: 2}), photo("c.jpg", 3, shown{seed: 3})
	ann := mustCreate(t, s, "Ann", a)
	anna := mustCreate(t, s, "Anna", a, b)
	anne := mustCreate(t, s, "Anne", c)
	bob := mustCreate(t, s, "Bob", photo("d.jpg", 4, shown{seed: 4}))
	seen := h.sighting(1, facegate.Match)
	seen.Person = &facegate.PersonRef{ID: anna.ID, Name: anna.Name}
	h.report(seen)
	other := h.sighting(2, facegate.Unknown)
	other.Candidate = &facegate.PersonRef{ID: anne.ID, Name: anne.Name}
	h.report(other)
	stranger := h.see(3, 9)
	if _, err := h.unknowns.Name(t.Context(), stranger.UnknownID, facegate.Naming{PersonID: anne.ID}); err != nil {
		t.Fatal(err)
	}

	h.pass(1000)
	got, err := s.Merge(t.Context(), ann.ID, []string{anna.ID, anne.ID, anna.ID})
	samples, listErr := s.Samples(t.Context(), ann.ID)
	if err != nil || listErr != nil || got.Name != "Ann" || got.SampleCount != len(samples) || !got.UpdatedAt.Equal(h.now()) || !got.CreatedAt.Equal(testTime) {
		t.Errorf("%+v %v %v", got, err, listErr)
	}
	kept := idsOf(samples)
	for _, want := range []string{ann.Samples[0].ID, anna.Samples[1].ID, anne.Samples[0].ID} {
		if !slices.Contains(kept, want) {
			t.Errorf("%s is gone from %v", want, kept)
		}
	}
	if slices.Contains(kept, anna.Samples[0].ID) {
		t.Error("the photo that both had is there twice")
	}
	for _, gone := range []string{anna.ID, anne.ID} {
		_, err := s.Person(t.Context(), gone)
		wantCode(t, err, facegate.CodePersonNotFound)
	}
	for seed, want := range map[uint64]string{1: "Ann", 2: "Ann", 3: "Ann", 4: "Bob", 9: "Ann"} {
		probe := randomEmbedding(seed)
		if c := s.Gallery.Nearest(&probe, 1, 0.3); len(c) != 1 || c[0].Person.Name != want {
			t.Errorf("the face %d is %+v, want %s", seed, c, want)
		}
	}
	if r := h.kept(id(1)); r.Person == nil || r.Person.ID != ann.ID {
		t.Errorf("%+v", r)
	}
	if r := h.kept(id(2)); r.Candidate == nil || r.Candidate.ID != ann.ID {
		t.Errorf("%+v", r)
	}
	if r := h.kept(id(3)); r.Person == nil || r.Person.ID != ann.ID {
		t.Errorf("%+v", r)
	}
	all, _ := h.pending("mqtt") // what waits to be told names who is left
	for _, r := range all {
		for _, who := range []*facegate.PersonRef{r.Person, r.Candidate} {
			if who != nil && *who != ann.Ref() {
				t.Errorf("%+v waits", who)
			}
		}
	}
	if len(all) < 3 {
		t.Errorf("%d reports wait", len(all))
	}
	if n := h.count(fmt.Sprintf("unknown_aliases WHERE person_id = '%s'", ann.ID)); n != 1 {
		t.Errorf("%d strangers are remembered as her", n)
	}
	if n := h.count("audit WHERE action = 'person.merge'"); n != 2 {
		t.Errorf("%d entries in the audit", n)
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}

	for name, c := range map[string]struct {
		id     string
		others []string
		code   facegate.Code
	}{
		"with nobody":           {ann.ID, nil, facegate.CodeInvalid},
		"with herself":          {ann.ID, []string{bob.ID, ann.ID}, facegate.CodeInvalid},
		"with somebody gone":    {ann.ID, []string{bob.ID, anna.ID}, facegate.CodePersonNotFound},
		"of somebody not there": {anna.ID, []string{bob.ID}, facegate.CodePersonNotFound},
	} {
		if _, err := s.Merge(t.Context(), c.id, c.others); facegate.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.RequireConsent = true
	_, err = s.Merge(t.Context(), ann.ID, []string{bob.ID})
	wantCode(t, err, facegate.CodeInvalid)
	if got, err := s.Person(t.Context(), bob.ID); err != nil || got.SampleCount != 1 {
		t.Errorf("what failed changed %+v (%v)", got, err)
	}
}

package enroll_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"testing"

	"facegate"
	"facegate/match"
)

func codes(refusals []facegate.Refusal) (codes []string) {
	for _, r := range refusals {
		codes = append(codes, r.Photo+" "+string(r.Code))
	}
	return codes
}

func TestEnrol(t *testing.T) {
	s, _ := newService(t)
	e, err := s.Create(t.Context(), facegate.NewPerson{Name: "Ann"}, []facegate.Photo{
		photo("none.jpg", 1),
		photo("dir/good.jpg", 1, shown{seed: 1}),
		photo("group.jpg", 1, shown{seed: 1}, shown{seed: 2}, shown{seed: 3}),
		photo("blurred.jpg", 1, shown{seed: 1, quality: 0.29}),
		{Name: "empty.jpg"},
		{Name: "text.txt", Data: []byte("hello")},
		photo("again.jpg", 2, shown{seed: 1, shift: 0.09}),
		photo("same.jpg", 1, shown{seed: 1}),
		photo("other.jpg", 1, shown{seed: 1, shift: 0.5, quality: 0.3}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.SampleCount != 2 || len(e.Samples) != 2 || e.Samples[0].Source != "good.jpg" || e.Samples[1].Source != "other.jpg" {
		t.Errorf("added %+v", e.Samples)
	}
	wantRefused := []facegate.Refusal{
		{Photo: "none.jpg", Code: facegate.CodeNoFace, Detail: "No face was found in this photo."},
		{Photo: "group.jpg", Code: facegate.CodeSeveralFaces, Detail: "There are 3 faces in this photo; enrolment needs exactly one."},
		{Photo: "blurred.jpg", Code: facegate.CodeLowQuality, Detail: "The face in this photo is not good enough: the face is blurred."},
		{Photo: "empty.jpg", Code: facegate.CodeEmpty, Detail: "The photo is empty. Choose another file."},
		{Photo: "text.txt", Code: facegate.CodeNotAnImage, Detail: "The file is not a picture."},
	}
	if !slices.Equal(e.Refused, wantRefused) {
		t.Errorf("refused %+v, want %+v", e.Refused, wantRefused)
	}
	if got := codes(e.Skipped); !slices.Equal(got, []string{"again.jpg near_identical", "same.jpg near_identical"}) {
		t.Errorf("skipped %q", got)
	}
	if len(e.Duplicates) != 0 || e.Duplicates == nil {
		t.Errorf("duplicates %+v", e.Duplicates)
	}

	samples, err := s.Samples(t.Context(), e.ID)
	if err != nil || len(samples) != 2 {
		t.Fatalf("got %+v, %v", samples, err)
	}
	got := samples[0]
	if got.ID != e.Samples[0].ID || got.PersonID != e.ID || got.Recipe != "test" || got.Quality.Overall != 0.9 || got.Quality.Reasons == nil ||
		got.Box != (facegate.Box{X: 1, Y: 2, Width: 30, Height: 40}) || !got.CreatedAt.Equal(testTime) {
		t.Errorf("stored %+v", got)
	}
	for how, get := range map[string]func() ([]byte, error){
		"thumbnail": func() ([]byte, error) { return s.Thumbnail(t.Context(), got.ID) },
		"portrait":  func() ([]byte, error) { return s.Portrait(t.Context(), e.ID) },
	} {
		if jpeg, err := get(); err != nil || !bytes.Equal(jpeg, []byte("crop")) {
			t.Errorf("%s: %q, %v", how, jpeg, err)
		}
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}
}

func TestEnrolNothingUsable(t *testing.T) {
	s, _ := newService(t)
	_, err := s.Create(t.Context(), facegate.NewPerson{Name: "Ann"}, []facegate.Photo{photo("a.jpg", 1), photo("b.jpg", 2)})
	wantCode(t, err, facegate.CodeNoUsablePhoto)
	if got := codes(facegate.AsError(err).Refused); !slices.Equal(got, []string{"a.jpg no_face", "b.jpg no_face"}) {
		t.Errorf("refused %q", got)
	}
	for _, table := range []string{"people", "samples", "audit", "gallery_log"} {
		if n := count(t, s, table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
	ann := mustCreate(t, s, "Ann", photo("c.jpg", 1, shown{seed: 1}))
	add := func(photos ...facegate.Photo) (facegate.Enrolment, error) {
		return s.AddSamples(t.Context(), ann.ID, photos)
	}
	_, err = add()
	wantCode(t, err, facegate.CodeInvalid)
	_, err = add(photo("a.jpg", 1))
	wantCode(t, err, facegate.CodeNoUsablePhoto)
	_, err = add(photo("a.jpg", 1), photo("near.jpg", 2, shown{seed: 1, shift: 0.05}))
	wantCode(t, err, facegate.CodeNoUsablePhoto)
	e, err := add(photo("near.jpg", 2, shown{seed: 1, shift: 0.05}))
	if err != nil || len(e.Skipped) != 1 || e.SampleCount != 1 || e.Name != "Ann" {
		t.Errorf("got %+v, %v", e, err)
	}
	_, err = s.AddSamples(t.Context(), "nobody", []facegate.Photo{photo("a.jpg", 1, shown{seed: 1})})
	wantCode(t, err, facegate.CodePersonNotFound)
	_, err = s.Portrait(t.Context(), mustCreate(t, s, "Bob").ID)
	wantCode(t, err, facegate.CodeSampleNotFound)
}

func TestEnrolledPhotoIsNotAnalysedAgain(t *testing.T) {
	s, a := newService(t)
	p := photo("a.jpg", 1, shown{seed: 1})
	ann := mustCreate(t, s, "Ann", p)
	bob := mustCreate(t, s, "Bob")
	calls := a.calls.Load()
	e, err := s.AddSamples(t.Context(), ann.ID, []facegate.Photo{{Name: "copy.jpg", Data: p.Data}})
	if err != nil || len(e.Samples) != 0 || !slices.Equal(codes(e.Skipped), []string{"copy.jpg near_identical"}) {
		t.Errorf("got %+v, %v", e, err)
	}
	if n := a.calls.Load(); n != calls {
		t.Errorf("%d analyses, want none", n-calls)
	}
	// For somebody else it is a photo like any other.
	if e, err = s.AddSamples(t.Context(), bob.ID, []facegate.Photo{p}); err != nil || len(e.Samples) != 1 || len(e.Duplicates) != 1 {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestEnrolReportsDuplicates(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	mustCreate(t, s, "Cid", photo("c.jpg", 1, shown{seed: 1, shift: 1.2}))
	e := mustCreate(t, s, "Bob", photo("b.jpg", 1, shown{seed: 1, shift: 0.55}), photo("x.jpg", 1, shown{seed: 9}))
	if len(e.Samples) != 2 || len(e.Duplicates) != 1 {
		t.Fatalf("got %+v", e)
	}
	d := e.Duplicates[0]
	if d.Photo != "b.jpg" || d.Person != ann.Ref() || math.Abs(d.Distance-0.55) > 1e-6 || d.Similarity != match.Similarity(d.Distance) {
		t.Errorf("got %+v", d)
	}
	s.DuplicateDistance = -1
	if e := mustCreate(t, s, "Dan", photo("d.jpg", 1, shown{seed: 1, shift: 0.3})); len(e.Duplicates) != 0 {
		t.Errorf("got %+v", e.Duplicates)
	}
}

// Trouble outside the photos is the call's, not a photo's.
func TestEnrolAborts(t *testing.T) {
	s, a := newService(t)
	photos := []facegate.Photo{photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 2, shown{seed: 2}), photo("c.jpg", 3, shown{seed: 3})}
	var ctx context.Context
	var cancel context.CancelFunc
	for name, tt := range map[string]struct {
		before func([]byte) error
		want   facegate.Code
	}{
		"busy": {func(photo []byte) error {
			if photo[0] == 2 {
				return facegate.NewError(facegate.CodeBusy, "the queue is full", "try again later")
			}
			return nil
		}, facegate.CodeBusy},
		"canceled":    {func([]byte) error { cancel(); return ctx.Err() }, facegate.CodeCanceled},
		"the unknown": {func([]byte) error { return errors.New("a library threw up") }, facegate.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel = context.WithCancel(t.Context())
			defer cancel()
			a.before = tt.before
			_, err := s.Create(ctx, facegate.NewPerson{Name: name}, photos)
			wantCode(t, err, tt.want)
			if n := count(t, s, "people"); n != 0 {
				t.Errorf("%d people are stored", n)
			}
		})
	}
}

// A photo whose sample was made by another recipe is taken again, in its place.
func TestEnrolAgainUnderAnotherRecipe(t *testing.T) {
	s, a := newService(t)
	p := photo("a.jpg", 1, shown{seed: 1})
	ann := mustCreate(t, s, "Ann", p, photo("b.jpg", 1, shown{seed: 2}))
	a.recipe = "better"
	other := freshService(s)
	if err := other.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, n := other.Gallery.Size(); n != 0 {
		t.Errorf("%d samples of the old recipe are searched", n)
	}
	e, err := other.AddSamples(t.Context(), ann.ID, []facegate.Photo{p})
	if err != nil || len(e.Samples) != 1 || e.Samples[0].Recipe != "better" || e.SampleCount != 2 {
		t.Fatalf("got %+v, %v", e, err)
	}
	if _, n := other.Gallery.Size(); n != 1 {
		t.Errorf("%d samples are searched, want the new one", n)
	}
	_, err = other.Sample(t.Context(), ann.Samples[0].ID)
	wantCode(t, err, facegate.CodeSampleNotFound)
}

// Two calls that add one photo to one person at once add it once.
func TestEnrolSamePhotoTogether(t *testing.T) {
	s, a := newService(t)
	other := openOther(t, s)
	ann := mustCreate(t, s, "Ann")
	p := photo("a.jpg", 1, shown{seed: 1})
	// The second call runs to its end while the first one analyses.
	a.before = func([]byte) error {
		e, err := other.AddSamples(t.Context(), ann.ID, []facegate.Photo{p})
		if err != nil || len(e.Samples) != 1 {
			t.Errorf("got %+v, %v", e, err)
		}
		return nil
	}
	e, err := s.AddSamples(t.Context(), ann.ID, []facegate.Photo{p})
	if err != nil || len(e.Samples) != 0 || len(e.Skipped) != 1 || e.SampleCount != 1 {
		t.Errorf("got %+v, %v", e, err)
	}
	if err := equalsDatabase(t.Context(), s); err != nil {
		t.Error(err)
	}
}

// A person erased while their photos are analysed is not brought back.
func TestEnrolErasedPerson(t *testing.T) {
	s, a := newService(t)
	ann := mustCreate(t, s, "Ann")
	a.before = func([]byte) error { return s.Delete(t.Context(), ann.ID) }
	_, err := s.AddSamples(t.Context(), ann.ID, []facegate.Photo{photo("a.jpg", 1, shown{seed: 1})})
	wantCode(t, err, facegate.CodePersonNotFound)
	if n := count(t, s, "samples"); n != 0 {
		t.Errorf("%d samples are stored", n)
	}
}

// A full transaction or none: what fails half-way leaves nothing.
func TestEnrolIsOneTransaction(t *testing.T) {
	s, _ := newService(t)
	err := s.Store.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`CREATE TRIGGER fail BEFORE INSERT ON samples WHEN new.source = 'b.jpg' BEGIN SELECT RAISE(ABORT, 'no'); END`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Create(t.Context(), facegate.NewPerson{Name: "Ann"},
		[]facegate.Photo{photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 1, shown{seed: 2})})
	wantCode(t, err, facegate.CodeInternal)
	for _, table := range []string{"people", "samples", "sample_thumbnails", "audit", "gallery_log"} {
		if n := count(t, s, table); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
	if _, n := s.Gallery.Size(); n != 0 {
		t.Errorf("the gallery has %d samples", n)
	}
}

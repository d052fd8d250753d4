package enroll_test

import (
	"bytes"
	"context"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"facegate"
	"facegate/detector"
	"facegate/enroll"
	"facegate/internal/testfiles"
	"facegate/match"
)

// Real photos through the real detector: six people are imported, refusals name
// what is in the photos, and every probe's nearest person is the right one.
func TestRealPhotos(t *testing.T) {
	if testing.Short() {
		t.Skip("facegate: loading the networks is not short")
	}
	photos := testfiles.Photos(t, "people", "probes", "odd", "idols")
	models, err := detector.FindModels([]string{testfiles.Models(t)})
	if err != nil {
		t.Fatal(err)
	}
	d, err := detector.New(detector.Config{Models: models, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	s, _ := newService(t)
	s.Analyser = d
	ctx := t.Context()

	dir := filepath.Join(photos, "people")
	sum, err := s.Import(ctx, dir, enroll.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if sum.People != 6 || sum.Created != 6 || sum.Added+sum.Skipped != 10 || sum.Added < 6 || len(sum.Refused) != 0 || len(sum.Duplicates) != 0 {
		t.Errorf("got %+v", sum)
	}
	if again, err := s.Import(ctx, dir, enroll.ImportOptions{}); err != nil || again.Added != 0 || again.Skipped != 10 {
		t.Errorf("again: got %+v, %v", again, err)
	}
	if err := equalsDatabase(ctx, s); err != nil {
		t.Error(err)
	}
	obama, err := s.PersonByName(ctx, "obama")
	if err != nil {
		t.Fatal(err)
	}
	thumbnail, err := s.Portrait(ctx, obama.ID)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(thumbnail)); err != nil || c.Width != 225 || c.Height != 225 {
		t.Errorf("portrait: %+v, %v", c, err)
	}

	read := func(name string) facegate.Photo {
		data, err := os.ReadFile(filepath.Join(photos, name))
		if err != nil {
			t.Fatal(err)
		}
		return facegate.Photo{Name: name, Data: data}
	}
	whole := read("probes/obama1.jpg")
	e, err := s.Create(ctx, facegate.NewPerson{Name: "The President"}, []facegate.Photo{
		whole, read("probes/two_people.jpg"), read("idols/pristin.jpg"),
		{Name: "cut short.jpg", Data: whole.Data[:len(whole.Data)/2]}, {Name: "text.jpg", Data: []byte("hello")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := codes(e.Refused), []string{"probes/two_people.jpg several_faces", "idols/pristin.jpg several_faces",
		"cut short.jpg truncated", "text.jpg not_an_image"}; !slices.Equal(got, want) {
		t.Errorf("refused %q, want %q", got, want)
	}
	for _, r := range e.Refused {
		t.Log(r.Photo, r.Detail)
	}
	if len(e.Samples) != 1 || len(e.Duplicates) != 1 || e.Duplicates[0].Person.Name != "obama" {
		t.Errorf("got %+v", e)
	}
	if err := s.Delete(ctx, e.ID); err != nil {
		t.Fatal(err)
	}

	other := openOther(t, s)
	other.Analyser, other.Gallery = d, match.NewGallery()
	if err := other.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"alex_lacamoire1.jpg": {"alex_lacamoire"},
		"johnsnow_test1.jpg":  {"kit_harington"},
		"kit_with_rose.jpg":   {"kit_harington", "rose_leslie"},
		"obama-240p.jpg":      {"obama"},
		"obama-1080p.jpg":     {"obama"},
		"obama_and_biden.jpg": {"biden", "obama"},
		"obama_small.jpg":     {"obama"},
	} {
		if got := nearestNames(ctx, t, other, d, read("probes/"+name)); !slices.Equal(got, want) {
			t.Errorf("%s shows %q, want %q", name, got, want)
		}
	}
}

// nearestNames is who is in a photo, sorted. A face that is near nobody, such as
// that of a bystander, has no name.
func nearestNames(ctx context.Context, t *testing.T, s *enroll.Service, d *detector.Detector, p facegate.Photo) (names []string) {
	a, err := d.Analyse(ctx, p.Data, facegate.AnalyseOptions{Embed: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Faces {
		if near := s.Gallery.Nearest(f.Embedding, 1, facegate.DefaultVerifyThreshold); len(near) == 1 {
			names = append(names, near[0].Person.Name)
		}
	}
	slices.Sort(names)
	return names
}

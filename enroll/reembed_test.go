package enroll_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

// mover embeds crops by a recipe of its own: the first axis counts.
type mover struct {
	prepared
	recipe string
	count  int
	fail   map[int]error // by count
	blind  map[int]bool
}

func (m *mover) Recipe() string { return m.recipe }
func (m *mover) EmbedCrop(_ context.Context, crop []byte) (*facegate.Embedding, error) {
	m.count++
	if err := m.fail[m.count]; err != nil {
		return nil, err
	}
	if m.blind[m.count] || len(crop) == 0 {
		return nil, nil
	}
	return &facegate.Embedding{0: 1, 1: float32(m.count)}, nil
}

func TestReembed(t *testing.T) {
	ctx := t.Context()
	s, _ := newService(t)
	want := 0
	for i := range 3 {
		name := fmt.Sprintf("P%d", i)
		e := mustCreate(t, s, name, photo(name+"a", byte(2*i), shown{seed: uint32(i)}), photo(name+"b", byte(2*i+1), shown{seed: uint32(i), shift: 0.3}))
		want += len(e.Samples)
	}
	recipes := func() map[string]int {
		n := map[string]int{}
		page, err := s.List(ctx, facegate.PeopleFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.People {
			samples, err := s.Samples(ctx, p.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, sample := range samples {
				n[sample.Recipe]++
			}
		}
		return n
	}
	before := recipes()
	if len(before) != 1 {
		t.Fatalf("%v", before)
	}

	// The disk fails at the second person: the first is moved whole, the second not
	// at all.
	broken := &mover{recipe: "new", fail: map[int]error{4: errors.New("broken")}}
	if _, err := s.Reembed(ctx, broken, nil); err == nil {
		t.Fatal("no error")
	}
	if n := recipes(); n["new"] != 2 {
		t.Errorf("after the failure: %v", n)
	}

	// Started again, it goes on where it was; what cannot be moved is told.
	var told []string
	m, err := s.Reembed(ctx, &mover{recipe: "new", blind: map[int]bool{2: true}}, func(done, total int) { told = append(told, fmt.Sprintf("%d/%d", done, total)) })
	if err != nil {
		t.Fatal(err)
	}
	if m.People != 2 || m.Samples != 3 || len(m.Left) != 1 || m.Left[0].Person.Name != "P1" || m.Left[0].Detail == "" || fmt.Sprint(told) != "[1/2 2/2]" {
		t.Errorf("%+v, %v", m, told)
	}
	if n := recipes(); n["new"] != want-1 {
		t.Errorf("%v", n)
	}
	if m, err = s.Reembed(ctx, &mover{recipe: "new"}, nil); err != nil || m.Samples != 1 || len(m.Left) != 0 {
		t.Errorf("once more: %+v, %v", m, err)
	}
	if m, err = s.Reembed(ctx, &mover{recipe: "new"}, nil); err != nil || m.Samples != 0 || m.People != 0 {
		t.Errorf("with nothing to do: %+v, %v", m, err)
	}
	var _ enroll.CropEmbedder = (*mover)(nil)
}

// same keeps photos as they are.
type same struct{}

func (same) CleanPhoto(_ context.Context, photo []byte) ([]byte, string, error) {
	return photo, "image/png", nil
}

// A photo that is kept is looked at anew; without one, or where its face is not
// found any more, the crop is.
func TestReembedPrefersKeptPhotos(t *testing.T) {
	s, _ := newService(t)
	mustCreate(t, s, "Crop", photo("a.jpg", 1, shown{seed: 1}))
	s.Keep = same{}
	mustCreate(t, s, "Photo", photo("b.jpg", 1, shown{seed: 2}))
	s.Keep = marked{} // which the Analyser does not read
	mustCreate(t, s, "Ruined", photo("c.jpg", 1, shown{seed: 3}))
	m := &mover{recipe: "new", prepared: prepared{recipe: "new"}}
	if move, err := s.Reembed(t.Context(), m, nil); err != nil || move.Samples != 3 || m.count != 2 || m.calls.Load() != 2 {
		t.Fatalf("%+v %v: %d crops, %d photos", move, err, m.count, m.calls.Load())
	}
	again := &enroll.Service{Store: s.Store, Analyser: m, Gallery: match.NewGallery()}
	if err := again.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := randomEmbedding(2)
	if c := again.Gallery.Nearest(&e, 1, 0.01); len(c) != 1 || c[0].Person.Name != "Photo" {
		t.Errorf("%+v", c)
	}
}

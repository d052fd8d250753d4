package enroll_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

// openOther is a second process on the database of s.
func openOther(t testing.TB, s *enroll.Service) *enroll.Service {
	t.Helper()
	other, _ := openService(t, s.Store.Path())
	return other
}

// freshService is a service on the store of s that knows nothing yet.
func freshService(s *enroll.Service) *enroll.Service {
	return &enroll.Service{Store: s.Store, Analyser: s.Analyser, Gallery: match.NewGallery(), Now: s.Now}
}

// counted counts how often the gallery is changed, and how.
type counted struct {
	*match.Gallery
	applied, reset atomic.Int64
}

func (g *counted) Apply(c facegate.GalleryChange) { g.applied.Add(1); g.Gallery.Apply(c) }

func (g *counted) Reset(e []facegate.GalleryEntry) { g.reset.Add(1); g.Gallery.Reset(e) }

func TestSyncOtherProcess(t *testing.T) {
	s, _ := newService(t)
	other := openOther(t, s)
	g := &counted{Gallery: match.NewGallery()}
	other.Gallery = g
	check := func(step string, applied, reset int64) {
		t.Helper()
		if err := other.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := equalsDatabase(t.Context(), other); err != nil {
			t.Errorf("%s: %v", step, err)
		}
		if a, r := g.applied.Load(), g.reset.Load(); a != applied || r != reset {
			t.Errorf("%s: %d changes and %d reloads, want %d and %d", step, a, r, applied, reset)
		}
	}
	check("empty", 0, 1)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 1, shown{seed: 2}))
	bob := mustCreate(t, s, "Bob", photo("c.jpg", 1, shown{seed: 3}))
	check("two people at once", 1, 1)
	check("nothing new", 1, 1)
	name := "Anna"
	if _, err := s.Update(t.Context(), ann.ID, facegate.PersonUpdate{Name: &name}); err != nil {
		t.Fatal(err)
	}
	check("renamed", 2, 1)
	notes := "n"
	if _, err := s.Update(t.Context(), ann.ID, facegate.PersonUpdate{Notes: &notes}); err != nil {
		t.Fatal(err)
	}
	check("a change that is not the gallery's", 2, 1)
	if err := s.DeleteSample(t.Context(), ann.ID, ann.Samples[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), bob.ID); err != nil {
		t.Fatal(err)
	}
	check("deleted", 3, 1)
	cid := mustCreate(t, s, "Cid", photo("d.jpg", 1, shown{seed: 4}))
	if err := s.Delete(t.Context(), cid.ID); err != nil {
		t.Fatal(err)
	}
	check("come and gone", 4, 1)

	s.Store.KeepLog(2)
	for i := range 5 {
		mustCreate(t, s, fmt.Sprint("D", i), photo("e.jpg", 1, shown{seed: uint32(10 + i)}))
	}
	if n := count(t, s, "gallery_log"); n != 2 {
		t.Errorf("the log has %d rows, want 2", n)
	}
	check("fallen behind the log", 4, 2)
	mustCreate(t, s, "E", photo("f.jpg", 1, shown{seed: 20}), photo("g.jpg", 1, shown{seed: 21}))
	check("just not behind it", 5, 2)

	// The log of another database that was put in place of this one.
	if err := s.Store.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM gallery_log`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	check("a log that ends before", 5, 3)
}

func TestSyncRecipes(t *testing.T) {
	s, _ := newService(t)
	ann := mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}), photo("b.jpg", 1, shown{seed: 2}))
	other := openOther(t, s)
	var logged bytes.Buffer
	other.Logger = slog.New(slog.NewTextHandler(&logged, nil))
	if err := other.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	change := func(statement string, args ...any) {
		t.Helper()
		if err := s.Store.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(statement, args...)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := other.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	size := func(s *enroll.Service, want int) {
		t.Helper()
		if _, n := s.Gallery.Size(); n != want {
			t.Errorf("%d samples are searched, want %d", n, want)
		}
	}
	size(other, 2)
	change(`UPDATE samples SET recipe = 'old' WHERE id = ?`, ann.Samples[0].ID)
	size(other, 1)
	if !strings.Contains(logged.String(), "another recipe") {
		t.Errorf("no warning: %s", &logged)
	}
	change(`UPDATE samples SET recipe = 'test'`)
	size(other, 2)

	// A damaged embedding costs its own sample only, told on the log.
	logged.Reset()
	change(`UPDATE samples SET embedding = zeroblob(512) WHERE id = ?`, ann.Samples[1].ID)
	size(other, 1)
	if !strings.Contains(logged.String(), ann.Samples[1].ID) {
		t.Errorf("the damaged sample is not named: %s", &logged)
	}
	whole := freshService(s)
	if err := whole.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	size(whole, 1)
}

func TestSyncObeysContext(t *testing.T) {
	s, _ := newService(t)
	mustCreate(t, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	other := openOther(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantCode(t, other.Sync(ctx), facegate.CodeCanceled)
	if err := other.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := equalsDatabase(t.Context(), other); err != nil {
		t.Error(err)
	}
}

// Two processes enrol, rename and erase at once. Whoever's call returned finds it
// done in their own gallery; and at any moment nobody writes, both galleries, once
// synced, equal the database. The short log makes reloads part of it.
func TestGalleryEqualsDatabase(t *testing.T) {
	for _, keep := range []int64{10_000, 4} {
		t.Run(fmt.Sprint("log of ", keep), func(t *testing.T) {
			a, _ := newService(t)
			b := openOther(t, a)
			a.Store.KeepLog(keep)
			b.Store.KeepLog(keep)
			ctx, stop := context.WithCancel(t.Context())
			var writers, others sync.WaitGroup
			steps := make(chan struct{}, 1)
			for worker := range 6 {
				writers.Go(func() { change(t, []*enroll.Service{a, b}[worker%2], uint32(worker), steps) })
			}
			checks := 0
			others.Go(func() { // but not without pause: SQLite's queue for the write lock is not fair
				for range steps {
					bothEqual(t, a, b)
					checks++
				}
			})
			for _, s := range []*enroll.Service{a, b} { // as searches do
				others.Go(func() {
					for ctx.Err() == nil {
						if err := s.Sync(ctx); err != nil && !errors.Is(err, context.Canceled) {
							t.Error(err)
							return
						}
					}
				})
			}
			writers.Wait()
			stop()
			close(steps)
			others.Wait()
			bothEqual(t, a, b)
			people, samples := a.Gallery.Size()
			t.Logf("%d checks; %d people with %d samples at the end", checks, people, samples)
			if samples == 0 || checks == 0 {
				t.Error("nothing was tested")
			}
		})
	}
}

// bothEqual compares while it holds the write lock.
func bothEqual(t *testing.T, a, b *enroll.Service) {
	err := a.Store.Write(t.Context(), func(*sql.Tx) error {
		for name, s := range map[string]*enroll.Service{"a": a, "b": b} {
			if err := s.Sync(t.Context()); err != nil {
				return err
			}
			if err := equalsDatabase(t.Context(), s); err != nil {
				return fmt.Errorf("gallery %s: %w", name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// change makes random changes to people of its own, and looks for each in the
// gallery, without a Sync. It sends on steps now and then.
func change(t *testing.T, s *enroll.Service, worker uint32, steps chan<- struct{}) {
	r := rand.New(rand.NewPCG(uint64(worker), 7))
	next := worker * 1_000_000
	photos := func() (photos []facegate.Photo) {
		for range 1 + r.IntN(3) {
			next++
			photos = append(photos, photo("p.jpg", 1, shown{seed: next}))
		}
		return photos
	}
	var people []facegate.Enrolment // with the samples they have now
	seen := func(sampleID string, p facegate.Person, want bool) {
		var stored []byte
		e := randomEmbedding(0)
		if want {
			if err := s.Store.Reader().QueryRow(`SELECT embedding FROM samples WHERE id = ?`, sampleID).Scan(&stored); err != nil {
				t.Error(err)
				return
			}
			e, _ = facegate.EmbeddingFromBytes(stored)
		}
		c, ok := s.Gallery.NearestOf(&e, p.ID)
		if got := ok && c.SampleID == sampleID && c.Distance == 0 && c.Person.Name == p.Name; got != want {
			t.Errorf("sample %s of %s: in the gallery %v, want %v (%+v)", sampleID, p.Name, got, want, c)
		}
	}
	for step := range 40 {
		if step%2 == 1 {
			steps <- struct{}{}
		}
		i := 0
		if len(people) > 0 {
			i = r.IntN(len(people))
		}
		switch op := r.IntN(10); {
		case len(people) == 0 || op < 4:
			e, err := s.Create(t.Context(), facegate.NewPerson{Name: fmt.Sprintf("P %d %d", worker, step)}, photos())
			if err != nil {
				t.Error(err)
				return
			}
			people = append(people, e)
			for _, sample := range e.Samples {
				seen(sample.ID, e.Person, true)
			}
		case op < 6:
			e, err := s.AddSamples(t.Context(), people[i].ID, photos())
			if err != nil {
				t.Error(err)
				return
			}
			people[i].Samples = append(people[i].Samples, e.Samples...)
			for _, sample := range people[i].Samples {
				seen(sample.ID, people[i].Person, true)
			}
		case op < 7:
			name := fmt.Sprintf("R %d %d", worker, step)
			p, err := s.Update(t.Context(), people[i].ID, facegate.PersonUpdate{Name: &name})
			if err != nil {
				t.Error(err)
				return
			}
			people[i].Person = p
			for _, sample := range people[i].Samples {
				seen(sample.ID, p, true)
			}
		case op < 8 && len(people[i].Samples) > 0:
			sample := people[i].Samples[0]
			if err := s.DeleteSample(t.Context(), people[i].ID, sample.ID); err != nil {
				t.Error(err)
				return
			}
			people[i].Samples = people[i].Samples[1:]
			seen(sample.ID, people[i].Person, false)
		default:
			if err := s.Delete(t.Context(), people[i].ID); err != nil {
				t.Error(err)
				return
			}
			e := randomEmbedding(0)
			if c, ok := s.Gallery.NearestOf(&e, people[i].ID); ok {
				t.Errorf("%s is erased, but in the gallery: %+v", people[i].Name, c)
			}
			people = append(people[:i], people[i+1:]...)
		}
	}
}

// What the look before every search costs.
func BenchmarkSyncNothingNew(b *testing.B) {
	s, _ := newService(b)
	mustCreate(b, s, "Ann", photo("a.jpg", 1, shown{seed: 1}))
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour) // as a request has
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Sync(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// One photo enrolled, but for its analysis: one transaction, synced to the disk.
func BenchmarkAddSample(b *testing.B) {
	s, _ := newService(b)
	ann := mustCreate(b, s, "Ann")
	b.ReportAllocs()
	for i := uint32(1); b.Loop(); i++ {
		if _, err := s.AddSamples(b.Context(), ann.ID, []facegate.Photo{photo("a.jpg", 1, shown{seed: i})}); err != nil {
			b.Fatal(err)
		}
	}
}

// Loading the gallery whole, as at start: 10,000 samples of 1,000 people.
func BenchmarkSyncWhole(b *testing.B) {
	s, _ := newService(b)
	err := s.Store.Write(b.Context(), func(tx *sql.Tx) error {
		for i := range 10_000 {
			person := fmt.Sprintf("%036d", i/10)
			if i%10 == 0 {
				if _, err := tx.Exec(`INSERT INTO people (id, name, name_folded, created_at, updated_at) VALUES (?, ?, ?, 0, 0)`,
					person, person, person); err != nil {
					return err
				}
			}
			e := randomEmbedding(uint64(i))
			if _, err := tx.Exec(`
				INSERT INTO samples (id, person_id, embedding, recipe, overall, quality, box, source, photo_sha256, created_at)
				VALUES (?, ?, ?, 'test', 1, '{}', '{}', '', ?, 0)`,
				fmt.Sprintf("%036d", i), person, e.Bytes(), fmt.Appendf(nil, "%032d", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		fresh := freshService(s)
		if err := fresh.Sync(b.Context()); err != nil {
			b.Fatal(err)
		}
		if _, n := fresh.Gallery.Size(); n != 10_000 {
			b.Fatalf("%d samples", n)
		}
	}
}

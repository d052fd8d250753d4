package enroll_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

// prepared is an Analyser whose photos say themselves what is in them, so that
// tests about storing can make as many faces as they need, exactly as far apart
// as they need. Finding faces in real photos is tested in real_test.go.
type prepared struct {
	recipe string
	calls  atomic.Int64
	before func(photo []byte) error // may fail the analysis
}

func (a *prepared) Recipe() string { return a.recipe }

func (a *prepared) Analyse(ctx context.Context, photo []byte, o facegate.AnalyseOptions) (facegate.Analysis, error) {
	a.calls.Add(1)
	if a.before != nil {
		if err := a.before(photo); err != nil {
			return facegate.Analysis{}, err
		}
	}
	if len(photo) == 0 {
		return facegate.Analysis{}, facegate.NewError(facegate.CodeEmpty, "the photo is empty", "choose another file")
	}
	if (len(photo)-1)%8 != 0 {
		return facegate.Analysis{}, facegate.NewError(facegate.CodeNotAnImage, "the file is not a picture", "")
	}
	out := facegate.Analysis{Width: 100, Height: 100, Faces: []facegate.Face{}}
	for b := photo[1:]; len(b) > 0; b = b[8:] {
		seed, quality := binary.LittleEndian.Uint32(b), float64(b[4])/100
		e := randomEmbedding(uint64(seed))
		e[0] += float32(b[5]) / 100
		f := facegate.Face{Box: facegate.Box{X: 1, Y: 2, Width: 30, Height: 40}, Score: 0.9, Embedding: &e,
			Quality: facegate.Quality{Overall: quality}, Crop: []byte("crop")}
		if quality < 0.3 {
			f.Quality.Reasons = []string{"the face is blurred"}
		}
		if f.Score >= o.MinScore {
			out.Faces = append(out.Faces, f)
		}
	}
	return out, nil
}

// A shown face: faces of different seeds are strangers, about 1.4 apart; faces
// of one seed are as far apart as the difference of their shifts.
type shown struct {
	seed    uint32
	quality float64 // in hundredths; 0: good
	shift   float64 // in hundredths, along one axis
}

// photo is a photo for the prepared Analyser. tag makes its bytes differ.
func photo(name string, tag byte, faces ...shown) facegate.Photo {
	b := []byte{tag}
	for _, f := range faces {
		if f.quality == 0 {
			f.quality = 0.9
		}
		b = binary.LittleEndian.AppendUint32(b, f.seed)
		b = append(b, byte(f.quality*100), byte(f.shift*100+0.5), 0, 0)
	}
	return facegate.Photo{Name: name, Data: b}
}

func randomEmbedding(seed uint64) facegate.Embedding {
	r := rand.New(rand.NewPCG(seed, 1))
	var e facegate.Embedding
	for i := range e {
		e[i] = float32(r.NormFloat64() / 11.3)
	}
	return e
}

var testTime = time.Date(2026, 4, 1, 12, 30, 15, 123_000_000, time.UTC)

// newService is a Service on a new database.
func newService(t testing.TB) (*enroll.Service, *prepared) {
	t.Helper()
	return openService(t, filepath.Join(t.TempDir(), "facegate.db"))
}

// openService is a Service with a gallery of its own on the database at path, as
// another process would have it.
func openService(t testing.TB, path string) (*enroll.Service, *prepared) {
	t.Helper()
	store, err := enroll.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	a := &prepared{recipe: "test"}
	return &enroll.Service{Store: store, Analyser: a, Gallery: match.NewGallery(), Now: func() time.Time { return testTime }}, a
}

func mustCreate(t testing.TB, s *enroll.Service, name string, photos ...facegate.Photo) facegate.Enrolment {
	t.Helper()
	e, err := s.Create(t.Context(), facegate.NewPerson{Name: name}, photos)
	if err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	return e
}

func wantCode(t testing.TB, err error, want facegate.Code) {
	t.Helper()
	if got := facegate.CodeOf(err); got != want {
		t.Fatalf("got code %q (%v), want %q", got, err, want)
	}
	if e := facegate.AsError(err); want != "" && want != facegate.CodeCanceled && want != facegate.CodeInternal && e.Next == "" {
		t.Errorf("%v: no next step", err)
	}
}

// count is the number of rows a query selects.
func count(t testing.TB, s *enroll.Service, table string) (n int) {
	t.Helper()
	if err := s.Store.Reader().QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// equalsDatabase checks, while nobody can write, that the gallery holds the
// samples of the database under the names of the database, and nothing else.
// All embeddings must differ.
func equalsDatabase(ctx context.Context, s *enroll.Service) error {
	rows, err := s.Store.Reader().QueryContext(ctx,
		`SELECT s.id, s.embedding, p.id, p.name FROM samples s JOIN people p ON p.id = s.person_id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	people, samples := map[string]bool{}, 0
	for rows.Next() {
		var id, personID, name string
		var stored []byte
		if err := rows.Scan(&id, &stored, &personID, &name); err != nil {
			return err
		}
		e, err := facegate.EmbeddingFromBytes(stored)
		if err != nil {
			return err
		}
		people[personID] = true
		samples++
		c, ok := s.Gallery.NearestOf(&e, personID)
		if !ok || c.Distance != 0 || c.SampleID != id || c.Person.Name != name {
			return fmt.Errorf("sample %s of %s: the gallery has %+v", id, name, c)
		}
	}
	if p, n := s.Gallery.Size(); p != len(people) || n != samples {
		return fmt.Errorf("the gallery has %d samples of %d people, the database %d of %d", n, p, samples, len(people))
	}
	return rows.Err()
}

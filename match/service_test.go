package match_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"facegate"
	"facegate/match"
)

// at is a face at a place on the first axis; distances are differences.
func at(x float64) facegate.Embedding { return facegate.Embedding{0: float32(x), 1: 1} }

func entry(sample, person string, x float64) facegate.GalleryEntry {
	return facegate.GalleryEntry{SampleID: sample, Person: facegate.PersonRef{ID: person, Name: "N " + person}, Embedding: at(x)}
}

// shown is an analyser for which a photo's bytes name what it shows. It stands
// in where a test needs faces at given distances, which no photo has.
type shown struct {
	photos map[string][]float64
	asked  []facegate.AnalyseOptions
	mu     sync.Mutex
}

func (s *shown) Recipe() string { return "test" }

func (s *shown) Analyse(ctx context.Context, photo []byte, o facegate.AnalyseOptions) (facegate.Analysis, error) {
	s.mu.Lock()
	s.asked = append(s.asked, o)
	s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return facegate.Analysis{}, err
	}
	places, ok := s.photos[string(photo)]
	if !ok {
		return facegate.Analysis{}, facegate.NewError(facegate.CodeNotAnImage, "the bytes are no picture", "")
	}
	a := facegate.Analysis{Width: 640, Height: 480, Faces: []facegate.Face{}}
	for i, x := range places {
		if o.MaxFaces > 0 && i == o.MaxFaces {
			break
		}
		f := facegate.Face{Box: facegate.Box{Width: float64(100 - i)}}
		if e := at(x); !math.IsNaN(x) { // NaN: a face that cannot be measured
			f.Embedding = &e
		}
		a.Faces = append(a.Faces, f)
	}
	return a, nil
}

type source struct {
	calls atomic.Int32
	err   error
}

func (s *source) Sync(context.Context) error { s.calls.Add(1); return s.err }

type register map[string]facegate.Person

func (r register) Person(_ context.Context, id string) (facegate.Person, error) {
	if p, ok := r[id]; ok {
		return p, nil
	}
	return facegate.Person{}, facegate.NewError(facegate.CodePersonNotFound, "no such person", "")
}

func newService(t *testing.T) (*match.Service, *shown, *source) {
	g := match.NewGallery()
	t.Cleanup(g.Close)
	g.Apply(facegate.GalleryChange{Add: []facegate.GalleryEntry{
		entry("s1", "ann", 0), entry("s2", "ann", 0.0625), entry("s3", "bob", 0.5), entry("s4", "cid", 0.53125), entry("s5", "dan", 3),
	}})
	a := &shown{photos: map[string][]float64{
		"ann": {0.125}, "nobody": {}, "far": {-1}, "between": {0.515625}, "group": {0.125, -1, 0.5}, "dan": {2.75},
	}}
	src := &source{}
	return &match.Service{Analyser: a, Gallery: g, Source: src, People: register{"ann": {}, "eve": {}, "dan": {}}}, a, src
}

func ptr[T any](v T) *T { return &v }

func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		photo     string
		o         facegate.IdentifyOptions
		decisions []facegate.Decision
		first     []string // samples
		listed    int
	}{
		{"ann", facegate.IdentifyOptions{}, []facegate.Decision{facegate.Match}, []string{"s2"}, 4},
		{"ann", facegate.IdentifyOptions{Candidates: 2}, []facegate.Decision{facegate.Match}, []string{"s2"}, 2},
		{"ann", facegate.IdentifyOptions{Threshold: ptr(0.0625)}, []facegate.Decision{facegate.Match}, []string{"s2"}, 4},
		{"ann", facegate.IdentifyOptions{Threshold: ptr(0.0624)}, []facegate.Decision{facegate.Unknown}, []string{"s2"}, 4},
		{"ann", facegate.IdentifyOptions{Threshold: ptr(0.)}, []facegate.Decision{facegate.Unknown}, []string{"s2"}, 4},
		{"far", facegate.IdentifyOptions{}, []facegate.Decision{facegate.Unknown}, []string{"s1"}, 4},
		{"between", facegate.IdentifyOptions{Candidates: 1}, []facegate.Decision{facegate.Ambiguous}, []string{"s3"}, 1},
		{"nobody", facegate.IdentifyOptions{}, nil, nil, 0},
		{"group", facegate.IdentifyOptions{}, []facegate.Decision{facegate.Match, facegate.Unknown, facegate.Ambiguous}, []string{"s2", "s1", "s3"}, 4},
		{"group", facegate.IdentifyOptions{MaxFaces: 2}, []facegate.Decision{facegate.Match, facegate.Unknown}, []string{"s2", "s1"}, 4},
	} {
		s, _, src := newService(t)
		got, err := s.Identify(t.Context(), []byte(c.photo), c.o)
		if err != nil {
			t.Errorf("%s: %v", c.photo, err)
			continue
		}
		if got.Faces == nil || len(got.Faces) != len(c.decisions) || got.Width != 640 || got.Height != 480 {
			t.Errorf("%s: %+v, want %d faces", c.photo, got, len(c.decisions))
			continue
		}
		for i, f := range got.Faces {
			if f.Decision != c.decisions[i] || len(f.Candidates) != c.listed || f.Candidates[0].SampleID != c.first[i] || f.Margin != facegate.DefaultMargin {
				t.Errorf("%s, face %d: %+v, want %s by %s of %d", c.photo, i, f.Identification, c.decisions[i], c.first[i], c.listed)
			}
		}
		if len(c.decisions) > 0 && src.calls.Load() == 0 {
			t.Errorf("%s: searched without asking the source", c.photo)
		}
	}
}

func TestIdentifyAnswer(t *testing.T) {
	s, _, _ := newService(t)
	// 0.1 has no exact float32: the distance is rounded in the answer alone.
	got, err := s.IdentifyEmbedding(t.Context(), at(-0.1), facegate.IdentifyOptions{Threshold: ptr(0.1), Candidates: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := got.Candidates[0]
	if got.Decision != facegate.Unknown || c.Distance != 0.1 || got.Threshold != 0.1 {
		t.Errorf("%+v: 0.10000000149 is beyond 0.1, and reads 0.1", got)
	}
	if want := math.Round(match.Similarity(0.1)*1e6) / 1e6; c.Similarity != want {
		t.Errorf("similarity %v, want %v", c.Similarity, want)
	}
	if c.Person != (facegate.PersonRef{ID: "ann", Name: "N ann"}) {
		t.Errorf("person %+v", c.Person)
	}
}

func TestFaceWithoutEmbedding(t *testing.T) {
	s, a, _ := newService(t)
	a.photos["blur"] = []float64{math.NaN()}
	a.photos["blur and ann"] = []float64{math.NaN(), 0.125, math.NaN()}
	got, err := s.Identify(t.Context(), []byte("blur and ann"), facegate.IdentifyOptions{})
	if err != nil || len(got.Faces) != 3 {
		t.Fatalf("%+v, %v: want three faces", got, err)
	}
	for i, want := range []facegate.Decision{facegate.Unknown, facegate.Match, facegate.Unknown} {
		f := got.Faces[i]
		if f.Decision != want || f.Candidates == nil || (len(f.Candidates) == 0) != (want == facegate.Unknown) || f.Threshold != facegate.DefaultIdentifyThreshold {
			t.Errorf("face %d: %+v, want %s", i, f.Identification, want)
		}
	}
	if got, err := s.Identify(t.Context(), []byte("blur"), facegate.IdentifyOptions{}); err != nil || len(got.Faces) != 1 || got.Faces[0].Decision != facegate.Unknown {
		t.Errorf("%+v, %v: want one unknown face", got, err)
	}
	_, err = s.Verify(t.Context(), facegate.Photo{Name: "a", Data: []byte("ann")}, facegate.Photo{Name: "b", Data: []byte("blur")}, facegate.VerifyOptions{})
	if facegate.CodeOf(err) != facegate.CodeLowQuality || !strings.Contains(err.Error(), "b") {
		t.Errorf("verify: %v, want %s about b", err, facegate.CodeLowQuality)
	}
}

func TestIdentifyEmptyGallery(t *testing.T) {
	s, _, _ := newService(t)
	s.Gallery = match.NewGallery()
	got, err := s.IdentifyEmbedding(t.Context(), at(0), facegate.IdentifyOptions{})
	if err != nil || got.Decision != facegate.Unknown || got.Candidates == nil || len(got.Candidates) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestConfiguredThresholds(t *testing.T) {
	s, _, _ := newService(t)
	s.IdentifyThreshold, s.VerifyThreshold, s.Margin = 0.03125, 0.25, 0.001
	got, err := s.IdentifyEmbedding(t.Context(), at(0.515625), facegate.IdentifyOptions{})
	if err != nil || got.Decision != facegate.Ambiguous || got.Threshold != 0.03125 || got.Margin != 0.001 {
		t.Errorf("%+v, %v", got, err)
	}
	s.Margin = -1
	got, err = s.IdentifyEmbedding(t.Context(), at(0.515625), facegate.IdentifyOptions{})
	if err != nil || got.Decision != facegate.Match || got.Margin != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	v, err := s.VerifyPerson(t.Context(), facegate.Photo{Data: []byte("dan")}, "dan", facegate.VerifyOptions{})
	if err != nil || v.Decision != facegate.Match || v.Threshold != 0.25 {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestOptionsRefused(t *testing.T) {
	s, a, _ := newService(t)
	identify := func(o facegate.IdentifyOptions) error {
		_, err := s.Identify(t.Context(), []byte("ann"), o)
		return err
	}
	verify := func(v float64) error {
		_, err := s.Verify(t.Context(), facegate.Photo{Data: []byte("ann")}, facegate.Photo{Data: []byte("ann")}, facegate.VerifyOptions{Threshold: &v})
		return err
	}
	detect := func(o facegate.AnalyseOptions) error {
		_, err := s.Detect(t.Context(), []byte("ann"), o)
		return err
	}
	for name, err := range map[string]error{
		"threshold below":   identify(facegate.IdentifyOptions{Threshold: ptr(-0.1)}),
		"threshold above":   identify(facegate.IdentifyOptions{Threshold: ptr(2.1)}),
		"threshold NaN":     identify(facegate.IdentifyOptions{Threshold: ptr(math.NaN())}),
		"candidates below":  identify(facegate.IdentifyOptions{Candidates: -1}),
		"candidates above":  identify(facegate.IdentifyOptions{Candidates: 101}),
		"score":             identify(facegate.IdentifyOptions{MinScore: 1.5}),
		"faces":             identify(facegate.IdentifyOptions{MaxFaces: -1}),
		"verify":            verify(3),
		"detect score":      detect(facegate.AnalyseOptions{MinScore: math.NaN()}),
		"detect most faces": detect(facegate.AnalyseOptions{MaxFaces: -1}),
	} {
		if facegate.CodeOf(err) != facegate.CodeInvalid {
			t.Errorf("%s: %v, want %s", name, err, facegate.CodeInvalid)
		}
	}
	if len(a.asked) != 0 {
		t.Errorf("a photo was analysed for a request that is invalid")
	}
	if _, err := s.IdentifyEmbedding(t.Context(), facegate.Embedding{}, facegate.IdentifyOptions{}); facegate.CodeOf(err) != facegate.CodeInvalidEmbedding {
		t.Errorf("zero embedding: %v", err)
	}
	for _, v := range []float64{0, 2} {
		if err := verify(v); err != nil {
			t.Errorf("threshold %v: %v", v, err)
		}
	}
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		a, b   string
		o      facegate.VerifyOptions
		want   facegate.Decision
		code   facegate.Code
		detail string
	}{
		{a: "ann", b: "ann", want: facegate.Match},
		{a: "ann", b: "far", want: facegate.NoMatch},
		{a: "ann", b: "far", o: facegate.VerifyOptions{Threshold: ptr(1.125)}, want: facegate.Match},
		{a: "ann", b: "nobody", code: facegate.CodeNoFace, detail: "photo_b"},
		{a: "nobody", b: "nobody", code: facegate.CodeNoFace, detail: "photo_a"},
		{a: "group", b: "ann", code: facegate.CodeSeveralFaces, detail: "photo_a"},
		{a: "group", b: "ann", o: facegate.VerifyOptions{Largest: true}, want: facegate.Match},
		{a: "ann", b: "junk", code: facegate.CodeNotAnImage, detail: "photo_b"},
	} {
		s, _, _ := newService(t)
		got, err := s.Verify(t.Context(), facegate.Photo{Data: []byte(c.a)}, facegate.Photo{Data: []byte(c.b)}, c.o)
		if facegate.CodeOf(err) != c.code || err != nil && !strings.Contains(facegate.AsError(err).Detail, c.detail) {
			t.Errorf("%s, %s: %v, want %q in %q", c.a, c.b, err, c.code, c.detail)
		}
		if err == nil && (got.Decision != c.want || got.FaceA == nil || got.FaceB == nil) {
			t.Errorf("%s, %s: %+v, want %s", c.a, c.b, got, c.want)
		}
	}
	s, _, _ := newService(t)
	_, err := s.Verify(t.Context(), facegate.Photo{Name: "passport.jpg", Data: []byte("nobody")}, facegate.Photo{Data: []byte("ann")}, facegate.VerifyOptions{})
	if err == nil || !strings.Contains(facegate.AsError(err).Detail, "passport.jpg") {
		t.Errorf("%v does not name the photo", err)
	}
}

func TestVerifyPerson(t *testing.T) {
	for _, c := range []struct {
		photo, person string
		want          facegate.Decision
		sample        string
		code          facegate.Code
	}{
		{photo: "ann", person: "ann", want: facegate.Match, sample: "s2"},
		{photo: "far", person: "ann", want: facegate.NoMatch, sample: "s1"},
		{photo: "ann", person: "eve", code: facegate.CodeNoSamples},
		{photo: "ann", person: "zoe", code: facegate.CodePersonNotFound},
		{photo: "nobody", person: "ann", code: facegate.CodeNoFace},
		{photo: "group", person: "ann", code: facegate.CodeSeveralFaces},
	} {
		s, _, _ := newService(t)
		got, err := s.VerifyPerson(t.Context(), facegate.Photo{Data: []byte(c.photo)}, c.person, facegate.VerifyOptions{})
		if facegate.CodeOf(err) != c.code {
			t.Errorf("%s, %s: %v, want %q", c.photo, c.person, err, c.code)
		}
		if err == nil && (got.Decision != c.want || got.SampleID != c.sample || got.Person == nil || got.Person.ID != c.person || got.FaceA == nil || got.FaceB != nil) {
			t.Errorf("%s, %s: %+v, want %s by %s", c.photo, c.person, got, c.want, c.sample)
		}
	}
}

func TestSourceFails(t *testing.T) {
	s, _, src := newService(t)
	src.err = facegate.NewError(facegate.CodeDatabase, "the database is damaged", "")
	if _, err := s.Identify(t.Context(), []byte("ann"), facegate.IdentifyOptions{}); !errors.Is(err, src.err) {
		t.Errorf("identify: %v", err)
	}
	if _, err := s.VerifyPerson(t.Context(), facegate.Photo{Data: []byte("ann")}, "ann", facegate.VerifyOptions{}); !errors.Is(err, src.err) {
		t.Errorf("verify: %v", err)
	}
}

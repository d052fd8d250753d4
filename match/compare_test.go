package match_test

import (
	"errors"
	"math"
	"testing"

	"facegate"
)

func TestCompareFaces(t *testing.T) {
	photo := func(name string) *facegate.Photo { return &facegate.Photo{Name: name, Data: []byte(name)} }
	e := at(0.125)
	for _, c := range []struct {
		name      string
		r         facegate.Reference
		photo     string
		o         facegate.CompareOptions
		code      facegate.Code // empty: fine
		distances []float64     // NaN: not measured
		person    string
		sample    string
	}{
		{name: "a sample alone counts", r: facegate.Reference{SampleID: "s1"}, photo: "group", distances: []float64{0.125, 1, 0.5}, person: "ann", sample: "s1"},
		{name: "the largest", r: facegate.Reference{SampleID: "s2"}, photo: "group", o: facegate.CompareOptions{MaxFaces: 1}, distances: []float64{0.0625}, person: "ann", sample: "s2"},
		{name: "a photo", r: facegate.Reference{Photo: photo("ann")}, photo: "group", distances: []float64{0, 1.125, 0.375}},
		{name: "an embedding", r: facegate.Reference{Embedding: &e}, photo: "far", distances: []float64{1.125}},
		{name: "what cannot be measured", r: facegate.Reference{SampleID: "s1"}, photo: "blurred", distances: []float64{math.NaN(), 0.5}, person: "ann", sample: "s1"},
		{name: "the largest of a group", r: facegate.Reference{Photo: photo("group")}, photo: "ann", o: facegate.CompareOptions{MaxFaces: 1}, distances: []float64{0}},
		{name: "a group", r: facegate.Reference{Photo: photo("group")}, photo: "ann", code: facegate.CodeSeveralFaces},
		{name: "a group, of which three count", r: facegate.Reference{Photo: photo("group")}, photo: "ann", o: facegate.CompareOptions{MaxFaces: 3}, code: facegate.CodeSeveralFaces},
		{name: "no face", r: facegate.Reference{Photo: photo("nobody")}, photo: "ann", code: facegate.CodeNoFace},
		{name: "no face to compare", r: facegate.Reference{SampleID: "s1"}, photo: "nobody", code: facegate.CodeNoFace},
		{name: "both at fault", r: facegate.Reference{Photo: photo("group")}, photo: "nobody", code: facegate.CodeSeveralFaces},
		{name: "no picture", r: facegate.Reference{SampleID: "s1"}, photo: "what", code: facegate.CodeNotAnImage},
		{name: "no such sample", r: facegate.Reference{SampleID: "none"}, photo: "ann", code: facegate.CodeSampleNotFound},
		{name: "nothing", photo: "ann", code: facegate.CodeInvalid},
		{name: "no embedding", r: facegate.Reference{Embedding: &facegate.Embedding{}}, photo: "ann", code: facegate.CodeInvalidEmbedding},
	} {
		s := explained(t)
		s.People = register{"ann": {ID: "ann", Name: "Ann"}}
		s.Analyser.(*shown).photos["blurred"] = []float64{math.NaN(), 0.5}
		for _, embeddings := range []bool{false, true} {
			c.o.Embeddings = embeddings
			got, err := s.CompareFaces(t.Context(), c.r, *photo(c.photo), c.o)
			if facegate.CodeOf(err) != c.code {
				t.Errorf("%s: %v, want %q", c.name, err, c.code)
			}
			if c.code != "" {
				continue
			}
			if len(got.Photo.Faces) != len(c.distances) || len(got.Verifications) != len(c.distances) || got.Person.ID != c.person ||
				(got.Person.Name != "") != (c.person != "") || (got.Reference != nil) != (c.r.Photo != nil) {
				t.Errorf("%s: %+v", c.name, got)
				continue
			}
			for i, want := range c.distances {
				v, measured := got.Verifications[i], !math.IsNaN(want)
				if (v != nil) != measured || (got.Photo.Faces[i].Embedding != nil) != (measured && embeddings) {
					t.Errorf("%s: face %d is %+v", c.name, i, v)
				} else if measured && (v.Distance != want || v.SampleID != c.sample || (v.Person != nil) != (c.sample != "") || v.Threshold != 0.6 || (v.Decision == facegate.Match) != (want <= 0.6)) {
					t.Errorf("%s: face %d is %+v, want %g away", c.name, i, v, want)
				}
			}
			if got.Reference != nil && (len(got.Reference.Faces) != 1 || (got.Reference.Faces[0].Embedding != nil) != embeddings) {
				t.Errorf("%s: the reference's faces are %+v", c.name, got.Reference.Faces)
			}
		}
	}
}

func TestCompareEmbeddings(t *testing.T) {
	s := explained(t)
	s.People = register{"ann": {ID: "ann", Name: "Ann"}}
	e := at(0.125)
	for _, c := range []struct {
		r    facegate.Reference
		want []float64
	}{
		{facegate.Reference{SampleID: "s1"}, []float64{0, 3}},
		{facegate.Reference{Embedding: &e}, []float64{0.125, 2.875}},
		{facegate.Reference{Photo: &facegate.Photo{Data: []byte("ann")}}, []float64{0.125, 2.875}},
	} {
		got, err := s.CompareEmbeddings(t.Context(), c.r, []facegate.Embedding{at(0), at(3)})
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%+v: %+v %v", c.r, got, err)
			continue
		}
		for i, v := range got {
			if v.Distance != c.want[i] || v.SampleID != c.r.SampleID || v.Person != nil && v.Person.Name != "Ann" {
				t.Errorf("%+v: %+v, want %v", c.r, got, c.want)
			}
		}
	}
	if none, err := s.CompareEmbeddings(t.Context(), facegate.Reference{Embedding: &e}, nil); err != nil || len(none) != 0 {
		t.Errorf("%+v %v", none, err)
	}
	if _, err := s.CompareEmbeddings(t.Context(), facegate.Reference{Embedding: &e}, []facegate.Embedding{{}}); facegate.CodeOf(err) != facegate.CodeInvalidEmbedding {
		t.Errorf("all zeros: %v", err)
	}
	if _, err := s.CompareEmbeddings(t.Context(), facegate.Reference{SampleID: "none"}, nil); facegate.CodeOf(err) != facegate.CodeSampleNotFound {
		t.Errorf("no such sample: %v", err)
	}
}

// A photo's faces come with their embeddings only where these are asked for, and
// faces the detector is less sure of than asked do not count.
func TestEmbeddingsAreAskedFor(t *testing.T) {
	s, a, _ := newService(t)
	for _, wanted := range []bool{false, true} {
		got, err := s.Identify(t.Context(), []byte("ann"), facegate.IdentifyOptions{Embeddings: wanted})
		if err != nil || len(got.Faces) != 1 || (got.Faces[0].Embedding != nil) != wanted || got.Faces[0].Decision != facegate.Match {
			t.Errorf("wanted %v: %+v %v", wanted, got, err)
		}
	}
	a.asked = nil
	if _, err := s.Verify(t.Context(), facegate.Photo{Data: []byte("ann"), MinScore: 0.7}, facegate.Photo{Data: []byte("ann"), MinScore: 0.7}, facegate.VerifyOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(a.asked) != 2 || a.asked[0].MinScore != 0.7 || a.asked[1].MinScore != 0.7 {
		t.Errorf("asked %+v", a.asked)
	}
	var e *facegate.Error
	if _, err := s.Verify(t.Context(), facegate.Photo{Data: []byte("ann"), MinScore: 2}, facegate.Photo{Data: []byte("ann")}, facegate.VerifyOptions{}); !errors.As(err, &e) || e.Code != facegate.CodeInvalid {
		t.Errorf("a score beyond 1: %v", err)
	}
}

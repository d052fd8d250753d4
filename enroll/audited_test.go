package enroll_test

import (
	"context"
	"testing"

	"facegate"
	"facegate/enroll"
)

// comparer is a Recognition with answers to comparisons, for what the audit makes
// of them.
type comparer struct{ facegate.Recognition }

func verificationOf(d facegate.Decision, distance float64) facegate.Verification {
	return facegate.Verification{Decision: d, Distance: distance, Threshold: 0.6, SampleID: "s1", Person: &facegate.PersonRef{ID: "p1", Name: "Ann"}}
}

func (comparer) CompareFaces(_ context.Context, r facegate.Reference, _ facegate.Photo, _ facegate.CompareOptions) (facegate.Comparison, error) {
	if r.SampleID == "" {
		return facegate.Comparison{}, facegate.NewError(facegate.CodeSeveralFaces, "two", "")
	}
	v := verificationOf(facegate.Match, 0.3)
	return facegate.Comparison{Person: *v.Person, Photo: facegate.Analysis{Faces: make([]facegate.Face, 2)}, Verifications: []*facegate.Verification{&v, nil}}, nil
}

func (comparer) CompareEmbeddings(_ context.Context, r facegate.Reference, probes []facegate.Embedding) ([]facegate.Verification, error) {
	return []facegate.Verification{verificationOf(facegate.NoMatch, 0.9), {Decision: facegate.Match, Distance: 0.1, Threshold: 0.6}}, nil
}

func (comparer) Identify(context.Context, []byte, facegate.IdentifyOptions) (facegate.IdentifyResult, error) {
	return facegate.IdentifyResult{Faces: make([]facegate.IdentifiedFace, 1)}, nil
}

func TestComparisonsAreAudited(t *testing.T) {
	s, _ := newService(t)
	l := auditOf(t, s)
	r := &enroll.AuditedRecognition{Recognition: comparer{}, Log: l}
	ctx := t.Context()
	if _, err := r.CompareFaces(ctx, facegate.Reference{SampleID: "s1"}, facegate.Photo{}, facegate.CompareOptions{Embeddings: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.CompareFaces(ctx, facegate.Reference{}, facegate.Photo{}, facegate.CompareOptions{}); facegate.CodeOf(err) != facegate.CodeSeveralFaces {
		t.Fatal(err)
	}
	if _, err := r.CompareEmbeddings(ctx, facegate.Reference{}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Identify(ctx, nil, facegate.IdentifyOptions{Embeddings: true}); err != nil {
		t.Fatal(err)
	}
	page, err := l.Entries(ctx, facegate.AuditFilter{})
	want := []facegate.AuditEntry{ // the newest first
		{Action: "identify", Detail: []byte(`{"decision":"","embeddings":true,"face":1,"faces":1,"threshold":0}`)},
		{Action: "verify", Detail: []byte(`{"by":"embedding","decision":"match","distance":0.1,"threshold":0.6}`)},
		{Action: "verify", PersonID: "p1", SampleID: "s1", Detail: []byte(`{"by":"embedding","decision":"no_match","distance":0.9,"threshold":0.6}`)},
		{Action: "verify", Detail: []byte(`{"error":"several_faces"}`)},
		{Action: "verify", PersonID: "p1", Detail: []byte(`{"embeddings":true,"face":2,"faces":2}`)},
		{Action: "verify", PersonID: "p1", SampleID: "s1", Detail: []byte(`{"decision":"match","distance":0.3,"embeddings":true,"face":1,"faces":2,"threshold":0.6}`)},
	}
	if err != nil || len(page.Entries) != len(want) {
		t.Fatalf("%+v %v", page, err)
	}
	for i, want := range want {
		got := page.Entries[i]
		if got.Action != want.Action || got.PersonID != want.PersonID || got.SampleID != want.SampleID || string(got.Detail) != string(want.Detail) {
			t.Errorf("%+v %s, want %+v %s", got, got.Detail, want, want.Detail)
		}
	}
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.CompareEmbeddings(ctx, facegate.Reference{}, nil); err == nil {
		t.Error("an answer that is not recorded")
	}
}

package match_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"facegate"
	"facegate/internal/testfiles"
)

// idols are the 1,286 real embeddings of 552 people of go-face's test data, as
// dlib's network made them.
func idols(t testing.TB) []facegate.GalleryEntry {
	t.Helper()
	file := filepath.Join(testfiles.Photos(t, "idols/idols.json"), "idols", "idols.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Idols []struct{ ID, Name string }
		Faces []struct {
			IdolID     string `json:"idol_id"`
			Descriptor string
		}
	}
	if err := json.Unmarshal(data, &set); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, i := range set.Idols {
		names[i.ID] = i.Name
	}
	var entries []facegate.GalleryEntry
	for i, f := range set.Faces {
		raw, err := base64.StdEncoding.DecodeString(f.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		e, err := facegate.EmbeddingFromBytes(raw)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, facegate.GalleryEntry{
			SampleID: sampleID(i), Person: facegate.PersonRef{ID: f.IdolID, Name: names[f.IdolID]}, Embedding: e,
		})
	}
	return entries
}

// sampleID is a UUID that depends on i alone.
func sampleID(i int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "sample %d", i)).String()
}

// realPairs are the distances of all pairs of the idols' embeddings.
func realPairs(t testing.TB) (genuine, impostor []float64) {
	entries := idols(t)
	for i := range entries {
		for j := range i {
			d := entries[i].Embedding.Distance(&entries[j].Embedding)
			if entries[i].Person.ID == entries[j].Person.ID {
				genuine = append(genuine, d)
			} else {
				impostor = append(impostor, d)
			}
		}
	}
	return genuine, impostor
}

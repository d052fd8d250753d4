package match

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

// Idols are the 1,286 real embeddings of 552 people of go-face's test data, as
// dlib's network made them.
func Idols(t testing.TB) []facegate.GalleryEntry {
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
			SampleID: SampleID(i), Person: facegate.PersonRef{ID: f.IdolID, Name: names[f.IdolID]}, Embedding: e,
		})
	}
	return entries
}

// SampleID is a UUID that depends on i alone.
func SampleID(i int) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "sample %d", i)).String()
}

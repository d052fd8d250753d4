package enroll

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"facegate"
)

const actionPersonExport = "person.export"

// exportedSample is a sample as it is handed to the person it shows.
type exportedSample struct {
	facegate.Sample
	Embedding facegate.Embedding `json:"embedding"`
	Picture   string             `json:"picture"`         // the crop, in the zip
	Photo     string             `json:"photo,omitempty"` // in the zip, where it is kept
}

// exportedPerson is person.json.
type exportedPerson struct {
	facegate.Person
	Samples   []exportedSample             `json:"samples"`
	Sightings []facegate.SightingRecord    `json:"sightings"`
	Pictures  map[string]map[string]string `json:"sighting_pictures"` // by sighting and kind, in the zip
}

// Export writes all that is kept about a person as a zip: person.json, audit.json
// with every entry about them, and the pictures. Pictures are read one by one,
// so a slow reader holds up nobody.
func (s *Service) Export(ctx context.Context, personID string, w io.Writer) error {
	p, err := s.Person(ctx, personID)
	if err != nil {
		return err
	}
	log := &AuditLog{Store: s.Store, Now: s.Now}
	if err := log.Record(ctx, facegate.AuditRecord{Action: actionPersonExport, PersonID: personID}); err != nil {
		return err
	}
	out := exportedPerson{Person: p, Samples: []exportedSample{}, Sightings: []facegate.SightingRecord{}, Pictures: map[string]map[string]string{}}
	if err := s.exportSamples(ctx, &out); err != nil {
		return err
	}
	sightings := &Sightings{Store: s.Store}
	filter := facegate.SightingFilter{Person: personID, Limit: maxPage}
	for {
		page, err := sightings.List(ctx, filter)
		if err != nil {
			return err
		}
		out.Sightings = append(out.Sightings, page.Sightings...)
		if page.Next == "" {
			break
		}
		filter.After = page.Next
	}
	z := &exportZip{zip.NewWriter(w), s.now()}
	for i, sample := range out.Samples {
		jpeg, err := s.Thumbnail(ctx, sample.ID)
		if err != nil {
			return err
		}
		out.Samples[i].Picture = "samples/" + sample.ID + ".jpg"
		if err := z.add(out.Samples[i].Picture, jpeg); err != nil {
			return err
		}
		if out.Samples[i].Photo, err = s.exportPhoto(ctx, z, sample.ID); err != nil {
			return err
		}
	}
	for _, seen := range out.Sightings {
		kinds := map[string]string{}
		for kind, read := range map[string]func(context.Context, string) ([]byte, error){"photo": sightings.Photo, "crop": sightings.Crop} {
			jpeg, err := read(ctx, seen.ID)
			switch facegate.CodeOf(err) {
			case "":
			case facegate.CodeSightingNotFound: // no picture, or not any more
				continue
			default:
				return err
			}
			kinds[kind] = "sightings/" + seen.ID + "-" + kind + ".jpg"
			if err := z.add(kinds[kind], jpeg); err != nil {
				return err
			}
		}
		if len(kinds) > 0 {
			out.Pictures[seen.ID] = kinds
		}
	}
	if err := z.addJSON("person.json", out); err != nil {
		return err
	}
	entries := []facegate.AuditEntry{}
	if err := log.Each(ctx, facegate.AuditFilter{PersonID: personID}, func(e facegate.AuditEntry) error {
		entries = append(entries, e)
		return nil
	}); err != nil {
		return err
	}
	if err := z.addJSON("audit.json", entries); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("export person %s: %w", personID, err)
	}
	return nil
}

func (s *Service) exportSamples(ctx context.Context, out *exportedPerson) error {
	samples, err := s.Samples(ctx, out.ID)
	if err != nil {
		return err
	}
	for _, sample := range samples {
		var stored []byte
		if err := s.Store.reader.QueryRowContext(ctx, `SELECT embedding FROM samples WHERE id = ?`, sample.ID).Scan(&stored); err != nil {
			return fmt.Errorf("read the embedding of sample %s: %w", sample.ID, s.Store.cause(ctx, err))
		}
		entry := facegate.GalleryEntry{SampleID: sample.ID, Person: out.Ref()}
		s.readEmbedding(ctx, &entry, stored) // a damaged one is logged, and told as zeros
		out.Samples = append(out.Samples, exportedSample{Sample: sample, Embedding: entry.Embedding})
	}
	return nil
}

// exportZip is a zip whose files are all of one moment.
type exportZip struct {
	*zip.Writer
	at time.Time
}

func (z *exportZip) add(name string, content []byte) error {
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.at})
	if err == nil {
		_, err = f.Write(content)
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return nil
}

func (z *exportZip) addJSON(name string, v any) error {
	content, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return z.add(name, append(content, '\n'))
}

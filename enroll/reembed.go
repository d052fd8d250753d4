package enroll

import (
	"context"
	"database/sql"
	"fmt"

	"facegate"
)

// A CropEmbedder is an Analyser that also makes embeddings from the crops that are
// stored; nil where it sees no face in one.
type CropEmbedder interface {
	facegate.Analyser
	EmbedCrop(ctx context.Context, crop []byte) (*facegate.Embedding, error)
}

// A Move is how a gallery's move to another recipe went.
type Move struct {
	Recipe  string         `json:"recipe"`  // the one it is in now
	People  int            `json:"people"`  // moved
	Samples int            `json:"samples"` // moved
	Left    []UnmovedFault `json:"left"`    // samples that stay as they were, and are not searched
}

// An UnmovedFault is a sample that could not be moved.
type UnmovedFault struct {
	Person   facegate.PersonRef `json:"person"`
	SampleID string             `json:"sample_id"`
	Source   string             `json:"source"`
	Detail   string             `json:"detail"`
}

const actionReembed = "sample.reembed"

// Reembed moves all samples that were made by another recipe to that of e, from
// their photos where those are kept, else from their crops: a person at a time, each in one transaction, so that it may
// be interrupted and started again at any moment. Meanwhile a server finds the
// people whose samples are of its own recipe. progress is told after each person
// and may be nil.
func (s *Service) Reembed(ctx context.Context, e CropEmbedder, progress func(done, total int)) (Move, error) {
	m := Move{Recipe: e.Recipe(), Left: []UnmovedFault{}}
	people, err := s.peopleToMove(ctx, m.Recipe)
	if err != nil {
		return m, err
	}
	for i, person := range people {
		moved, left, err := s.movePerson(ctx, e, person)
		if err != nil {
			return m, fmt.Errorf("move the samples of %s: %w", person.Name, err)
		}
		m.Left = append(m.Left, left...)
		if m.Samples += moved; moved > 0 {
			m.People++
		}
		if progress != nil {
			progress(i+1, len(people))
		}
	}
	s.afterCommit(ctx)
	return m, nil
}

// peopleToMove is everybody with a sample of another recipe, by name.
func (s *Service) peopleToMove(ctx context.Context, recipe string) (people []facegate.PersonRef, err error) {
	err = s.Store.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `
			SELECT p.id, p.name FROM people p
			WHERE EXISTS (SELECT 1 FROM samples s WHERE s.person_id = p.id AND s.recipe <> ?)
			ORDER BY p.name_folded, p.name`, recipe)
		if err != nil {
			return fmt.Errorf("look for samples of other recipes: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var p facegate.PersonRef
			if err := rows.Scan(&p.ID, &p.Name); err != nil {
				return fmt.Errorf("look for samples of other recipes: %w", err)
			}
			people = append(people, p)
		}
		return rows.Err()
	})
	return people, err
}

func (s *Service) movePerson(ctx context.Context, e CropEmbedder, person facegate.PersonRef) (moved int, left []UnmovedFault, err error) {
	samples, err := s.Samples(ctx, person.ID)
	if facegate.CodeOf(err) == facegate.CodePersonNotFound { // erased meanwhile
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	made := map[string]*facegate.Embedding{}
	for _, sample := range samples {
		if sample.Recipe == e.Recipe() {
			continue
		}
		embedding, fault, err := s.reembedOne(ctx, e, sample)
		switch {
		case err != nil:
			return 0, nil, err
		case fault != "":
			left = append(left, UnmovedFault{Person: person, SampleID: sample.ID, Source: sample.Source, Detail: fault})
		default:
			made[sample.ID] = embedding
		}
	}
	if len(made) == 0 {
		return 0, left, nil
	}
	err = s.Store.write(ctx, func(tx *sql.Tx) error {
		for _, sample := range samples {
			embedding := made[sample.ID]
			if embedding == nil {
				continue
			}
			done, err := tx.ExecContext(ctx, `UPDATE samples SET embedding = ?, recipe = ? WHERE id = ? AND recipe = ?`,
				s.Store.vault.seal(samplesTable, sample.ID, embedding.Bytes()), e.Recipe(), sample.ID, sample.Recipe)
			if err != nil {
				return err
			}
			if n, err := done.RowsAffected(); err != nil || n == 0 { // erased meanwhile
				continue
			}
			moved++
		}
		return appendAudit(ctx, tx, s.now(), auditEntry{action: actionReembed, personID: person.ID,
			detail: map[string]any{"samples": moved, "recipe": e.Recipe()}})
	})
	if err != nil {
		return 0, nil, err
	}
	return moved, left, nil
}

// reembedOne is a sample's embedding by e, or what is wrong with its crop.
func (s *Service) reembedOne(ctx context.Context, e CropEmbedder, sample facegate.Sample) (*facegate.Embedding, string, error) {
	embedding, err := s.reembedPhoto(ctx, e, sample)
	if err != nil || embedding != nil {
		return embedding, "", err
	}
	crop, err := s.Thumbnail(ctx, sample.ID)
	if facegate.CodeOf(err) == facegate.CodeSampleNotFound {
		return nil, "its crop is not stored: enrol the photo anew", nil
	}
	if err != nil {
		return nil, "", err
	}
	embedding, err = e.EmbedCrop(ctx, crop)
	switch facegate.CodeOf(err) {
	case "":
	case facegate.CodeEmpty, facegate.CodeNotAnImage, facegate.CodeTruncated, facegate.CodeUnsupportedFormat, facegate.CodeTooLarge:
		return nil, "its crop cannot be used: " + facegate.AsError(err).Detail, nil
	default:
		return nil, "", fmt.Errorf("embed the crop of sample %s: %w", sample.ID, err)
	}
	if embedding == nil {
		return nil, "no face is seen in its crop: enrol the photo anew", nil
	}
	return embedding, "", nil
}

// reembedPhoto is the embedding that enrolling the kept photo anew would make; nil
// where no photo is kept, or e does not find its one face.
func (s *Service) reembedPhoto(ctx context.Context, e CropEmbedder, sample facegate.Sample) (*facegate.Embedding, error) {
	k, err := s.photoOf(ctx, sample.ID)
	if err != nil || k.data == nil {
		return nil, err
	}
	a, err := e.Analyse(ctx, k.data, facegate.AnalyseOptions{Embed: true})
	if err != nil {
		if _, err := unreadable(sample.Source, err); err != nil {
			return nil, fmt.Errorf("embed the photo of sample %s: %w", sample.ID, err)
		}
		return nil, nil
	}
	if len(a.Faces) != 1 {
		return nil, nil
	}
	return a.Faces[0].Embedding, nil
}

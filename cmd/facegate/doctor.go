package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"facegate"
	"facegate/match"
)

type doctorCommand struct {
	Dir string `arg:"" optional:"" help:"Folder with a subfolder of photos for each person; without it, the gallery is examined." type:"existingdir"`
	cacheSettings
	analysisSettings
}

// examination is the line of `facegate doctor --json`.
type examination struct {
	match.Findings
	Recipe string `json:"recipe"`
}

// Run looks for samples that do not look like their person's others, and for
// people who are probably one.
func (c *doctorCommand) Run(ctx context.Context, p *program) error {
	samples, gallery, cal, sources, shut, err := c.open(ctx, p)
	if err != nil {
		return err
	}
	defer shut()
	bar := p.newProgress(int64(len(samples)), "samples", false)
	doctor := match.Doctor{Gallery: gallery, Calibration: cal.Calibration}
	found, err := doctor.Examine(ctx, samples, func(done, _ int) {
		_ = bar.Set(done) // a bar that cannot be drawn stops nothing
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if p.settings.JSON {
		err = p.printJSON(examination{found, cal.recipe})
	} else {
		err = printFindings(ctx, p, found, sources)
	}
	if err == nil && len(found.Strays)+len(found.Doubles) > 0 {
		err = exitStatus(exitNegative)
	}
	return err
}

type calibrated struct {
	*match.Calibration
	recipe string
}

// open is the samples to examine, in a gallery, and what they are called.
func (c *doctorCommand) open(ctx context.Context, p *program) (samples []facegate.GalleryEntry, gallery *match.Gallery, cal calibrated, source func(context.Context, string) string, shut func(), err error) {
	if c.Dir == "" {
		rooms, err := p.openGallery(ctx, c.analysisSettings)
		if err != nil {
			return nil, nil, cal, nil, nil, err
		}
		fail := func(err error) ([]facegate.GalleryEntry, *match.Gallery, calibrated, func(context.Context, string) string, func(), error) {
			return nil, nil, cal, nil, nil, errors.Join(err, rooms.Close())
		}
		if samples, _, err = rooms.people.Entries(ctx, 0); err != nil {
			return fail(err)
		}
		if cal, err = rooms.calibrated(ctx); err != nil {
			return fail(err)
		}
		return samples, rooms.gallery, cal, rooms.source, func() { _ = rooms.Close() }, nil
	}
	embedder, err := p.newSubjectEmbedder(c.analysisSettings, c.cacheSettings, manyPhotos)
	if err != nil {
		return nil, nil, cal, nil, nil, err
	}
	defer embedder.Close()
	if samples, err = embedder.entries(ctx, c.Dir); err != nil {
		return nil, nil, cal, nil, nil, err
	}
	reference, err := match.Reference(embedder.recipe)
	if err != nil {
		return nil, nil, cal, nil, nil, err
	}
	gallery = match.NewGallery()
	gallery.Reset(samples)
	return samples, gallery, calibrated{reference, embedder.recipe}, func(_ context.Context, id string) string { return id }, gallery.Close, nil
}

// calibrated is the calibration in force; none where there is none.
func (r *galleryRooms) calibrated(ctx context.Context) (calibrated, error) {
	c, ok, err := r.rules.Calibration(ctx)
	if err != nil || !ok {
		return calibrated{recipe: r.recipe}, err
	}
	return calibrated{&match.Calibration{Calibration: c}, r.recipe}, nil
}

// source is what a sample's photo is called; its id where that is not known.
func (r *galleryRooms) source(ctx context.Context, sampleID string) string {
	sample, err := r.people.Sample(ctx, sampleID)
	if err != nil || sample.Source == "" {
		return sampleID
	}
	return sample.Source + " (" + sampleID + ")"
}

// entries is a labelled folder as samples that are named like their files.
func (e *subjectEmbedder) entries(ctx context.Context, dir string) ([]facegate.GalleryEntry, error) {
	photos, err := match.ReadLabelled(dir)
	if err != nil {
		return nil, err
	}
	embedded, err := e.embedFolder(ctx, dir)
	if err != nil {
		return nil, err
	}
	if len(embedded) != len(photos) {
		return nil, fmt.Errorf("%s changed while it was read", dir)
	}
	var entries []facegate.GalleryEntry
	for i, photo := range embedded {
		if photo.Embedding != nil {
			entries = append(entries, facegate.GalleryEntry{SampleID: filepath.Base(photos[i].Path), Embedding: *photo.Embedding,
				Person: facegate.PersonRef{ID: photo.Person, Name: photo.Person}})
		}
	}
	return entries, nil
}

func printFindings(ctx context.Context, p *program, f match.Findings, source func(context.Context, string) string) error {
	if err := p.printf("examined %s of %s\n", plural(f.Samples, "sample", "samples"), plural(f.People, "person", "people")); err != nil {
		return err
	}
	if len(f.Strays) > 0 {
		if err := p.printf("\nphotos that are mislabelled, or too poor to be of use:\n"); err != nil {
			return err
		}
	}
	for _, s := range f.Strays {
		if err := p.printf("  %s: %s: %s\n", s.Person.Name, source(ctx, s.SampleID), s.Why); err != nil {
			return err
		}
	}
	if len(f.Doubles) > 0 {
		if err := p.printf("\npeople who are probably one:\n"); err != nil {
			return err
		}
	}
	for _, d := range f.Doubles {
		expected := ""
		if d.Expected != nil {
			expected = fmt.Sprintf("; %s pairs of strangers are expected to be as close", rounded(*d.Expected))
		}
		if err := p.printf("  %s and %s: %s and %s are %.3f apart%s\n", d.A.Name, d.B.Name,
			source(ctx, d.SampleA), source(ctx, d.SampleB), d.Distance, expected); err != nil {
			return err
		}
	}
	if len(f.Strays)+len(f.Doubles) == 0 {
		return p.printf("nothing looks wrong\n")
	}
	return nil
}

// rounded is a small number as people say it.
func rounded(v float64) string {
	if v < 0.01 {
		return "fewer than 0.01"
	}
	return fmt.Sprintf("about %.2g", v)
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

type backupCommand struct {
	File string `arg:"" help:"The file to write, which must not be there yet."`
}

// Run copies the database while others use it.
func (c *backupCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.store.Backup(ctx, c.File); err != nil {
		return err
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return fmt.Errorf("look at the backup: %w", err)
	}
	if p.settings.JSON {
		return p.printJSON(map[string]any{"file": c.File, "bytes": info.Size()})
	}
	return p.printf("backed up to %s (%d bytes)\n", c.File, info.Size())
}

type restoreCommand struct {
	File string `arg:"" help:"A file that backup wrote."`
}

// Run puts a backup in the database's place, once it is verified.
func (c *restoreCommand) Run(ctx context.Context, p *program) error {
	kept, check, err := enroll.Restore(ctx, c.File, filepath.Join(p.settings.Data, databaseFile), time.Now())
	if err != nil {
		return err
	}
	if p.settings.JSON {
		return p.printJSON(map[string]any{"people": check.People, "samples": check.Samples, "kept": kept})
	}
	if err := p.printf("restored %s with %s\n", plural(check.People, "person", "people"), plural(check.Samples, "sample", "samples")); err != nil {
		return err
	}
	if kept != "" {
		p.warn("the database that was there is kept as "+kept, "delete it once all is well: it holds people's data")
	}
	return nil
}

type checkCommand struct{}

// Run checks the database, and the gallery made of it.
func (c *checkCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	check, err := store.store.Check(ctx)
	if err != nil {
		return err
	}
	recipes, err := store.store.Recipes(ctx)
	if err != nil {
		return err
	}
	for _, recipe := range recipes {
		people := &enroll.Service{Store: store.store, Analyser: recipeOf(recipe), Gallery: match.NewGallery(), Now: time.Now, Logger: p.log}
		differences, err := people.CheckGallery(ctx)
		if err != nil {
			return err
		}
		check.Gallery = append(check.Gallery, differences...)
	}
	if p.settings.JSON {
		if err := p.printJSON(check); err != nil {
			return err
		}
		if !check.Healthy() {
			return exitStatus(exitFailed)
		}
		return nil
	}
	for _, list := range [][]string{check.Integrity, check.Orphans, check.Gallery} {
		for _, line := range list {
			p.warn(line, "")
		}
	}
	if !check.Healthy() {
		return facegate.NewError(facegate.CodeDatabase, "the database is not whole: "+check.First(), "restore a backup: facegate restore FILE")
	}
	return p.printf("all is well: %s, %s, %s in the audit\n", plural(check.People, "person", "people"),
		plural(check.Samples, "sample", "samples"), plural(int(check.Audit.Entries), "entry", "entries"))
}

// recipeOf is an Analyser that looks at no photo, for a gallery that is only
// loaded.
type recipeOf string

func (r recipeOf) Recipe() string { return string(r) }

func (recipeOf) Analyse(context.Context, []byte, facegate.AnalyseOptions) (facegate.Analysis, error) {
	return facegate.Analysis{}, facegate.NewError(facegate.CodeInternal, "no photo is looked at here", "")
}

package main

import (
	"context"
	"os"

	"facegate"
)

type peopleExportCommand struct {
	Name string `arg:"" help:"Name or id of the person."`
	File string `arg:"" help:"The zip to write, which must not be there yet."`
}

// Run writes all that is kept about a person.
func (c *peopleExportCommand) Run(ctx context.Context, p *program) (err error) {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	person, err := findPerson(ctx, store.people, c.Name)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return &facegate.Error{Code: facegate.CodeInvalid, Detail: c.File + " cannot be made", Next: "name a new file in a folder that may be written", Err: err}
	}
	err = store.people.Export(ctx, person.ID, file)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(c.File) // half an export would pass for a whole one
		return err
	}
	if p.settings.JSON {
		return p.printJSON(map[string]any{"person": person.Ref(), "file": c.File})
	}
	return p.printf("wrote all about %s to %s\n", person.Name, c.File)
}

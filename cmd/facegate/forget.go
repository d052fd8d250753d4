package main

import (
	"context"
	"fmt"
)

type peopleForgetCommand struct {
	Names []string `arg:"" optional:"" name:"name" help:"Names or ids of the people; everybody where none is given."`
}

// Run erases photos that were kept: of all those named, or of nobody where one is
// not there.
func (c *peopleForgetCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	ids := []string{""} // everybody
	if len(c.Names) > 0 {
		ids = nil
	}
	for _, name := range c.Names {
		person, err := findPerson(ctx, store.people, name)
		if err != nil {
			return err
		}
		ids = append(ids, person.ID)
	}
	forgotten := 0
	for _, id := range ids {
		n, err := store.people.ForgetPhotos(ctx, id)
		if err != nil {
			return err
		}
		forgotten += n
	}
	if p.settings.JSON {
		return p.printJSON(map[string]int{"photos": forgotten})
	}
	return p.printf("erased %s\n", plural(forgotten, "photo", "photos"))
}

// tellOfPhotos says, where photos are not kept any more, that some still are:
// whoever switched it off may believe them gone.
func (c *serveCommand) tellOfPhotos(ctx context.Context, p *program, r *rooms) error {
	if c.KeepPhotos {
		return nil
	}
	n, err := r.people.PhotosKept(ctx)
	if err == nil && n > 0 {
		p.warn(fmt.Sprintf("%s kept from when --keep-photos was on", plural(n, "photo is", "photos are")),
			"erase them: facegate people forget-photos")
	}
	return err
}

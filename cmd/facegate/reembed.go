package main

import (
	"context"
	"errors"
	"fmt"

	"facegate/enroll"
)

type reembedCommand struct {
	analysisSettings
}

// Run moves the gallery to the recipe of the models and the profile.
func (c *reembedCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	faces, err := p.openDetector(c.analysisSettings, max(int(c.Workers), 1))
	if err != nil {
		return err
	}
	defer faces.Close()
	bar := p.newProgress(-1, "people", false)
	move, err := store.people.Reembed(ctx, faces, func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done) // a bar that cannot be drawn stops nothing
	})
	_ = bar.Finish()
	if err != nil {
		if errors.Is(err, context.Canceled) {
			p.warn(fmt.Sprintf("interrupted: %s moved", plural(move.People, "person is", "people are")), "start it again to go on")
		}
		return err
	}
	if p.settings.JSON {
		err = p.printJSON(move)
	} else {
		err = printMove(p, move)
	}
	if err == nil && len(move.Left) > 0 {
		err = exitStatus(exitRefused)
	}
	return err
}

func printMove(p *program, m enroll.Move) error {
	for _, l := range m.Left {
		if err := p.printf("%s: %s (%s) stays as it was: %s\n", l.Person.Name, l.Source, l.SampleID, l.Detail); err != nil {
			return err
		}
	}
	if m.Samples == 0 && len(m.Left) == 0 {
		return p.printf("every sample is of the recipe %s\n", m.Recipe)
	}
	return p.printf("moved %s of %s to the recipe %s; %d left\n", plural(m.Samples, "sample", "samples"), plural(m.People, "person", "people"), m.Recipe, len(m.Left))
}

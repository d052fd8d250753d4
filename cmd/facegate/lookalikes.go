package main

import (
	"context"
	"fmt"

	"facegate/match"
)

type lookalikesCommand struct {
	Name  string `arg:"" optional:"" help:"Name or id of a person: only pairs with them."`
	Limit size   `help:"How many pairs (${default})." env:"-" default:"20" placeholder:"N"`
	analysisSettings
}

// Run lists the pairs of different people that are closest to each other.
func (c *lookalikesCommand) Run(ctx context.Context, p *program) error {
	rooms, err := p.openGallery(ctx, c.analysisSettings)
	if err != nil {
		return err
	}
	defer rooms.Close()
	id := ""
	if c.Name != "" {
		person, err := findPerson(ctx, rooms.people, c.Name)
		if err != nil {
			return err
		}
		id = person.ID
	}
	samples, _, err := rooms.people.Entries(ctx, 0)
	if err != nil {
		return err
	}
	cal, err := rooms.calibrated(ctx)
	if err != nil {
		return err
	}
	bar := p.newProgress(-1, "samples", false)
	doctor := match.Doctor{Gallery: rooms.gallery, Calibration: cal.Calibration}
	pairs, err := doctor.Lookalikes(ctx, samples, id, int(c.Limit), func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done) // a bar that cannot be drawn stops nothing
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if len(pairs) == 0 {
		p.warn("there are no two people with samples", "")
		return nil
	}
	var t table
	t.add("PERSON", "PERSON", "DISTANCE", "SIMILARITY", "FALSE MATCH RATE")
	for _, pair := range pairs {
		if p.settings.JSON {
			if err := p.printJSON(pair); err != nil {
				return err
			}
			continue
		}
		chance := ""
		if pair.FalseMatchRate != nil {
			chance = rate(*pair.FalseMatchRate)
		}
		t.add(pair.A.Name, pair.B.Name, fmt.Sprintf("%.3f", pair.Distance), fmt.Sprintf("%.2f", pair.Similarity), chance)
	}
	if p.settings.JSON {
		return nil
	}
	return t.print(p.Stdout)
}

package main

import (
	"context"
	"fmt"

	"facegate"
)

type identifyCommand struct {
	Photos []string `arg:"" help:"Photos, folders of photos, or - for one on standard input."`
	faceOptions
	Candidates count `help:"How many of the nearest people to list (with --json), 1..100." env:"-" default:"5" placeholder:"N"`
	Explain    bool  `help:"Say why: which photo matched, the runner-up, and what decided." env:"-"`
	analysisSettings
	policySettings
	identifySettings
}

// identification is a line of `facegate identify --json`.
type identification struct {
	Photo string `json:"photo"`
	facegate.IdentifyResult
}

// Run prints who is in every photo.
func (c *identifyCommand) Run(ctx context.Context, p *program) error {
	paths, err := expandPhotos(c.Photos)
	if err != nil {
		return err
	}
	workers := c.workersFor(len(paths))
	rooms, err := p.openRooms(ctx, c.analysisSettings, workers, wiring{policy: c.policySettings, identify: c.identifySettings})
	if err != nil {
		return err
	}
	defer rooms.Close()
	if people, _ := rooms.gallery.Size(); people == 0 {
		p.warn("nobody is enrolled in "+p.settings.Data+": every face is unknown", "enrol somebody: facegate enroll NAME photo.jpg")
	}
	options := facegate.IdentifyOptions{Candidates: int(c.Candidates), SmallFaces: c.SmallFaces, MinScore: float64(c.MinScore), MaxFaces: int(c.MaxFaces), Explain: c.Explain}
	var tally tally
	width := widest(paths, 60)
	err = eachPhoto(ctx, p, paths, int64(c.MaxPhotoBytes), workers,
		func(ctx context.Context, photo facegate.Photo) (facegate.IdentifyResult, error) {
			return rooms.recognition.Identify(ctx, photo.Data, options)
		},
		func(w work[facegate.IdentifyResult]) error {
			if w.err != nil {
				return tally.refuse(p, w.photo, w.err)
			}
			tally.answer(len(w.result.Faces) > 0)
			for i := range w.result.Faces {
				tally.answer(w.result.Faces[i].Decision == facegate.Match)
				w.result.Faces[i].Embedding = nil // as the API answers: detect gives embeddings to those who ask
			}
			if p.settings.JSON {
				return p.printJSON(identification{w.photo, w.result})
			}
			return printIdentification(p, pad(w.photo, width), w.result)
		})
	return tally.outcome(err)
}

func printIdentification(p *program, photo string, r facegate.IdentifyResult) error {
	if len(r.Faces) == 0 {
		return p.printf("%s  no face\n", photo)
	}
	for _, f := range r.Faces {
		line := photo + "  " + describeIdentification(f.Identification)
		if len(r.Faces) > 1 {
			line += "  " + place(f.Box)
		}
		if err := p.printf("%s\n", line); err != nil {
			return err
		}
		if err := printExplanation(p, f.Identification); err != nil {
			return err
		}
	}
	return nil
}

// describeIdentification is the decision in words, with the numbers it rests on.
func describeIdentification(d facegate.Identification) string {
	const nameWidth = 20
	if len(d.Candidates) == 0 {
		return fmt.Sprintf("%s  the gallery is empty", pad(string(d.Decision), nameWidth))
	}
	best := d.Candidates[0]
	who, why := string(d.Decision), ""
	switch {
	case d.Decision == facegate.Match:
		who = best.Person.Name
	case d.Decision == facegate.Ambiguous && len(d.Candidates) > 1:
		why = fmt.Sprintf("; %s, or %s at %.2f", best.Person.Name, d.Candidates[1].Person.Name, d.Candidates[1].Distance)
	default:
		why = "; nearest is " + best.Person.Name
	}
	return fmt.Sprintf("%s  distance %.2f  similarity %.2f  (%s%s)",
		pad(who, nameWidth), best.Distance, best.Similarity, held(d.Threshold, d.Policy, best.FalseMatchRate), why)
}

// held is what a distance was held against, and how often two people are as close.
func held(threshold float64, policy facegate.Policy, falseMatchRate *float64) string {
	said := fmt.Sprintf("threshold %.2f", threshold)
	if policy != "" {
		said += ", " + string(policy)
	}
	if falseMatchRate != nil {
		said += "; false match rate " + rate(*falseMatchRate)
	}
	return said
}

// printExplanation says why, below the decision, where that was asked for.
func printExplanation(p *program, d facegate.Identification) error {
	e := d.Explanation
	if e == nil {
		return nil
	}
	if err := p.printf("    %s\n", e.Why); err != nil {
		return err
	}
	for _, c := range e.Candidates {
		line := fmt.Sprintf("    %s  distance %.3f (%s)  by %s, quality %.2f", pad(c.Person.Name, 20), c.Distance, c.Why, c.Sample.Source, c.Sample.Quality)
		for _, r := range c.Sample.Reasons {
			line += ", " + r
		}
		if err := p.printf("%s\n", line); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"time"

	"facegate"
)

type enrollCommand struct {
	Name       string   `arg:"" help:"Name of the person. Where they are enrolled already, the photos are added."`
	Photos     []string `arg:"" help:"Photos with one face each, or folders of photos."`
	ExternalID string   `name:"external-id" help:"Your own id of the person." env:"-" placeholder:"ID"`
	Tag        []string `help:"Tag of the person; may be repeated." env:"-" placeholder:"TAG"`
	Notes      string   `help:"Notes on the person." env:"-" placeholder:"TEXT"`
	Consent    string   `help:"On what basis the data is kept, such as \"signed form 2026-04\"." env:"-" placeholder:"TEXT"`
	analysisSettings
	verifySettings
	enrolSettings
}

// Run enrols and prints what became of every photo.
func (c *enrollCommand) Run(ctx context.Context, p *program) error {
	paths, err := expandPhotos(c.Photos)
	if err != nil {
		return err
	}
	var photos []facegate.Photo
	var unreadable []facegate.Refusal
	for _, path := range paths {
		photo, err := p.readPhoto(path, int64(c.MaxPhotoBytes))
		if err != nil {
			e := facegate.AsError(err)
			unreadable = append(unreadable, facegate.Refusal{Photo: path, Code: e.Code, Detail: e.Detail})
			continue
		}
		photos = append(photos, photo)
	}
	if len(photos) == 0 {
		return p.refuseAll(&facegate.Error{Code: facegate.CodeNoUsablePhoto, Detail: "no photo could be read: nothing was enrolled",
			Next: "check the names of the photos", Refused: unreadable})
	}
	rooms, err := p.openRooms(ctx, c.analysisSettings, 1, wiring{verify: c.verifySettings, enrol: c.enrolSettings})
	if err != nil {
		return err
	}
	defer rooms.Close()

	enrolment, added, err := c.enrol(ctx, rooms.people, photos)
	if err != nil {
		if e := facegate.AsError(err); e.Code == facegate.CodeNoUsablePhoto {
			e.Refused = append(unreadable, e.Refused...)
			return p.refuseAll(e)
		}
		return err
	}
	enrolment.Refused = append(unreadable, enrolment.Refused...)
	if err := printEnrolment(p, enrolment, added); err != nil {
		return err
	}
	if len(enrolment.Refused) > 0 {
		return exitStatus(exitRefused)
	}
	return nil
}

// enrol creates the person, or adds to the one who is there; added tells which.
func (c *enrollCommand) enrol(ctx context.Context, people facegate.People, photos []facegate.Photo) (e facegate.Enrolment, added bool, err error) {
	person, err := people.PersonByName(ctx, c.Name)
	if err == nil {
		if c.ExternalID != "" || len(c.Tag) > 0 || c.Notes != "" || c.Consent != "" {
			return e, true, facegate.NewError(facegate.CodeNameTaken, fmt.Sprintf("%s is enrolled already, so only photos can be added", person.Name),
				"leave out --external-id, --tag, --notes and --consent, or delete the person first")
		}
		e, err = people.AddSamples(ctx, person.ID, photos)
		return e, true, err
	}
	if facegate.CodeOf(err) != facegate.CodePersonNotFound {
		return e, false, err
	}
	e, err = people.Create(ctx, facegate.NewPerson{Name: c.Name, ExternalID: c.ExternalID, Tags: c.Tag, Notes: c.Notes,
		Consent: consentOf(c.Consent, time.Now())}, photos)
	return e, false, err
}

// refuseAll prints every refusal, then e.
func (p *program) refuseAll(e *facegate.Error) error {
	for _, r := range e.Refused {
		if err := printVerdict(p, r, "refused"); err != nil {
			return err
		}
	}
	return &facegate.Error{Code: e.Code, Detail: e.Detail, Next: e.Next, Err: e.Err}
}

func printEnrolment(p *program, e facegate.Enrolment, added bool) error {
	if p.settings.JSON {
		return p.printJSON(e)
	}
	for _, s := range e.Samples {
		if err := p.printf("%s  enrolled, quality %.2f\n", s.Source, s.Quality.Overall); err != nil {
			return err
		}
	}
	for _, r := range e.Skipped {
		if err := printVerdict(p, r, "skipped"); err != nil {
			return err
		}
	}
	for _, r := range e.Refused {
		if err := printVerdict(p, r, "refused"); err != nil {
			return err
		}
	}
	warnOfDuplicates(p, e.Duplicates)
	verb := "enrolled"
	if added {
		verb = "added to"
	}
	return p.printf("%s %s: %s added, %s in all\n", verb, e.Name, plural(len(e.Samples), "sample", "samples"), plural(e.SampleCount, "sample", "samples"))
}

func printVerdict(p *program, r facegate.Refusal, verdict string) error {
	if p.settings.JSON {
		return p.printJSON(r)
	}
	return p.printf("%s  %s: %s\n", r.Photo, verdict, r.Detail)
}

package main

import (
	"context"
	"fmt"

	"facegate"
)

type verifyCommand struct {
	A       string `arg:"" name:"photo" help:"A photo, or - for standard input."`
	B       string `arg:"" name:"photo-b" optional:"" help:"The photo to compare it with, unless --person is given."`
	Person  string `help:"Name or id of an enrolled person to compare the photo with." env:"-" placeholder:"NAME"`
	Largest bool   `help:"Where a photo shows several faces, take the largest." env:"-"`
	analysisSettings
	policySettings
	verifySettings
}

// verification is the line of `facegate verify --json`.
type verification struct {
	Photo  string `json:"photo"`
	PhotoB string `json:"photo_b,omitempty"`
	facegate.Verification
}

// Validate is called by kong.
func (c *verifyCommand) Validate() error {
	if (c.B == "") == (c.Person == "") {
		return fmt.Errorf("needs two photos, or one and --person")
	}
	if c.A == stdinName && c.B == stdinName {
		return fmt.Errorf("only one photo can come on standard input")
	}
	return nil
}

// Run prints whether the two are one person.
func (c *verifyCommand) Run(ctx context.Context, p *program) error {
	v, err := c.verify(ctx, p)
	if err != nil {
		if refused(err) && p.settings.JSON { // the detail names the photo
			if err := p.printRefusal(c.A, err); err != nil {
				return err
			}
			return exitStatus(exitRefused)
		}
		return err
	}
	v.Photo, v.PhotoB = c.A, c.B
	for _, f := range []*facegate.Face{v.FaceA, v.FaceB} {
		if f != nil {
			f.Embedding = nil // as the API answers
		}
	}
	if err := c.print(p, v); err != nil {
		return err
	}
	if v.Decision != facegate.Match {
		return exitStatus(exitNegative)
	}
	return nil
}

func (c *verifyCommand) print(p *program, v verification) error {
	if p.settings.JSON {
		return p.printJSON(v)
	}
	other := c.B
	if v.Person != nil {
		other = v.Person.Name
	}
	decision := "match"
	if v.Decision != facegate.Match {
		decision = "no match"
	}
	return p.printf("%s  %s  %s  distance %.2f  similarity %.2f  (%s)\n",
		c.A, other, decision, v.Distance, v.Similarity, held(v.Threshold, v.Policy, v.FalseMatchRate))
}

func (c *verifyCommand) verify(ctx context.Context, p *program) (v verification, err error) {
	options := facegate.VerifyOptions{Largest: c.Largest}
	a, err := c.read(p, c.A)
	if err != nil {
		return v, err
	}
	if c.Person == "" {
		b, err := c.read(p, c.B)
		if err != nil {
			return v, err
		}
		recognition, shut, err := p.openVerification(ctx, c.analysisSettings, c.wiring())
		if err != nil {
			return v, err
		}
		defer shut()
		v.Verification, err = recognition.Verify(ctx, a, b, options)
		return v, err
	}
	store, err := p.openStore(ctx)
	if err != nil {
		return v, err
	}
	defer store.Close()
	person, err := findPerson(ctx, store.people, c.Person) // before the models are loaded
	if err != nil {
		return v, err
	}
	rooms, err := p.addRooms(ctx, store, c.analysisSettings, 1, c.wiring())
	if err != nil {
		return v, err
	}
	defer rooms.faces.Close()
	v.Verification, err = rooms.recognition.VerifyPerson(ctx, a, person.ID, options)
	return v, err
}

func (c *verifyCommand) wiring() wiring {
	return wiring{policy: c.policySettings, verify: c.verifySettings}
}

func (c *verifyCommand) read(p *program, path string) (facegate.Photo, error) {
	photo, err := p.readPhoto(path, int64(c.MaxPhotoBytes))
	if err != nil {
		e := facegate.AsError(err)
		return photo, &facegate.Error{Code: e.Code, Detail: path + ": " + e.Detail, Next: e.Next, Err: e.Err}
	}
	return photo, nil
}

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"facegate"

	"github.com/google/uuid"
)

type peopleCommand struct {
	List   peopleListCommand   `cmd:"" default:"withargs" help:"List people, by name (this is what people alone does)."`
	Show   peopleShowCommand   `cmd:"" help:"Show a person with their samples."`
	Export peopleExportCommand `cmd:"" help:"Write all that is kept about a person to a zip."`
	Rename peopleRenameCommand `cmd:"" help:"Give a person another name."`
	Delete peopleDeleteCommand `cmd:"" help:"Erase people with all their samples."`
	Forget peopleForgetCommand `cmd:"" name:"forget-photos" help:"Erase the photos that were kept of people, or of everybody; they stay enrolled."`
}

type peopleListCommand struct {
	Query string `help:"Only people with this in their name or external id." env:"-" placeholder:"TEXT"`
	Tag   string `help:"Only people with this tag." env:"-" placeholder:"TAG"`
}

// Run lists people.
func (c *peopleListCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	filter := facegate.PeopleFilter{Query: c.Query, Tag: c.Tag, Limit: 500}
	var t table
	t.add("NAME", "SAMPLES", "ENROLLED", "ID")
	total := 0
	for {
		page, err := store.people.List(ctx, filter)
		if err != nil {
			return err
		}
		for _, person := range page.People {
			total++
			if p.settings.JSON {
				if err := p.printJSON(person); err != nil {
					return err
				}
				continue
			}
			t.add(person.Name, fmt.Sprint(person.SampleCount), day(person.CreatedAt), person.ID)
		}
		if page.Next == "" {
			break
		}
		filter.After = page.Next
	}
	switch {
	case p.settings.JSON:
		return nil
	case total == 0 && c.Query == "" && c.Tag == "":
		p.warn("nobody is enrolled in "+p.settings.Data, "enrol somebody: facegate enroll NAME photo.jpg")
		return nil
	case total == 0:
		p.warn("nobody matches", "")
		return nil
	}
	return t.print(p.Stdout)
}

func day(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

type peopleShowCommand struct {
	Name string `arg:"" help:"Name or id of the person."`
}

// personWithSamples is the line of `facegate people show --json`.
type personWithSamples struct {
	facegate.Person
	Samples []facegate.Sample `json:"samples"`
}

// Run shows a person.
func (c *peopleShowCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	person, err := findPerson(ctx, store.people, c.Name)
	if err != nil {
		return err
	}
	samples, err := store.people.Samples(ctx, person.ID)
	if err != nil {
		return err
	}
	if p.settings.JSON {
		return p.printJSON(personWithSamples{person, samples})
	}
	var t table
	t.add("name", person.Name)
	t.add("id", person.ID)
	for _, row := range [][2]string{
		{"external id", person.ExternalID}, {"tags", strings.Join(person.Tags, ", ")},
		{"notes", person.Notes}, {"consent", person.Consent.Basis},
	} {
		if row[1] != "" {
			t.add(row[0], row[1])
		}
	}
	if person.ExpiresAt != nil {
		t.add("expires", day(*person.ExpiresAt))
	}
	t.add("enrolled", day(person.CreatedAt))
	for i, s := range samples {
		title := ""
		if i == 0 {
			title = "samples"
		}
		kept := ""
		if s.PhotoKept {
			kept = "  photo kept"
		}
		t.add(title, fmt.Sprintf("%s  quality %.2f  %s  %s%s", s.ID, s.Quality.Overall, day(s.CreatedAt), s.Source, kept))
	}
	return t.print(p.Stdout)
}

type peopleRenameCommand struct {
	Name string `arg:"" help:"Name or id of the person."`
	New  string `arg:"" help:"The name they get."`
}

// Run renames a person.
func (c *peopleRenameCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	person, err := findPerson(ctx, store.people, c.Name)
	if err != nil {
		return err
	}
	old := person.Name
	if person, err = store.people.Update(ctx, person.ID, facegate.PersonUpdate{Name: &c.New}); err != nil {
		return err
	}
	if p.settings.JSON {
		return p.printJSON(person)
	}
	return p.printf("%s is now called %s\n", old, person.Name)
}

type peopleDeleteCommand struct {
	Names []string `arg:"" name:"name" help:"Names or ids of the people."`
}

// Run deletes people: all those named, or nobody where one is not there.
func (c *peopleDeleteCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	var people []facegate.Person
	for _, name := range c.Names {
		person, err := findPerson(ctx, store.people, name)
		if err != nil {
			return err
		}
		people = append(people, person)
	}
	for _, person := range people {
		if err := store.people.Delete(ctx, person.ID); err != nil {
			return fmt.Errorf("delete %s: %w", person.Name, err)
		}
		if p.settings.JSON {
			err = p.printJSON(person)
		} else {
			err = p.printf("deleted %s with %s\n", person.Name, plural(person.SampleCount, "sample", "samples"))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findPerson is the person of that name or, failing that, id.
func findPerson(ctx context.Context, people facegate.People, nameOrID string) (facegate.Person, error) {
	person, err := people.PersonByName(ctx, nameOrID)
	if facegate.CodeOf(err) == facegate.CodePersonNotFound && uuid.Validate(nameOrID) == nil {
		person, err = people.Person(ctx, nameOrID)
	}
	if facegate.CodeOf(err) == facegate.CodePersonNotFound {
		return person, facegate.NewError(facegate.CodePersonNotFound, fmt.Sprintf("nobody called %q is enrolled", nameOrID), "see who is: facegate people")
	}
	return person, err
}

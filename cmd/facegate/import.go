package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"facegate"
	"facegate/enroll"

	"github.com/schollz/progressbar/v3"
)

type importCommand struct {
	Dir     string `arg:"" help:"Folder with a subfolder of photos per person, named like the person." type:"existingdir"`
	Consent string `help:"On what basis the data of the people imported is kept." env:"-" placeholder:"TEXT"`
	analysisSettings
	verifySettings
	enrolSettings
}

// Run imports the folder. Whoever is enrolled gets what photos they lack, so
// that an import that was interrupted is resumed by starting it again.
func (c *importCommand) Run(ctx context.Context, p *program) error {
	rooms, err := p.openRooms(ctx, c.analysisSettings, c.workersFor(manyPhotos), wiring{verify: c.verifySettings, enrol: c.enrolSettings})
	if err != nil {
		return err
	}
	defer rooms.Close()
	var bar *progressbar.ProgressBar
	summary, err := rooms.people.Import(ctx, c.Dir, enroll.ImportOptions{
		Consent:       consentOf(c.Consent, time.Now()),
		MaxPhotoBytes: int64(c.MaxPhotoBytes),
		Progress: func(now enroll.Progress) {
			if bar == nil {
				bar = p.newProgress(int64(now.Total), "photos", false)
			}
			_ = bar.Set(now.Done) // a bar that cannot be drawn stops nothing
		},
	})
	if bar != nil {
		_ = bar.Finish()
	}
	if err == nil || summary.Added+summary.Skipped+len(summary.Refused) > 0 { // also what was done before it failed
		err = errors.Join(err, printSummary(p, summary))
	}
	switch {
	case facegate.CodeOf(err) == facegate.CodeCanceled:
		return facegate.NewError(facegate.CodeCanceled, "", "start the import again: it goes on where it stopped")
	case err != nil:
		return err
	case len(summary.Refused) > 0:
		return exitStatus(exitRefused)
	}
	return nil
}

func printSummary(p *program, s enroll.Summary) error {
	if p.settings.JSON {
		return p.printJSON(s)
	}
	for _, r := range s.Refused {
		if err := printVerdict(p, r, "refused"); err != nil {
			return err
		}
	}
	warnOfDuplicates(p, s.Duplicates)
	return p.printf("%s enrolled (%d new), %s added, %d skipped as known, %d refused\n",
		plural(s.People, "person", "people"), s.Created, plural(s.Added, "photo", "photos"), s.Skipped, len(s.Refused))
}

func warnOfDuplicates(p *program, duplicates []facegate.Duplicate) {
	for _, d := range duplicates {
		p.warn(fmt.Sprintf("%s looks like %s (distance %.2f): is one person enrolled under two names?", d.Photo, d.Person.Name, d.Distance),
			fmt.Sprintf("compare: facegate people show %q", d.Person.Name))
	}
}

// consentOf is consent given at that time; none where there is no basis.
func consentOf(basis string, at time.Time) facegate.Consent {
	if basis == "" {
		return facegate.Consent{}
	}
	return facegate.Consent{Basis: basis, At: &at}
}

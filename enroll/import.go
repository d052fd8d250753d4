package enroll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"facegate"

	"golang.org/x/sync/errgroup"
)

// ImportOptions adjust one import.
type ImportOptions struct {
	// Workers is how many photos are analysed at once. 0: one more than the
	// Service's Parallel, so that a worker never waits for a file to be read.
	Workers int
	// Consent is recorded for the people the import makes.
	Consent facegate.Consent
	// MaxPhotoBytes is the size of file that is not even read. 0: 64 MiB.
	MaxPhotoBytes int64
	// Progress is called at the start and after every photo, by one goroutine
	// at a time. It may be nil.
	Progress func(Progress)
}

// Progress tells how far an import is.
type Progress struct {
	Done, Total int    // photos
	Photo       string // the one just done, relative to the folder; empty at the start
}

// A Summary is the outcome of an import. Photos are named by their path in the
// folder, with forward slashes.
type Summary struct {
	People     int                  `json:"people"`     // folders whose person is enrolled now
	Created    int                  `json:"created"`    // of those, people who were not before
	Added      int                  `json:"added"`      // photos
	Skipped    int                  `json:"skipped"`    // photos enrolled already, or nearly identical to one that is
	Refused    []facegate.Refusal   `json:"refused"`    // files and folders that could not be used
	Duplicates []facegate.Duplicate `json:"duplicates"` // who else somebody may be
}

const (
	defaultMaxPhotoBytes = 64 << 20
	// importBatch is how many photos of a person are enrolled in one
	// transaction: few enough to hold in memory, and to lose when interrupted.
	importBatch = 8
)

// Import enrols a folder that holds a folder of photos for each person, named
// as the person. Whoever is enrolled already gets the photos they lack, so an
// interrupted import is resumed by starting it again. A photo that cannot be
// used never stops the others: it is in Summary.Refused.
//
// Hidden files are left out, and links that lead out of dir are not followed.
// Import fails with [facegate.CodeInvalid] when dir is laid out otherwise, and
// where going on makes no sense: when ctx ends, or the database or the models
// fail. The Summary then tells what was done until there.
func (s *Service) Import(ctx context.Context, dir string, o ImportOptions) (Summary, error) {
	sum := Summary{Refused: []facegate.Refusal{}, Duplicates: []facegate.Duplicate{}}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return sum, invalidFolder(fmt.Sprintf("the folder %s cannot be read", dir), err)
	}
	defer root.Close()
	folders, err := personFolders(root, dir)
	if err != nil {
		return sum, err
	}
	if err := s.checkConsent(facegate.Person{Consent: o.Consent}); err != nil {
		return sum, err
	}

	workers := cmp.Or(o.Workers, s.parallel()+1)
	im := &importer{
		service: s, root: root, options: o, summary: &sum,
		slots: make(chan struct{}, workers),
	}
	for _, f := range folders {
		im.progress.Total += len(f.photos)
	}
	im.report()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, f := range folders {
		group.Go(func() error { return im.person(ctx, f) })
	}
	err = group.Wait()
	slices.SortFunc(sum.Refused, func(a, b facegate.Refusal) int { return strings.Compare(a.Photo, b.Photo) })
	slices.SortFunc(sum.Duplicates, func(a, b facegate.Duplicate) int { return strings.Compare(a.Photo, b.Photo) })
	if err != nil {
		return sum, fmt.Errorf("import %s: %w", dir, err)
	}
	return sum, nil
}

// An importer is one import under way.
type importer struct {
	service *Service
	root    *os.Root
	options ImportOptions
	slots   chan struct{} // one for each photo that may be analysed at once

	mu       sync.Mutex
	summary  *Summary
	progress Progress
}

// person enrols one folder, batch by batch. An error ends the whole import.
func (im *importer) person(ctx context.Context, f personFolder) error {
	for _, r := range f.refused {
		im.refuse(r)
	}
	name, err := cleanName(f.name)
	if err != nil {
		im.refuse(facegate.Refusal{Photo: f.name, Code: facegate.CodeInvalid, Detail: sentence(facegate.AsError(err).Detail)})
		im.done(f.photos...)
		return nil
	}
	enrolled, created := false, false
	for batch := range slices.Chunk(f.photos, importBatch) {
		photos, err := im.read(ctx, batch)
		if err != nil {
			return err
		}
		if len(photos) > 0 {
			e, isNew, err := im.enrol(ctx, name, photos)
			if err != nil {
				return fmt.Errorf("person %q: %w", name, err)
			}
			im.record(e)
			enrolled = enrolled || e.SampleCount > 0
			created = created || isNew
		}
		im.done(batch...)
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	if enrolled {
		im.summary.People++
	}
	if created {
		im.summary.Created++
	}
	return nil
}

// read loads photos that are not too large; the others are refused.
func (im *importer) read(ctx context.Context, paths []string) ([]facegate.Photo, error) {
	limit := cmp.Or(im.options.MaxPhotoBytes, defaultMaxPhotoBytes)
	var photos []facegate.Photo
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, refusal := readPhoto(im.root, p, limit)
		if refusal != nil {
			im.refuse(*refusal)
			continue
		}
		photos = append(photos, facegate.Photo{Name: p, Data: data})
	}
	return photos, nil
}

// enrol adds photos to the person called name, who is made if need be. That no
// photo can be used is no error here.
func (im *importer) enrol(ctx context.Context, name string, photos []facegate.Photo) (e facegate.Enrolment, created bool, err error) {
	for {
		p, err := im.service.PersonByName(ctx, name)
		switch facegate.CodeOf(err) {
		case "":
			e, err = im.service.addSamples(ctx, p.ID, photos, im.analyse)
			e.SampleCount = max(e.SampleCount, p.SampleCount) // where nothing was added
		case facegate.CodePersonNotFound:
			np := facegate.NewPerson{Name: name, Consent: im.options.Consent}
			e, err = im.service.create(ctx, np, photos, im.analyse)
			created = err == nil
		}
		switch facegate.CodeOf(err) {
		case facegate.CodeNameTaken, facegate.CodePersonNotFound:
			continue // somebody made or erased the person between the two steps
		case facegate.CodeBusy: // another process writes without end
			if err := pause(ctx, facegate.AsError(err)); err != nil {
				return e, false, err
			}
			continue
		case facegate.CodeInvalid: // the person may not be added to
			for _, photo := range photos {
				e.Refused = append(e.Refused, facegate.Refusal{Photo: photo.Name, Code: facegate.CodeInvalid,
					Detail: sentence(facegate.AsError(err).Detail)})
			}
			return e, false, nil
		case facegate.CodeNoUsablePhoto:
			e.Refused = facegate.AsError(err).Refused
			e.Skipped = alreadySkipped(photos, e.Refused)
			return e, false, nil
		}
		return e, created, err
	}
}

// alreadySkipped is the photos of a refused call that were not refused: they
// were skipped, which an error does not tell.
func alreadySkipped(photos []facegate.Photo, refused []facegate.Refusal) []facegate.Refusal {
	var skipped []facegate.Refusal
	for _, p := range photos {
		if !slices.ContainsFunc(refused, func(r facegate.Refusal) bool { return r.Photo == p.Name }) {
			skipped = append(skipped, *alreadyEnrolled(p.Name, ""))
		}
	}
	return skipped
}

// errPhotoFailed marks an error within the Analyser that is to cost one photo
// only.
var errPhotoFailed = errors.New("the photo could not be processed")

// analyse waits for a slot, and for a busy Analyser: an import is in no hurry,
// and gives way to those who are. What fails within the Analyser fails one
// photo, not the import.
func (im *importer) analyse(ctx context.Context, photo facegate.Photo) (facegate.Analysis, error) {
	select {
	case im.slots <- struct{}{}:
		defer func() { <-im.slots }()
	case <-ctx.Done():
		return facegate.Analysis{}, ctx.Err()
	}
	for {
		a, err := im.service.analyse(ctx, photo)
		switch e := facegate.AsError(err); facegate.CodeOf(err) {
		case facegate.CodeBusy:
			if err := pause(ctx, e); err != nil {
				return a, err
			}
			continue
		case facegate.CodeInternal:
			im.service.log().ErrorContext(ctx, "a photo could not be analysed", "error", err)
			return a, fmt.Errorf("%w: %w", errPhotoFailed, err)
		}
		return a, err
	}
}

// pause waits as long as a busy error asks for.
func pause(ctx context.Context, busy *facegate.Error) error {
	select {
	case <-time.After(max(busy.RetryAfter, 100*time.Millisecond)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (im *importer) record(e facegate.Enrolment) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.summary.Added += len(e.Samples)
	im.summary.Skipped += len(e.Skipped)
	im.summary.Refused = append(im.summary.Refused, e.Refused...)
	im.summary.Duplicates = append(im.summary.Duplicates, e.Duplicates...)
}

func (im *importer) refuse(r facegate.Refusal) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.summary.Refused = append(im.summary.Refused, r)
}

func (im *importer) done(photos ...string) {
	for _, p := range photos {
		im.mu.Lock()
		im.progress.Done++
		im.progress.Photo = p
		im.report()
		im.mu.Unlock()
	}
}

// report is called with mu held, but for the first time.
func (im *importer) report() {
	if im.options.Progress != nil {
		im.options.Progress(im.progress)
	}
}

func invalidFolder(detail string, err error) error {
	var perr *os.PathError
	if errors.As(err, &perr) {
		detail += ": " + perr.Err.Error()
	}
	return &facegate.Error{Code: facegate.CodeInvalid, Detail: detail, Err: err,
		Next: "name a folder that holds a folder of photos for each person, such as people/" + path.Join("Ann Smith", "1.jpg")}
}

package match

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"facegate"
)

// extensions are those of pictures in a labelled folder.
var extensions = []string{".jpg", ".jpeg", ".png", ".webp", ".bmp"}

// A LabelledPhoto is a photo of which it is known who it shows.
type LabelledPhoto struct {
	Person string
	Path   string
}

// ReadLabelled lists a labelled folder: a subfolder with photos for each person,
// named like them. People come in the order of their names, and so do the photos
// of each. Files and folders whose names begin with a dot are left out.
func ReadLabelled(dir string) ([]LabelledPhoto, error) {
	folders, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the labelled folder: %w", err)
	}
	var photos []LabelledPhoto
	for _, folder := range folders {
		if !folder.IsDir() || strings.HasPrefix(folder.Name(), ".") {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, folder.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the labelled folder: %w", err)
		}
		for _, f := range files {
			if !f.IsDir() && !strings.HasPrefix(f.Name(), ".") && slices.Contains(extensions, strings.ToLower(filepath.Ext(f.Name()))) {
				photos = append(photos, LabelledPhoto{folder.Name(), filepath.Join(dir, folder.Name(), f.Name())})
			}
		}
	}
	if len(photos) == 0 {
		return nil, facegate.NewError(facegate.CodeInvalid, "no photos of people in "+dir,
			"it must hold a folder for each person, with their photos")
	}
	slices.SortStableFunc(photos, func(a, b LabelledPhoto) int { return cmp.Compare(a.Person, b.Person) })
	return photos, nil
}

// An Embedder embeds the face that a photo is about. A photo it refuses with
// CodeNoFace, or as unreadable, is a failure to detect.
type Embedder func(ctx context.Context, path string) (*facegate.Embedding, error)

// EmbedAll embeds the photos at paths, workers (at least 1) at a time. Failures
// to detect are nil; any other error ends it. progress is told after each photo,
// one call at a time, and may be nil.
func EmbedAll(ctx context.Context, paths []string, embed Embedder, workers int, progress func(done, total int)) ([]*facegate.Embedding, error) {
	embeddings := make([]*facegate.Embedding, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(workers, 1))
	finished := make(chan struct{}, len(paths))
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		for done := range len(paths) {
			if _, ok := <-finished; !ok {
				return
			}
			if progress != nil {
				progress(done+1, len(paths))
			}
		}
	}()
	for i, path := range paths {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			e, err := embed(ctx, path)
			switch {
			case err == nil:
				embeddings[i] = e
			case !unusable(err):
				return fmt.Errorf("embed %s: %w", path, err)
			}
			finished <- struct{}{}
			return nil
		})
	}
	err := group.Wait()
	close(finished)
	<-reported
	if err != nil {
		return nil, err
	}
	return embeddings, nil
}

// unusable tells the photo's fault from the machine's.
func unusable(err error) bool {
	var e *facegate.Error
	faults := []facegate.Code{facegate.CodeNoFace, facegate.CodeEmpty, facegate.CodeNotAnImage,
		facegate.CodeUnsupportedFormat, facegate.CodeTooLarge, facegate.CodeTruncated}
	return errors.As(err, &e) && slices.Contains(faults, e.Code)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"facegate"
)

// stdinName is the argument that stands for a photo on standard input.
const stdinName = "-"

// expandPhotos is args with each folder replaced by the pictures in it and in
// its subfolders, in the order of their names. Files are taken whatever they are
// called: reading them will tell.
func expandPhotos(args []string) ([]string, error) {
	var paths []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if arg == stdinName || err != nil || !info.IsDir() {
			paths = append(paths, arg) // a file that is not there is refused when its turn comes
			continue
		}
		found, err := picturesIn(arg)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, facegate.NewError(facegate.CodeInvalid, "no pictures in "+arg,
				"pictures end in "+strings.Join(pictureExtensions, ", "))
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

var pictureExtensions = []string{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}

func picturesIn(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case !d.IsDir() && slices.Contains(pictureExtensions, strings.ToLower(filepath.Ext(path))):
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for pictures in %s: %w", dir, err)
	}
	return paths, nil
}

// readPhoto reads a file, or standard input for "-", of at most limit bytes.
//
// Errors: a facegate.Error for a file that cannot be read or is too large.
func (p *program) readPhoto(path string, limit int64) (facegate.Photo, error) {
	photo := facegate.Photo{Name: path}
	source := p.Stdin
	if path != stdinName {
		file, err := os.Open(path)
		if err != nil {
			return photo, unreadable(path, err)
		}
		defer file.Close()
		source = file
	} else {
		photo.Name = "standard input"
	}
	data, err := io.ReadAll(io.LimitReader(source, limit+1))
	if err != nil {
		return photo, unreadable(photo.Name, err)
	}
	if int64(len(data)) > limit {
		return photo, facegate.NewError(facegate.CodeTooLarge, fmt.Sprintf("the file has more than %d bytes", limit),
			"save the photo smaller, or raise --max-photo-bytes")
	}
	photo.Data = data
	return photo, nil
}

// unreadable keeps what the operating system says, less the path, which is
// printed beside it.
func unreadable(path string, err error) error {
	reason := err
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		reason = pathError.Err
	}
	return facegate.NewError(codeUnreadable, "the file cannot be read: "+reason.Error(), "check the name "+path)
}

// codeUnreadable is a photo that is not there or must not be read. Only the
// command line meets it: elsewhere photos come as bytes.
const codeUnreadable facegate.Code = "unreadable"

// A work is one photo's result on its way to be printed, in order.
type work[T any] struct {
	photo  string
	result T
	err    error
}

// eachPhoto reads paths and works on up to workers of them at a time. Results
// are handed to print one by one in the order of paths. It ends early when ctx
// does or print fails.
func eachPhoto[T any](ctx context.Context, p *program, paths []string, limit int64, workers int,
	do func(context.Context, facegate.Photo) (T, error), print func(work[T]) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan chan work[T], max(workers-1, 0)) // as many photos in memory as there are workers
	go func() {
		defer close(queue)
		for _, path := range paths {
			done := make(chan work[T], 1)
			select {
			case queue <- done:
			case <-ctx.Done():
				return
			}
			go func() {
				w := work[T]{photo: path}
				var photo facegate.Photo
				if photo, w.err = p.readPhoto(path, limit); w.err == nil {
					w.photo = photo.Name
					w.result, w.err = do(ctx, photo)
				}
				done <- w
			}()
		}
	}()
	for done := range queue {
		w := <-done
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := print(w); err != nil {
			return err
		}
	}
	return ctx.Err()
}

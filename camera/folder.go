package camera

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocv.io/x/gocv"
)

// A folder is a folder of pictures, in the order of their names, so many a second.
type folder struct {
	files  []string
	n      int
	period time.Duration
}

func openFolder(dir string, fps float64) (capture, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder: %w", errors.Unwrap(err))
	}
	f := &folder{period: time.Duration(float64(time.Second) / fps)}
	for _, e := range entries {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".jpg", ".jpeg", ".png", ".webp":
			f.files = append(f.files, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(f.files)
	if len(f.files) == 0 {
		return nil, errors.New("no JPEG, PNG or WebP in the folder")
	}
	return f, nil
}

func (f *folder) next(ctx context.Context) (time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if f.n == len(f.files) {
		return 0, io.EOF
	}
	f.n++
	return time.Duration(f.n-1) * f.period, nil
}

func (f *folder) picture(bgr *gocv.Mat) error {
	name := f.files[f.n-1]
	info, err := os.Stat(name)
	if err == nil && info.Size() > maxPictureBytes {
		err = fmt.Errorf("more than %d MB", maxPictureBytes>>20)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(name)
	}
	if err == nil {
		err = decodePicture(bgr, data)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %v", errBroken, filepath.Base(name), err)
	}
	return nil
}

func (f *folder) traits() traits { return traits{stills: true} }
func (f *folder) close()         {}

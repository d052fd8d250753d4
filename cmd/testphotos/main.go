// Command testphotos fetches the small public photo set the tests run on: people
// to enrol and probes to recognise. Each photo is verified by its id, written
// atomically, and not fetched again when it is there.
package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	dir := flag.String("dir", ".cache/testdata", "the folder to fill")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	f := fetcher{
		Client: &http.Client{Timeout: time.Minute},
		Dir:    *dir,
		Raw:    "https://raw.githubusercontent.com/ageitgey/face_recognition/" + commit + "/",
		Blobs:  "https://api.github.com/repos/ageitgey/face_recognition/git/blobs/",
	}
	fetched, err := f.fetchAll(ctx, photos)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testphotos:", err)
		os.Exit(1)
	}
	if fetched > 0 {
		fmt.Fprintf(os.Stderr, "testphotos: %d photos fetched into %s\n", fetched, *dir)
	}
}

// maxPhoto bounds a download; the largest photo of the set has 800 kB.
const maxPhoto = 4 << 20

// A fetcher brings photos into Dir. It asks Raw for the path in the
// repository, and Blobs for the id where the path does not give that content.
type fetcher struct {
	Client     *http.Client
	Dir        string
	Raw, Blobs string // URLs to append a path, an id to
}

// fetchAll brings what is missing and returns how many photos that were. It
// gives up at the first photo that cannot be had.
func (f fetcher) fetchAll(ctx context.Context, photos []photo) (fetched int, err error) {
	for _, p := range photos {
		name := filepath.Join(f.Dir, filepath.FromSlash(p.Name))
		if data, err := os.ReadFile(name); err == nil && blobID(data) == p.Blob {
			continue
		}
		data, err := f.fetch(ctx, p)
		if err != nil {
			return fetched, fmt.Errorf("fetch %s: %w", p.Name, err)
		}
		if err := writeFile(name, data); err != nil {
			return fetched, fmt.Errorf("keep %s: %w", p.Name, err)
		}
		fetched++
	}
	return fetched, nil
}

func (f fetcher) fetch(ctx context.Context, p photo) ([]byte, error) {
	data, err := f.get(ctx, f.Raw+p.Path, p.Blob)
	if err == nil || ctx.Err() != nil {
		return data, err
	}
	data, err2 := f.get(ctx, f.Blobs+p.Blob, p.Blob)
	if err2 != nil {
		return nil, errors.Join(err, err2)
	}
	return data, nil
}

func (f fetcher) get(ctx context.Context, url, blob string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/vnd.github.raw, */*")
	resp, err := f.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", url, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPhoto))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", url, err)
	}
	if got := blobID(data); got != blob {
		return nil, fmt.Errorf("%s has the id %s, not %s", url, got, blob)
	}
	return data, nil
}

// blobID is git's id of a file's content (git hash-object).
func blobID(data []byte) string {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// writeFile makes the whole file appear at once, or not at all.
func writeFile(name string, data []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".photo-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails once it is renamed
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), name)
}

package detector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"facegate"
)

// A ModelPuller downloads the official model files. The zero value is ready.
type ModelPuller struct {
	Files    []ModelFile   // what to have; nil: every file of ModelFiles with an official source
	BaseURL  string        // a mirror that serves the files as BaseURL/NAME; empty: their own sources
	Client   *http.Client  // nil: one that honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY
	Stall    time.Duration // give up a connection that sends nothing for so long; 0: 30 s
	Attempts int           // connections in a row that bring nothing before a file is given up; 0: 4
	Pause    time.Duration // between attempts, doubling; 0: 1 s
	// Progress, where set, is told how far a file is: first before its download,
	// last when it is in place (then Done is true).
	Progress func(ModelProgress)
}

// ModelProgress is the state of one download.
type ModelProgress struct {
	Name  string
	Bytes int64 // so far, what an earlier run left included
	Total int64 // 0 where unknown
	Done  bool
}

// Pull makes dir hold every file, verified. Files that verify already are left
// alone. A file grows under NAME.part, which a later call resumes (HTTP Range),
// and takes its name only when its content id is the official one.
//
// Errors: a facegate.Error for what the user can mend (no connection, a source
// that refuses, content that does not verify, another pull under way); the
// context's error.
func (p *ModelPuller) Pull(ctx context.Context, dir string) error {
	files := p.Files
	if files == nil {
		files = ModelFiles()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the models folder: %w", err)
	}
	for _, f := range files {
		if f.URL == "" {
			continue
		}
		if f.Check(filepath.Join(dir, f.Name)).State == ModelOfficial {
			continue
		}
		if err := p.pullFile(ctx, dir, f); err != nil {
			return err
		}
	}
	return nil
}

func (p *ModelPuller) pullFile(ctx context.Context, dir string, f ModelFile) error {
	path := filepath.Join(dir, f.Name)
	part, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("download %s: %w", f.Name, err)
	}
	defer part.Close()
	if err := syscall.Flock(int(part.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return facegate.NewError(facegate.CodeBusy, "another download of "+f.Name+" is under way in "+dir, "wait for it to finish")
	}

	resumed, err := part.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("download %s: %w", f.Name, err)
	}
	for {
		if err := p.fill(ctx, part, f); err != nil {
			return err
		}
		got, err := partID(part, f)
		if err != nil {
			return fmt.Errorf("verify %s: %w", f.Name, err)
		}
		if got == f.id() {
			break
		}
		if err := part.Truncate(0); err != nil {
			return fmt.Errorf("download %s: %w", f.Name, err)
		}
		if resumed == 0 {
			os.Remove(part.Name())
			return &facegate.Error{Code: facegate.CodeModelDamaged,
				Detail: fmt.Sprintf("what %s sent as %s is not the official file, and was thrown away", p.url(f), f.Name),
				Next:   "see that no proxy or mirror changes downloads, then run `facegate models pull` again",
				Err:    fmt.Errorf("content id %s, want %s", got, f.id())}
		}
		resumed = 0 // what lay there from an earlier run may have been at fault: once more, from the start
	}

	if err := part.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", f.Name, err)
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", f.Name, err)
	}
	if d, err := os.Open(dir); err == nil { // the rename is lasting once the folder is on disk
		d.Sync()
		d.Close()
	}
	size, err := part.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("write %s: %w", f.Name, err)
	}
	p.report(ModelProgress{Name: f.Name, Bytes: size, Total: size, Done: true})
	return nil
}

func partID(part *os.File, f ModelFile) (string, error) {
	info, err := part.Stat()
	if err != nil {
		return "", err
	}
	return contentID(part.Name(), info.Size(), f.GitBlob != "")
}

// fill downloads until the server has no more, over as many connections as it takes.
func (p *ModelPuller) fill(ctx context.Context, part *os.File, f ModelFile) error {
	attempts, pause := p.Attempts, p.Pause
	if attempts <= 0 {
		attempts = 4
	}
	if pause <= 0 {
		pause = time.Second
	}
	for failed := 0; ; {
		before, err := part.Seek(0, io.SeekEnd)
		if err != nil {
			return fmt.Errorf("download %s: %w", f.Name, err)
		}
		err = p.connect(ctx, part, f, before)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var final *facegate.Error
		if errors.As(err, &final) {
			return err
		}
		after, seekErr := part.Seek(0, io.SeekEnd)
		if seekErr != nil {
			return fmt.Errorf("download %s: %w", f.Name, seekErr)
		}
		if failed++; after > before {
			failed = 0
			continue
		}
		if failed >= attempts {
			return &facegate.Error{Code: facegate.CodeModelMissing,
				Detail: fmt.Sprintf("cannot download %s from %s", f.Name, p.url(f)),
				Next:   "check the network (HTTPS_PROXY is honoured), then run `facegate models pull` again: it goes on where it stopped",
				Err:    err}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause << (failed - 1)):
		}
	}
}

// connect asks for the file from offset on, and appends what comes. A nil error
// means that the server says the file is whole.
func (p *ModelPuller) connect(ctx context.Context, part *os.File, f ModelFile, offset int64) error {
	stall := p.Stall
	if stall <= 0 {
		stall = 30 * time.Second
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %s", stall)) })
	defer watchdog.Stop()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url(f), nil)
	if err != nil {
		return facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no address to download from", p.url(f)), "give one that begins with https://")
	}
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	client := p.Client
	if client == nil {
		client = http.DefaultClient // its transport takes the proxy from the environment
	}
	resp, err := client.Do(req)
	if err != nil {
		return causeOf(ctx, err)
	}
	defer resp.Body.Close()

	switch resp.StatusCode {
	case http.StatusPartialContent:
		var first int64
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-", &first); err != nil || first != offset {
			return errors.Join(errors.New("the server resumed at another place than asked"), part.Truncate(0))
		}
	case http.StatusOK:
		offset = 0
		if err := part.Truncate(0); err != nil {
			return err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return nil // no more to come
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return errors.New(resp.Status)
	default:
		if resp.StatusCode >= 500 {
			return errors.New(resp.Status)
		}
		return facegate.NewError(facegate.CodeModelMissing,
			fmt.Sprintf("%s answers %s", p.url(f), resp.Status),
			"see that the address can be reached from here, or put the file into the models folder by hand")
	}
	if _, err := part.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	total := f.Size
	if resp.ContentLength > 0 {
		total = offset + resp.ContentLength
	}
	limit := 2*f.Size + 1<<20 // whatever a server sends, the disk does not fill up
	if total > limit {
		return facegate.NewError(facegate.CodeModelDamaged,
			fmt.Sprintf("%s would send %d bytes, which is not %s", p.url(f), total, f.Name), "see that no proxy or mirror changes downloads")
	}
	p.report(ModelProgress{Name: f.Name, Bytes: offset, Total: total})
	buf := make([]byte, 64<<10)
	for {
		n, readErr := resp.Body.Read(buf)
		watchdog.Reset(stall)
		if n > 0 {
			if _, err := part.Write(buf[:n]); err != nil {
				return &facegate.Error{Code: facegate.CodeInternal, Detail: "cannot write " + part.Name(),
					Next: "see that the disk has room, or name another folder", Err: err}
			}
			if offset += int64(n); offset > limit {
				return part.Truncate(0) // verification will fail
			}
			p.report(ModelProgress{Name: f.Name, Bytes: offset, Total: total})
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return causeOf(ctx, readErr)
		}
	}
}

// causeOf prefers why the context ended to the error that came of it.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (p *ModelPuller) url(f ModelFile) string {
	if p.BaseURL != "" {
		return strings.TrimRight(p.BaseURL, "/") + "/" + f.Name
	}
	return f.URL
}

func (p *ModelPuller) report(m ModelProgress) {
	if p.Progress != nil {
		p.Progress(m)
	}
}

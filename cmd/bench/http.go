package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"facegate"
	"facegate/detector"
	"facegate/enroll"
	"facegate/match"
	"facegate/web"
)

// httpPhoto is what clients ask about, and who is to be found in it.
const (
	httpPhoto  = "probes/obama-480p.jpg"
	httpPerson = "obama"
)

// rooms are those that cmd/facegate wires for `facegate serve`.
type rooms struct {
	faces       *detector.Detector
	store       *enroll.Store
	people      *enroll.Service
	gallery     *match.Gallery
	recognition *match.Service
}

func (b *bench) open(ctx context.Context, data string) (*rooms, error) {
	faces, err := detector.New(detector.Config{Models: b.models})
	if err != nil {
		return nil, err
	}
	r := &rooms{faces: faces, gallery: match.NewGallery()}
	if r.store, err = enroll.Open(ctx, filepath.Join(data, "facegate.db")); err != nil {
		r.close()
		return nil, err
	}
	quiet := slog.New(slog.DiscardHandler)
	r.people = &enroll.Service{Store: r.store, Analyser: faces, Gallery: r.gallery, Now: time.Now, Logger: quiet}
	r.recognition = &match.Service{Analyser: faces, Gallery: r.gallery, Source: r.people, People: r.people}
	return r, nil
}

func (r *rooms) close() {
	r.faces.Close()
	r.gallery.Close()
	if r.store != nil {
		r.store.Close()
	}
}

// enrol fills the database with the people of the test photos.
func (b *bench) enrol(ctx context.Context, r *rooms) error {
	folders, err := filepath.Glob(filepath.Join(b.photos, "people", "*"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			return err
		}
		var photos []facegate.Photo
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			photos = append(photos, facegate.Photo{Name: filepath.Base(file), Data: data})
		}
		if _, err := r.people.Create(ctx, facegate.NewPerson{Name: filepath.Base(folder)}, photos); err != nil {
			return fmt.Errorf("enrol %s: %w", folder, err)
		}
	}
	return nil
}

// overhead compares a request for an identification with the same call without
// HTTP, in one process on the same networks.
func (b *bench) overhead(ctx context.Context) error {
	data, err := os.MkdirTemp("", "facegate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	r, err := b.open(ctx, data)
	if err != nil {
		return err
	}
	defer r.close()
	if err := b.enrol(ctx, r); err != nil {
		return err
	}
	photo, err := b.photo(httpPhoto)
	if err != nil {
		return err
	}
	server := &web.Server{Recognition: r.recognition, People: r.people, GallerySize: r.gallery.Size, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if err := server.Initialize(); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- server.Run(serving, ln) }()
	defer func() { stop(); <-done }()
	c, err := newClient("http://"+ln.Addr().String(), photo)
	if err != nil {
		return err
	}

	var without, with []time.Duration
	for i := range 10 * b.rounds {
		start := time.Now()
		if _, err := r.recognition.Identify(ctx, photo, facegate.IdentifyOptions{}); err != nil {
			return err
		}
		plain := time.Since(start)
		answered, err := c.identify(ctx)
		if err != nil {
			return err
		}
		if i >= 5 {
			without, with = append(without, plain), append(with, answered)
		}
	}
	b.table.add("identify over HTTP, "+filepath.Base(httpPhoto), ms(median(with)), "without HTTP: "+ms(median(without)),
		fmt.Sprintf("%+.1f%%", 100*(float64(median(with))/float64(median(without))-1)), "+3%")
	return nil
}

// A client asks who is in a photo, as a form, over connections that stay open.
type client struct {
	url, kind string
	body      []byte
	http      http.Client
}

func newClient(server string, photo []byte) (*client, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("photo", "photo.jpg")
	if err != nil {
		return nil, err
	}
	if _, err := part.Write(photo); err != nil {
		return nil, err
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	return &client{url: server + "/v1/identify", kind: form.FormDataContentType(), body: body.Bytes(),
		http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}, nil
}

// identify fails unless the answer is right: a fast wrong answer is no figure.
func (c *client) identify(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(c.body))
	if err != nil {
		return 0, err
	}
	q.Header.Set("Content-Type", c.kind)
	a, err := c.http.Do(q)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	took := time.Since(start)
	if err != nil {
		return 0, err
	}
	var result facegate.IdentifyResult
	if a.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("identify: %s: %s", a.Status, text)
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return 0, err
	}
	if len(result.Faces) != 1 || result.Faces[0].Decision != facegate.Match || result.Faces[0].Candidates[0].Person.Name != httpPerson {
		return 0, fmt.Errorf("identify: %s is not told from %s", httpPerson, text)
	}
	return took, nil
}

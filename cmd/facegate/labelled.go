package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"facegate"
	"facegate/detector"
	"facegate/match"
)

// cacheSettings are those of commands that embed labelled folders.
type cacheSettings struct {
	Cache   string `help:"Folder that keeps embeddings by the hash of their photo, so that the next run takes seconds; else facegate/embeddings in the user's cache folder." env:"-" placeholder:"DIR"`
	NoCache bool   `help:"Embed every photo anew, and keep nothing." env:"-"`
}

// A subjectEmbedder embeds the face that a labelled photo is about. It loads the
// networks when the first photo needs them: what is in the cache does not.
type subjectEmbedder struct {
	p        *program
	settings analysisSettings
	workers  int
	recipe   string
	cache    *match.Cache // may be nil

	once  sync.Once
	faces *detector.Detector
	err   error
}

// newSubjectEmbedder is for a command about to embed so many photos.
func (p *program) newSubjectEmbedder(s analysisSettings, c cacheSettings, photos int) (*subjectEmbedder, error) {
	config, err := p.detectorConfig(s, s.workersFor(photos))
	if err != nil {
		return nil, err
	}
	e := &subjectEmbedder{p: p, settings: s, workers: config.Workers, recipe: config.Recipe()}
	if c.NoCache {
		return e, nil
	}
	dir, err := p.cacheDir(c)
	if err != nil {
		return nil, err
	}
	// Which face a photo is about depends on what is found in it.
	e.cache, err = match.OpenCache(dir, fmt.Sprintf("%s; subject nearest to the middle; detect size %d", e.recipe, s.DetectSize))
	return e, err
}

func (p *program) cacheDir(c cacheSettings) (string, error) {
	if c.Cache != "" {
		return c.Cache, nil
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "facegate", "embeddings"), nil
	}
	return filepath.Join(p.settings.Data, "cache", "embeddings"), nil // a user without a home
}

// Close frees the networks, where they were loaded, and the cache.
func (e *subjectEmbedder) Close() error {
	if e.faces != nil {
		e.faces.Close()
	}
	if e.cache == nil {
		return nil
	}
	return e.cache.Close()
}

// embed is a match.Embedder.
func (e *subjectEmbedder) embed(ctx context.Context, path string) (*facegate.Embedding, error) {
	photo, err := e.p.readPhoto(path, int64(e.settings.MaxPhotoBytes))
	if err != nil {
		return nil, err
	}
	anew := func() (*facegate.Embedding, error) {
		e.once.Do(func() { e.faces, e.err = e.p.openDetector(e.settings, e.workers) })
		if e.err != nil {
			return nil, e.err
		}
		return embedSubject(ctx, e.faces, photo)
	}
	if e.cache == nil {
		return anew()
	}
	return e.cache.Embedding(photo.Data, anew)
}

// embedSubject is the embedding of the face a labelled photo is about: the largest,
// unless that stands off the middle of the photo and another is nearer to it.
// Photos of Labeled Faces in the Wild are centred on the person they are named for.
func embedSubject(ctx context.Context, faces facegate.Analyser, photo facegate.Photo) (*facegate.Embedding, error) {
	a, err := faces.Analyse(ctx, photo.Data, facegate.AnalyseOptions{Embed: true, MaxFaces: 1})
	if err != nil {
		return nil, err
	}
	off := func(f facegate.Face) float64 {
		c := f.Box.Center()
		return math.Hypot(c.X-float64(a.Width)/2, c.Y-float64(a.Height)/2) / float64(max(a.Width, a.Height))
	}
	if len(a.Faces) > 0 && off(a.Faces[0]) > 0.1 {
		if a, err = faces.Analyse(ctx, photo.Data, facegate.AnalyseOptions{Embed: true}); err != nil {
			return nil, err
		}
		slices.SortStableFunc(a.Faces, func(x, y facegate.Face) int { return cmp.Compare(off(x), off(y)) })
	}
	if len(a.Faces) == 0 || a.Faces[0].Embedding == nil {
		return nil, facegate.NewError(facegate.CodeNoFace, photo.Name+" shows no face", "")
	}
	return a.Faces[0].Embedding, nil
}

// embedFolder embeds a whole labelled folder, with a bar.
func (e *subjectEmbedder) embedFolder(ctx context.Context, dir string) ([]match.Labelled, error) {
	photos, err := match.ReadLabelled(dir)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(photos))
	for i, photo := range photos {
		paths[i] = photo.Path
	}
	bar := e.p.newProgress(int64(len(paths)), "photos", false)
	embeddings, err := match.EmbedAll(ctx, paths, e.embed, e.workers, func(done, _ int) {
		_ = bar.Set(done) // a bar that cannot be drawn stops nothing
	})
	_ = bar.Finish()
	if err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	labelled := make([]match.Labelled, len(photos))
	for i, photo := range photos {
		labelled[i] = match.Labelled{Person: photo.Person, Embedding: embeddings[i]}
	}
	return labelled, nil
}

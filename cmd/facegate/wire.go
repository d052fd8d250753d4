package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"facegate"
	"facegate/detector"
	"facegate/enroll"
	"facegate/match"
)

// databaseFile is the database's name in the data folder.
const databaseFile = "facegate.db"

// manyPhotos is a number of photos for which it pays to load the networks once
// per core.
const manyPhotos = 8

// workersFor is how many workers suit a command that looks at so many photos.
// Loading the networks takes a worker longer than a few photos do.
func (s analysisSettings) workersFor(photos int) int {
	switch {
	case s.Workers > 0:
		return int(s.Workers)
	case photos < manyPhotos:
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// openDetector finds and loads the models.
func (p *program) openDetector(s analysisSettings, workers int) (*detector.Detector, error) {
	config, err := p.detectorConfig(s, workers)
	if err != nil {
		return nil, err
	}
	return detector.New(config)
}

// detectorConfig finds the models, and verifies them, but loads none.
func (p *program) detectorConfig(s analysisSettings, workers int) (detector.Config, error) {
	models, err := detector.FindModels(detector.ModelDirs(p.settings.ModelDir))
	if err != nil {
		return detector.Config{}, err
	}
	queue := int(s.Queue)
	if queue == 0 {
		queue = -1 // for the detector 0 is its default
	}
	return detector.Config{
		Models:  models,
		Profile: s.Profile,
		Workers: workers,
		Queue:   queue,
		Size:    int(s.DetectSize),
		Limits:  detector.Limits{Bytes: int(s.MaxPhotoBytes), Pixels: int(s.MaxPixels), Side: int(s.MaxSide)},
		Logger:  p.log,
	}, nil
}

// A storage is the database with the people in it, for commands that look at no
// photo.
type storage struct {
	store  *enroll.Store
	people *enroll.Service
}

func (s *storage) Close() error { return s.store.Close() }

// openStore opens the database in the data folder.
func (p *program) openStore(ctx context.Context) (*storage, error) {
	store, err := enroll.Open(ctx, filepath.Join(p.settings.Data, databaseFile))
	if err != nil {
		return nil, err
	}
	key, err := enroll.ReadKey(p.settings.Key, p.settings.KeyFile)
	if err == nil {
		err = store.Unlock(ctx, key)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &storage{store, &enroll.Service{Store: store, Now: time.Now, Logger: p.log}}, nil
}

// rooms are all that recognition takes.
type rooms struct {
	*storage
	faces       *detector.Detector
	gallery     *match.Gallery
	rules       *match.Rules
	recognition *match.Service
}

// Close frees the networks, once the work in flight is done, and the database.
func (r *rooms) Close() error {
	r.faces.Close()
	return r.storage.Close()
}

// size is the gallery's, with what another process enrolled or erased just now.
func (r *rooms) size() (people, samples int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := r.people.Sync(ctx); err != nil { // searches and /readyz fail with it
		r.people.Logger.Warn("the size of the gallery may be an old one", "error", err)
	}
	return r.gallery.Size()
}

// wiring are the settings that the rooms behind the detector take. Those that a
// command does not have stay at zero, which is the rooms' own default.
type wiring struct {
	policy   policySettings
	verify   verifySettings
	identify identifySettings
	enrol    enrolSettings
}

// openRooms opens the database, loads the models, and fills the gallery.
func (p *program) openRooms(ctx context.Context, s analysisSettings, workers int, w wiring) (*rooms, error) {
	store, err := p.openStore(ctx)
	if err != nil {
		return nil, err
	}
	r, err := p.addRooms(ctx, store, s, workers, w)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return r, nil
}

// addRooms is openRooms on a database that is open.
func (p *program) addRooms(ctx context.Context, store *storage, s analysisSettings, workers int, w wiring) (*rooms, error) {
	faces, err := p.openDetector(s, workers)
	if err != nil {
		return nil, err
	}
	gallery := match.NewGallery()
	store.people = &enroll.Service{
		Store: store.store, Analyser: faces, Gallery: gallery, Now: time.Now, Logger: p.log,
		MinQuality:        orNever(float64(w.enrol.MinQuality)),
		DuplicateDistance: float64(w.verify.VerifyThreshold),
		RequireConsent:    w.enrol.RequireConsent,
		Parallel:          workers,
	}
	if w.enrol.KeepPhotos {
		store.people.Keep = faces
	}
	r := &rooms{storage: store, faces: faces, gallery: gallery}
	if err := store.people.Sync(ctx); err != nil {
		faces.Close()
		return nil, fmt.Errorf("load the gallery: %w", err)
	}
	r.rules = w.rules(faces.Recipe())
	r.rules.Size, r.rules.Settings, r.rules.Samples = r.size, store.people, store.people
	r.recognition = &match.Service{
		Analyser: faces, Gallery: gallery, Source: store.people, People: store.people, Samples: store.people, Rules: r.rules,
		Templates: s.Profile == detector.Accurate,
	}
	return r, nil
}

// rules are what decisions are taken by, as far as the configuration says.
func (w wiring) rules(recipe string) *match.Rules {
	return &match.Rules{
		Recipe: recipe, Now: time.Now, Policy: w.policy.Policy,
		Verify:   float64(w.verify.VerifyThreshold),
		Identify: float64(w.identify.IdentifyThreshold),
		Margin:   orNever(float64(w.identify.Margin)),
	}
}

// openVerification loads what it takes to compare two photos. A database is only
// asked what thresholds were chosen, and not made where there is none.
func (p *program) openVerification(ctx context.Context, s analysisSettings, w wiring) (_ facegate.Recognition, shut func(), err error) {
	config, err := p.detectorConfig(s, s.workersFor(2))
	if err != nil {
		return nil, nil, err
	}
	rules, closeStore := w.rules(config.Recipe()), func() {}
	if _, err := os.Stat(filepath.Join(p.settings.Data, databaseFile)); err == nil {
		store, err := p.openStore(ctx)
		if err != nil {
			return nil, nil, err
		}
		rules.Settings = store.people
		closeStore = func() { _ = store.Close() }
	}
	faces, err := detector.New(config)
	if err != nil {
		closeStore()
		return nil, nil, err
	}
	return &match.Service{Analyser: faces, Gallery: match.NewGallery(), Rules: rules}, func() { faces.Close(); closeStore() }, nil
}

// orNever is a limit as the rooms take it: for them 0 is their own default, and
// less than 0 is no limit, which is what 0 is for the user.
func orNever(limit float64) float64 {
	if limit == 0 {
		return -1
	}
	return limit
}

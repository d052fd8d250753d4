package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/match"
)

// galleryRooms are what it takes to look at the gallery: no networks are loaded.
type galleryRooms struct {
	*storage
	recipe  string
	gallery *match.Gallery
	rules   *match.Rules
}

// Close ends the gallery's work, and closes the database.
func (r *galleryRooms) Close() error {
	r.gallery.Close()
	return r.storage.Close()
}

// openGallery opens the database and fills the gallery with the samples of the
// recipe that the models make.
func (p *program) openGallery(ctx context.Context, s analysisSettings) (*galleryRooms, error) {
	config, err := p.detectorConfig(s, 1)
	if err != nil {
		return nil, err
	}
	store, err := p.openStore(ctx)
	if err != nil {
		return nil, err
	}
	r := &galleryRooms{storage: store, recipe: config.Recipe(), gallery: match.NewGallery()}
	store.people = &enroll.Service{Store: store.store, Analyser: knownRecipe(r.recipe), Gallery: r.gallery, Now: time.Now, Logger: p.log}
	if err := store.people.Sync(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("load the gallery: %w", err), r.Close())
	}
	r.rules = wiring{}.rules(r.recipe)
	r.rules.Size, r.rules.Settings, r.rules.Samples = r.gallery.Size, store.people, store.people
	return r, nil
}

// knownRecipe tells which samples compare, and can look at no photo.
type knownRecipe string

// Recipe is itself.
func (r knownRecipe) Recipe() string { return string(r) }

// Analyse always fails.
func (knownRecipe) Analyse(context.Context, []byte, facegate.AnalyseOptions) (facegate.Analysis, error) {
	return facegate.Analysis{}, errors.New("the networks are not loaded")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	face "github.com/Kagami/go-face"

	"facegate"
	"facegate/detector"
)

var pipelinePhotos = []string{"probes/obama-240p.jpg", "probes/obama-480p.jpg", "probes/obama-720p.jpg", "probes/obama-1080p.jpg", "idols/pristin.jpg"}

// pipeline compares one worker with go-face's own Recognize on the same bytes,
// and tells where the worker's time goes.
func (b *bench) pipeline(ctx context.Context) error {
	ours, err := detector.New(detector.Config{Models: b.models, Workers: 1})
	if err != nil {
		return err
	}
	defer ours.Close()
	dir, cleanup, err := b.models.Stage()
	if err != nil {
		return err
	}
	defer cleanup()
	single, err := face.NewRecognizer(dir) // with one BLAS thread, as the detector has set it
	if err != nil {
		return err
	}
	defer single.Close()
	asItComes, err := startGoFace(dir)
	if err != nil {
		return err
	}
	defer asItComes.close()

	type times struct {
		ours, single, asItComes        []time.Duration
		decode, detect, crop, embed    []time.Duration
		faces, singleFaces, comesFaces int
	}
	all := map[string]*times{}
	for _, name := range pipelinePhotos {
		all[name] = &times{}
	}
	for round := range b.rounds + 1 {
		for _, name := range pipelinePhotos {
			if err := ctx.Err(); err != nil {
				return err
			}
			photo, err := b.photo(name)
			if err != nil {
				return err
			}
			start := time.Now()
			a, err := ours.Analyse(ctx, photo, facegate.AnalyseOptions{Embed: true})
			took := time.Since(start)
			if err != nil {
				return err
			}
			s := recognize(single, photo)
			if s.Error != "" {
				return errors.New(s.Error)
			}
			c, err := asItComes.recognize(filepath.Join(b.photos, filepath.FromSlash(name)))
			if err != nil {
				return err
			}
			if round == 0 {
				continue // everybody warms up
			}
			t := all[name]
			t.ours, t.single, t.asItComes = append(t.ours, took), append(t.single, s.Took), append(t.asItComes, c.Took)
			t.decode, t.detect = append(t.decode, a.Stages.Decode), append(t.detect, a.Stages.Detect)
			t.crop, t.embed = append(t.crop, a.Stages.Crop), append(t.embed, a.Stages.Embed)
			t.faces, t.singleFaces, t.comesFaces = len(a.Faces), s.Faces, c.Faces
		}
	}

	for _, name := range pipelinePhotos {
		t := all[name]
		aim := ""
		if name == "probes/obama-1080p.jpg" {
			aim = "5"
		}
		ratio := func(theirs []time.Duration) string {
			return fmt.Sprintf("%.2f times as fast", float64(median(theirs))/float64(median(t.ours)))
		}
		row := path.Base(name) + ", detect and embed"
		value := fmt.Sprintf("%s (%s)", ms(median(t.ours)), faces(t.faces))
		b.table.add(row, value, fmt.Sprintf("go-face, 1 BLAS thread: %s (%s)", ms(median(t.single)), faces(t.singleFaces)), ratio(t.single), aim)
		b.table.add(row, value, fmt.Sprintf("go-face as it comes: %s (%s)", ms(median(t.asItComes)), faces(t.comesFaces)), ratio(t.asItComes), aim)
	}
	for _, name := range pipelinePhotos {
		t := all[name]
		whole := median(t.decode) + median(t.detect) + median(t.crop) + median(t.embed)
		for _, stage := range []struct {
			name  string
			times []time.Duration
		}{{"decode", t.decode}, {"detect", t.detect}, {"crop", t.crop}, {"embed", t.embed}} {
			b.table.add(path.Base(name)+", "+stage.name, ms(median(stage.times)), "all stages: "+ms(whole),
				fmt.Sprintf("%.0f%%", 100*float64(median(stage.times))/float64(whole)))
		}
	}
	return nil
}

func faces(n int) string {
	if n == 1 {
		return "1 face"
	}
	return fmt.Sprintf("%d faces", n)
}

// workers compares a pool of two with a single worker, on photos of one face.
func (b *bench) workers(ctx context.Context) error {
	var photos [][]byte
	for _, name := range pipelinePhotos[:4] {
		photo, err := b.photo(name)
		if err != nil {
			return err
		}
		photos = append(photos, photo)
	}
	rates := [2][]float64{}
	pools := [2]*detector.Detector{}
	for i := range pools {
		d, err := detector.New(detector.Config{Models: b.models, Workers: i + 1})
		if err != nil {
			return err
		}
		defer d.Close()
		pools[i] = d
	}
	for round := range b.rounds + 1 {
		for i, d := range pools {
			rate, err := facesPerSecond(ctx, d, photos, 5*len(photos))
			if err != nil {
				return err
			}
			if round > 0 {
				rates[i] = append(rates[i], rate)
			}
		}
	}
	one, two := median(rates[0]), median(rates[1])
	b.table.add("faces a second, 2 workers", fmt.Sprintf("%.1f", two), fmt.Sprintf("1 worker: %.1f", one), fmt.Sprintf("%.2f", two/one), "1.8")
	return nil
}

// facesPerSecond keeps every worker busy until n photos are done.
func facesPerSecond(ctx context.Context, d *detector.Detector, photos [][]byte, n int) (float64, error) {
	var next, found atomic.Int64
	errs := make([]error, d.Workers())
	var all sync.WaitGroup
	start := time.Now()
	for i := range errs {
		all.Go(func() {
			for errs[i] == nil {
				at := int(next.Add(1)) - 1
				if at >= n {
					return
				}
				var a facegate.Analysis
				a, errs[i] = d.Analyse(ctx, photos[at%len(photos)], facegate.AnalyseOptions{Embed: true})
				found.Add(int64(len(a.Faces)))
			}
		})
	}
	all.Wait()
	return float64(found.Load()) / time.Since(start).Seconds(), errors.Join(errs...)
}

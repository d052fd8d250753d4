package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

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
	tmp, err := os.MkdirTemp("", "facegate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	program, err := buildGoFace(ctx, tmp)
	if err != nil {
		return err
	}
	single, err := startGoFace(ctx, program, dir, "1")
	if err != nil {
		return err
	}
	defer single.close()
	asItComes, err := startGoFace(ctx, program, dir, "")
	if err != nil {
		return err
	}
	defer asItComes.close()

	type times struct {
		ours, single, asItComes        []time.Duration
		oursUsed, singleUsed           []time.Duration // processor time
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
			used, start := processorTime(), time.Now()
			a, err := ours.Analyse(ctx, photo, facegate.AnalyseOptions{Embed: true})
			took := time.Since(start)
			used = processorTime() - used
			if err != nil {
				return err
			}
			file := filepath.Join(b.photos, filepath.FromSlash(name))
			s, err := single.recognize(file)
			if err != nil {
				return err
			}
			c, err := asItComes.recognize(file)
			if err != nil {
				return err
			}
			if round == 0 {
				continue // everybody warms up
			}
			t := all[name]
			t.ours, t.single, t.asItComes = append(t.ours, took), append(t.single, s.Took), append(t.asItComes, c.Took)
			t.oursUsed, t.singleUsed = append(t.oursUsed, used), append(t.singleUsed, s.Used)
			t.decode, t.detect = append(t.decode, a.Stages.Decode), append(t.detect, a.Stages.Detect)
			t.crop, t.embed = append(t.crop, a.Stages.Crop), append(t.embed, a.Stages.Embed)
			t.faces, t.singleFaces, t.comesFaces = len(a.Faces), len(s.Descriptors), len(c.Descriptors)
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
		b.table.add(row+", processor time", ms(median(t.oursUsed)), "go-face, 1 BLAS thread: "+ms(median(t.singleUsed)),
			fmt.Sprintf("%.2f times as fast", float64(median(t.singleUsed))/float64(median(t.oursUsed))), aim)
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

// workers compares a pool of two with a single worker: on photos of one face, many
// at once, and on a photo of ten faces.
//
// Where other programs want the cores too, two workers get less than two cores. So
// the processor time of a face is compared as well: twice as much work is done by
// two workers if a face costs the same with one at work as with two.
func (b *bench) workers(ctx context.Context) error {
	var photos [][]byte
	for _, name := range pipelinePhotos {
		photo, err := b.photo(name)
		if err != nil {
			return err
		}
		photos = append(photos, photo)
	}
	photos, group := photos[:4], photos[4]
	var pools [2]struct {
		*detector.Detector
		rates, costs []float64       // faces a second; processor seconds of a face
		group        []time.Duration // time for the photo of ten
	}
	for i := range pools {
		d, err := detector.New(detector.Config{Models: b.models, Workers: i + 1})
		if err != nil {
			return err
		}
		defer d.Close()
		pools[i].Detector = d
	}
	for round := range b.rounds + 1 {
		for i := range pools {
			p := &pools[i]
			used := processorTime()
			start := time.Now()
			found, err := embedAll(ctx, p.Detector, photos, 5*len(photos))
			if err != nil {
				return err
			}
			rate := float64(found) / time.Since(start).Seconds()
			cost := (processorTime() - used).Seconds() / float64(found)
			start = time.Now()
			if _, err := p.Analyse(ctx, group, facegate.AnalyseOptions{Embed: true}); err != nil {
				return err
			}
			if round > 0 {
				p.rates, p.costs, p.group = append(p.rates, rate), append(p.costs, cost), append(p.group, time.Since(start))
			}
		}
	}
	one, two := pools[0], pools[1]
	row := func(name, format string, of, base float64, ratio float64, aim string) {
		b.table.add(name, fmt.Sprintf(format, of), "1 worker: "+fmt.Sprintf(format, base), fmt.Sprintf("%.2f", ratio), aim)
	}
	row("faces a second, 2 workers", "%.1f", median(two.rates), median(one.rates), median(two.rates)/median(one.rates), "1.8")
	row("the same by processor time of a face", "%.1f ms", 1000*median(two.costs), 1000*median(one.costs), 2*median(one.costs)/median(two.costs), "1.8")
	b.table.add("pristin.jpg (10 faces), 2 workers", ms(median(two.group)), "1 worker: "+ms(median(one.group)),
		fmt.Sprintf("%.2f times as fast", float64(median(one.group))/float64(median(two.group))))
	return nil
}

// processorTime is what this process has used of all cores.
func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// embedAll keeps every worker busy until n photos are done, and counts the faces.
func embedAll(ctx context.Context, d *detector.Detector, photos [][]byte, n int) (int, error) {
	var next, found atomic.Int64
	errs := make([]error, d.Workers())
	var all sync.WaitGroup
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
	return int(found.Load()), errors.Join(errs...)
}

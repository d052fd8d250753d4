package detector_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"facegate"
	"facegate/detector"
	"facegate/internal/testfiles"
	"facegate/match"
)

var variantPhotos = flag.Int("variants.photos", 0, "BenchmarkVariants looks at so many photos; 0: all")

// BenchmarkVariants measures ways to make an embedding on LFW's development set:
// accuracy on LFW's own pairs, and over all pairs of its photos how many of one
// person are kept (TMR) at low false match rates. docs/accuracy.md has its
// figures. It takes an hour on two cores:
//
//	go test ./detector -run xxx -bench Variants -benchtime 1x -timeout 3h -v
func BenchmarkVariants(b *testing.B) {
	dir := filepath.Join(testfiles.Photos(b, "lfw-dev/pairs.txt"), "lfw-dev")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	if *variantPhotos > 0 {
		files = files[:min(len(files), *variantPhotos)]
	}
	const whole, crop, mirror, large, small, tight, wide, jitter = 0, 1, 2, 3, 4, 5, 6, 7
	for b.Loop() {
		made := embedVariants(b, files, []detector.Variant{{Whole: true}, {}, {Mirror: true}, {Size: 1.4}, {Size: 0.85},
			{Padding: 0.2}, {Padding: 0.3}, {Jitter: 5}})
		b.Log("variant                            accuracy  lost  TMR at FMR 1e-3, 1e-4, 1e-5")
		for _, v := range []struct {
			name  string
			of    []int   // whose mean it is
			power float64 // of the norm that is divided by
		}{
			{"whole photo, as dlib has it", []int{whole}, 0},
			{"crop, as dlib has it", []int{crop}, 0},
			{"crop, half normalised", []int{crop}, 0.5},
			{"crop, normalised (fast)", []int{crop}, 1},
			{"crop + mirrored, half normalised", []int{crop, mirror}, 0.5},
			{"crop + mirrored (accurate)", []int{crop, mirror}, 1},
			{"crop + crop at 1.4", []int{crop, large}, 1},
			{"crop + crop at 0.85", []int{crop, small}, 1},
			{"padding 0.20", []int{tight}, 1},
			{"padding 0.30", []int{wide}, 1},
			{"mean of paddings 0.20 0.25 0.30", []int{crop, tight, wide}, 1},
			{"jitter 5", []int{jitter}, 1},
			{"jitter 5 + mirrored", []int{jitter, mirror}, 1},
		} {
			embeddings := make([]*facegate.Embedding, len(files))
			for i := range files {
				embeddings[i] = combined(made[i], v.of, v.power)
			}
			accuracy, lost := lfwAccuracy(b, dir, files, embeddings)
			tmr := allPairs(files, embeddings)
			b.Logf("%-34s %.2f%%  %4d  %.1f%%  %.1f%%  %.1f%%", v.name, 100*accuracy, lost, 100*tmr[0], 100*tmr[1], 100*tmr[2])
		}
	}
}

func embedVariants(b *testing.B, files []string, variants []detector.Variant) [][]*facegate.Embedding {
	models, err := detector.FindModels([]string{testfiles.Models(b)})
	if err != nil {
		b.Fatal(err)
	}
	made := make([][]*facegate.Embedding, len(files))
	queue := make(chan int, len(files))
	for i := range files {
		queue <- i
	}
	close(queue)
	var g errgroup.Group
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			maker, err := detector.NewVariantMaker(models, variants)
			if err != nil {
				return err
			}
			defer maker.Close()
			for i := range queue {
				photo, err := os.ReadFile(files[i])
				if err != nil {
					return err
				}
				if made[i], err = maker.Embed(b.Context(), photo); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	return made
}

// combined is the mean of some of the embeddings, divided by a power of its norm;
// nil where none is there.
func combined(made []*facegate.Embedding, of []int, power float64) *facegate.Embedding {
	var sum facegate.Embedding
	n := 0
	for _, k := range of {
		if made[k] == nil {
			continue
		}
		n++
		for d, v := range made[k] {
			sum[d] += v
		}
	}
	if n == 0 {
		return nil
	}
	const meanNorm = 1.4257
	scale := math.Pow(meanNorm/(sum.Norm()/float64(n)), power) / float64(n)
	for d := range sum {
		sum[d] = float32(float64(sum[d]) * scale)
	}
	return &sum
}

func lfwAccuracy(b *testing.B, dir string, files []string, embeddings []*facegate.Embedding) (accuracy float64, lost int) {
	place := map[string]int{}
	for i, f := range files {
		place[f] = i
	}
	list, err := os.Open(filepath.Join(dir, "pairs.txt"))
	if err != nil {
		b.Fatal(err)
	}
	defer list.Close()
	pairs, err := match.ReadPairs(list)
	if err != nil {
		b.Fatal(err)
	}
	var trials []match.Trial
	for _, p := range pairs {
		i, seenA := place[filepath.Join(dir, p.A.File()+".jpg")]
		j, seenB := place[filepath.Join(dir, p.B.File()+".jpg")]
		if !seenA || !seenB { // with fewer photos than there are
			continue
		}
		t := match.Trial{Genuine: p.Genuine, Fold: p.Fold, Failed: embeddings[i] == nil || embeddings[j] == nil}
		if !t.Failed {
			t.Distance = embeddings[i].Distance(embeddings[j])
		}
		trials = append(trials, t)
	}
	r, err := match.Evaluate(trials)
	if err != nil {
		return math.NaN(), 0
	}
	return r.Accuracy, r.FailuresToDetect
}

// allPairs is the share of genuine pairs within the distances that 1e-3, 1e-4 and
// 1e-5 of the impostor pairs are within.
func allPairs(files []string, embeddings []*facegate.Embedding) (tmr [3]float64) {
	var genuine, impostor []float64
	for i, a := range embeddings {
		for j, b := range embeddings[:i] {
			d := math.Inf(1)
			if a != nil && b != nil {
				d = a.Distance(b)
			}
			if filepath.Dir(files[i]) == filepath.Dir(files[j]) {
				genuine = append(genuine, d)
			} else {
				impostor = append(impostor, d)
			}
		}
	}
	slices.Sort(genuine)
	slices.Sort(impostor)
	for i, fmr := range []float64{1e-3, 1e-4, 1e-5} {
		kept, _ := slices.BinarySearch(genuine, impostor[int(fmr*float64(len(impostor)))])
		tmr[i] = float64(kept) / float64(max(len(genuine), 1))
	}
	return tmr
}

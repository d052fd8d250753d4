package detector

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"facegate"
	"facegate/internal/testfiles"
)

// BenchmarkNormalisation measures what it brings to scale embeddings to one norm:
// the share of genuine pairs that are kept (TMR) at false match rates (FMR), over
// all pairs of the photos of lfw-dev, 7,894 of one person and 7,107,984 of two. It
// takes minutes:
//
//	go test ./detector -run xxx -bench Normalisation -benchtime 1x
func BenchmarkNormalisation(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(testfiles.Photos(b, "lfw-dev"), "lfw-dev/*/*.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	raw := rawEmbeddings(b, files)
	for b.Loop() {
		for _, power := range []float64{0, 0.5, 1} { // of the norm that is divided by
			var genuine, impostor []float64
			scaled := make([]facegate.Embedding, len(raw))
			for i, e := range raw {
				k := math.Pow(meanNorm/e.Norm(), power)
				for j := range e {
					scaled[i][j] = float32(k * float64(e[j]))
				}
				for j := range i {
					d := scaled[i].Distance(&scaled[j])
					if filepath.Dir(files[i]) == filepath.Dir(files[j]) {
						genuine = append(genuine, d)
					} else {
						impostor = append(impostor, d)
					}
				}
			}
			slices.Sort(genuine)
			slices.Sort(impostor)
			for _, fmr := range []float64{1e-2, 1e-3, 1e-4, 1e-5} {
				threshold := impostor[int(fmr*float64(len(impostor)))]
				kept, _ := slices.BinarySearch(genuine, threshold)
				b.ReportMetric(100*float64(kept)/float64(len(genuine)), fmt.Sprintf("%%TMR@FMR%g%%,norm^%g", 100*fmr, power))
			}
		}
	}
}

// rawEmbeddings are dlib's own of the faces in the middle of the photos.
func rawEmbeddings(b *testing.B, files []string) []facegate.Embedding {
	d := sharedDetector(b)
	raw := make([]facegate.Embedding, len(files))
	var g errgroup.Group
	g.SetLimit(d.Workers())
	for i, file := range files {
		g.Go(func() error {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			w, release, err := d.acquire(b.Context())
			if err != nil {
				return err
			}
			defer release()
			m, err := decode(data, DefaultLimits)
			if err != nil {
				return err
			}
			defer m.Close()
			faces, err := find(w.yunet, &m, d.cfg.Size, false)
			if err != nil {
				return err
			}
			off := func(f facegate.Face) float64 {
				c := f.Box.Center()
				return math.Hypot(c.X-float64(m.Cols())/2, c.Y-float64(m.Rows())/2)
			}
			middle := slices.MinFunc(faces, func(f, o facegate.Face) int { return int(off(f) - off(o)) })
			for _, r := range rungs {
				crop := upright(&m, middle.Landmarks, r.size)
				jpeg, err := encodeJPEG(crop, cropQuality)
				crop.Close()
				if err != nil {
					return err
				}
				recognize := w.rec.Recognize
				if r.cnn {
					recognize = w.rec.RecognizeCNN
				}
				e, err := embedCrop(recognize, jpeg, r.size)
				if err != nil {
					return err
				}
				if e != nil {
					raw[i] = *e
					return nil
				}
			}
			return fmt.Errorf("%s: no embedding", file)
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	return raw
}

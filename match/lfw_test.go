package match_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"facegate"
	"facegate/detector"
	"facegate/internal/testfiles"
	"facegate/match"
)

var updateMoments = flag.Bool("update", false, "BenchmarkSimilaritySlope writes ../internal/syntheticfaces/lfw-dev-moments.bin anew")

// BenchmarkSimilaritySlope embeds every photo of lfw-dev, which takes minutes,
// and fits the slope of similarity to LFW's own pairs and to all pairs there
// are: where [match.SimilaritySlope] and the moments of synthetic faces come from.
//
//	go test ./match -run xxx -bench SimilaritySlope -benchtime 1x -timeout 1h [-args -update]
func BenchmarkSimilaritySlope(b *testing.B) {
	names, embeddings := lfwEmbeddings(b)
	place := map[string]int{}
	for i, name := range names {
		place[name] = i
	}
	var genuine, impostor []float64
	for _, p := range lfwPairs(b) {
		i, seenA := place[filepath.Base(p.A.File())]
		j, seenB := place[filepath.Base(p.B.File())]
		if !seenA || !seenB {
			continue
		}
		if d := embeddings[i].Distance(embeddings[j]); p.Genuine {
			genuine = append(genuine, d)
		} else {
			impostor = append(impostor, d)
		}
	}
	report := func(kind string) {
		slope, err := match.FitSlope(genuine, impostor)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(slope, "slope:"+kind)
		b.ReportMetric(float64(len(genuine)), "genuine:"+kind)
		b.ReportMetric(float64(len(impostor)), "impostor:"+kind)
	}
	report("lfw-pairs")
	genuine, impostor = nil, nil
	for i := range embeddings {
		for j := range i {
			d := embeddings[i].Distance(embeddings[j])
			if personOf(names[i]) == personOf(names[j]) {
				genuine = append(genuine, d)
			} else {
				impostor = append(impostor, d)
			}
		}
	}
	report("all-pairs")
	b.ReportMetric(mean(genuine), "genuine-distance")
	b.ReportMetric(mean(impostor), "impostor-distance")
	b.ReportMetric(match.SimilaritySlope, "slope")
	if *updateMoments {
		if err := os.WriteFile("../internal/syntheticfaces/lfw-dev-moments.bin", moments(embeddings), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// lfwEmbeddings are of the face nearest the middle of each photo: whom LFW's
// photos are about.
func lfwEmbeddings(b *testing.B) (names []string, embeddings []*facegate.Embedding) {
	dir := filepath.Join(testfiles.Photos(b, "lfw-dev/pairs.txt"), "lfw-dev")
	models, err := detector.FindModels([]string{testfiles.Models(b)})
	if err != nil {
		b.Fatal(err)
	}
	faces, err := detector.New(detector.Config{Models: models, Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer faces.Close()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.jpg"))
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		photo, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		a, err := faces.Analyse(b.Context(), photo, facegate.AnalyseOptions{Embed: true})
		if err != nil {
			b.Fatal(err)
		}
		if len(a.Faces) == 0 {
			continue
		}
		off := func(f facegate.Face) float64 {
			return math.Hypot(f.Box.Center().X-float64(a.Width)/2, f.Box.Center().Y-float64(a.Height)/2)
		}
		f := slices.MinFunc(a.Faces, func(x, y facegate.Face) int { return cmp.Compare(off(x), off(y)) })
		name := filepath.Base(file)
		names = append(names, name[:len(name)-len(".jpg")])
		embeddings = append(embeddings, f.Embedding)
	}
	b.ReportMetric(float64(len(files)), "photos")
	b.ReportMetric(float64(len(files)-len(names)), "photos-without-face")
	return names, embeddings
}

func personOf(name string) string { return name[:len(name)-len("_0001")] }

func mean(list []float64) float64 {
	var sum float64
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// moments are the mean and the lower triangle of the covariance, row by row, as
// little-endian float32.
func moments(embeddings []*facegate.Embedding) []byte {
	const size = facegate.EmbeddingSize
	n := float64(len(embeddings))
	var centre [size]float64
	for _, e := range embeddings {
		for d, v := range e {
			centre[d] += float64(v) / n
		}
	}
	values := make([]float32, 0, size+size*(size+1)/2)
	for _, v := range centre {
		values = append(values, float32(v))
	}
	for i := range size {
		for j := range i + 1 {
			var sum float64
			for _, e := range embeddings {
				sum += (float64(e[i]) - centre[i]) * (float64(e[j]) - centre[j])
			}
			values = append(values, float32(sum/(n-1)))
		}
	}
	var out bytes.Buffer
	if err := binary.Write(&out, binary.LittleEndian, values); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return out.Bytes()
}

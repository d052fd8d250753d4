package match_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"facegate"
)

// BenchmarkTemplates measures what it brings to judge people of several samples
// by more than the nearest of them, on LFW's development set: some people with
// enough photos are enrolled, everybody else is an impostor, ten times over. It
// embeds every photo first, which takes minutes. docs/accuracy.md has its
// figures.
//
//	go test ./match -run xxx -bench Templates -benchtime 1x -timeout 1h -v
func BenchmarkTemplates(b *testing.B) {
	names, embeddings := lfwEmbeddings(b)
	for b.Loop() {
		for _, samples := range []int{2, 3, 5} {
			b.Logf("%d samples a person        rank 1   FNIR at FPIR 1%%, 5%%   at 0.45: FPIR, FNIR", samples)
			for _, way := range []struct {
				name     string
				distance func(probe *facegate.Embedding, samples []*facegate.Embedding, centre *facegate.Embedding) float64
				centre   func(samples []*facegate.Embedding) *facegate.Embedding
			}{
				{"nearest sample (fast)", func(p *facegate.Embedding, s []*facegate.Embedding, _ *facegate.Embedding) float64 {
					return nearestOf(p, s)
				}, centreOf},
				{"centre", func(p *facegate.Embedding, _ []*facegate.Embedding, c *facegate.Embedding) float64 {
					return p.Distance(c)
				}, centreOf},
				{"centre without the farthest", func(p *facegate.Embedding, _ []*facegate.Embedding, c *facegate.Embedding) float64 {
					return p.Distance(c)
				}, trimmedCentreOf},
				{"half way (accurate)", func(p *facegate.Embedding, s []*facegate.Embedding, c *facegate.Embedding) float64 {
					return (nearestOf(p, s) + p.Distance(c)) / 2
				}, centreOf},
			} {
				var rank1, fnir1, fnir5, fpir, fnir float64
				const repeats = 10
				for repeat := range repeats {
					r := templateRun(names, embeddings, samples, way.centre, way.distance, uint64(repeat))
					rank1 += r[0] / repeats
					fnir1 += r[1] / repeats
					fnir5 += r[2] / repeats
					fpir += r[3] / repeats
					fnir += r[4] / repeats
				}
				b.Logf("%-28s %.1f%%   %.1f%%  %.1f%%   %.2f%%  %.1f%%", way.name, 100*rank1, 100*fnir1, 100*fnir5, 100*fpir, 100*fnir)
			}
		}
	}
}

// templateRun is rank 1, FNIR where FPIR is 1% and 5%, and FPIR and FNIR at 0.45.
func templateRun(names []string, embeddings []*facegate.Embedding, samples int,
	centre func([]*facegate.Embedding) *facegate.Embedding,
	distance func(*facegate.Embedding, []*facegate.Embedding, *facegate.Embedding) float64, seed uint64) [5]float64 {
	random := rand.New(rand.NewPCG(1, seed))
	of := map[string][]*facegate.Embedding{}
	for i, name := range names {
		of[personOf(name)] = append(of[personOf(name)], embeddings[i])
	}
	people := make([]string, 0, len(of))
	for name := range of {
		people = append(people, name)
	}
	slices.Sort(people)
	type template struct {
		samples []*facegate.Embedding
		centre  *facegate.Embedding
	}
	enrolled := map[string]template{}
	mated := map[string][]*facegate.Embedding{}
	var impostors []*facegate.Embedding
	for _, name := range people {
		own := of[name]
		if len(own) <= samples || random.IntN(2) == 0 {
			impostors = append(impostors, own...)
			continue
		}
		random.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
		enrolled[name] = template{own[:samples], centre(own[:samples])}
		mated[name] = own[samples:]
	}
	nearest := func(probe *facegate.Embedding) (who string, at float64) {
		at = 9
		for name, t := range enrolled {
			if d := distance(probe, t.samples, t.centre); d < at {
				who, at = name, d
			}
		}
		return who, at
	}
	var apart []float64
	for _, probe := range impostors {
		_, at := nearest(probe)
		apart = append(apart, at)
	}
	slices.Sort(apart)
	one, five := apart[len(apart)/100], apart[len(apart)/20]
	within, _ := slices.BinarySearch(apart, 0.45)
	var all, right, missed1, missed5, missed float64
	for name, probes := range mated {
		for _, probe := range probes {
			who, at := nearest(probe)
			all++
			if who == name {
				right++
			}
			for _, m := range []struct {
				threshold float64
				count     *float64
			}{{one, &missed1}, {five, &missed5}, {0.45, &missed}} {
				if who != name || at > m.threshold {
					*m.count++
				}
			}
		}
	}
	return [5]float64{right / all, missed1 / all, missed5 / all, float64(within) / float64(len(apart)), missed / all}
}

func nearestOf(probe *facegate.Embedding, samples []*facegate.Embedding) float64 {
	at := 9.0
	for _, s := range samples {
		at = min(at, probe.Distance(s))
	}
	return at
}

func centreOf(samples []*facegate.Embedding) *facegate.Embedding {
	var sum facegate.Embedding
	for _, s := range samples {
		for d, v := range s {
			sum[d] += v / float32(len(samples))
		}
	}
	return &sum
}

func trimmedCentreOf(samples []*facegate.Embedding) *facegate.Embedding {
	middle := centreOf(samples)
	if len(samples) < 3 {
		return middle
	}
	rest := slices.Clone(samples)
	slices.SortFunc(rest, func(a, b *facegate.Embedding) int {
		if a.Distance(middle) < b.Distance(middle) {
			return -1
		}
		return 1
	})
	return centreOf(rest[:len(rest)-1])
}

package match_test

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"facegate"
	"facegate/match"
)

var benchSamples = flag.String("samples", "10000,100000", "sizes of the galleries to measure, such as 10000,1000000")

func benchGalleries(b *testing.B, run func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding)) {
	for _, size := range strings.Split(*benchSamples, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		g, probes := benchGallery(b, n)
		b.Run(size, func(b *testing.B) { run(b, g, probes) })
		g.Close()
	}
}

func benchGallery(b *testing.B, n int) (*match.Gallery, []*facegate.Embedding) {
	entries, probes := newFaces(b, 1).gallery(n, 3)
	g := match.NewGallery()
	g.Reset(entries)
	return g.Settled(), probes
}

// each times f on probe after probe.
func each(b *testing.B, probes []*facegate.Embedding, f func(p *facegate.Embedding)) float64 {
	f(probes[0])
	b.ResetTimer()
	for i := range b.N {
		f(probes[i%len(probes)])
	}
	b.StopTimer()
	return float64(b.Elapsed().Nanoseconds()) / float64(b.N)
}

// BenchmarkSearch compares one search at a time with the scan over float32 by
// the fastest kernel, in the same run on the same gallery; "x-scan" says how
// many times faster.
func BenchmarkSearch(b *testing.B) {
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		var scan float64
		b.Run("float32-scan", func(b *testing.B) {
			var room match.ScanRoom
			scan = each(b, probes, func(p *facegate.Embedding) { g.PlainScan(p, 0.6, &room) })
		})
		for _, c := range []struct {
			name   string
			k      int
			radius float64
		}{
			{"everybody-within-0.45", math.MaxInt, 0.45},
			{"everybody-within-0.6", math.MaxInt, 0.6},
			{"5-within-0.45", 5, 0.45},
			{"5-within-0.6", 5, 0.6},
			{"5-nearest", 5, -1},
		} {
			b.Run(c.name, func(b *testing.B) {
				mine := each(b, probes, func(p *facegate.Embedding) { g.Nearest(p, c.k, c.radius) })
				b.ReportMetric(scan/mine, "x-scan")
			})
		}
	})
}

// BenchmarkBatch compares 64 probes at once with the same one by one.
func BenchmarkBatch(b *testing.B) {
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		probes = probes[:64]
		for _, radius := range []float64{0.45, 0.6} {
			for _, k := range []int{5, math.MaxInt} {
				name := fmt.Sprintf("%d-within-%v", k, radius)
				if k > len(probes) {
					name = fmt.Sprintf("everybody-within-%v", radius)
				}
				var one float64
				b.Run(name+"/one-by-one", func(b *testing.B) {
					one = each(b, probes, func(p *facegate.Embedding) { g.Nearest(p, k, radius) })
				})
				b.Run(name+"/batch", func(b *testing.B) {
					b.ResetTimer()
					for range b.N {
						g.NearestBatch(probes, k, radius)
					}
					probe := float64(b.Elapsed().Nanoseconds()) / float64(b.N*len(probes))
					b.ReportMetric(probe, "ns/probe")
					b.ReportMetric(probe/one, "of-one-by-one")
				})
			}
		}
	})
}

// BenchmarkTwoCores compares two searches at a time with one.
func BenchmarkTwoCores(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("needs two processors")
	}
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		for _, radius := range []float64{0.45, 0.6} {
			search := func(p *facegate.Embedding) { g.Nearest(p, math.MaxInt, radius) }
			var one float64
			b.Run(fmt.Sprintf("one/%v", radius), func(b *testing.B) { one = each(b, probes, search) })
			b.Run(fmt.Sprintf("two/%v", radius), func(b *testing.B) {
				b.ResetTimer()
				var wg sync.WaitGroup
				for w := range 2 {
					wg.Go(func() {
						for i := w; i < b.N; i += 2 {
							search(probes[i%len(probes)])
						}
					})
				}
				wg.Wait()
				b.ReportMetric(one*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "x-one")
			})
		}
	})
}

// BenchmarkBuild times filling a gallery at once, until it can be searched and
// until all codes are made, and says what a sample takes in memory, all told.
func BenchmarkBuild(b *testing.B) {
	for _, size := range strings.Split(*benchSamples, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		for _, each := range []int{1, 3} {
			entries, _ := newFaces(b, 1).gallery(n, each)
			b.Run(fmt.Sprintf("%d/%d-a-person", n, each), func(b *testing.B) {
				var usable, coded time.Duration
				var before, after runtime.MemStats
				for range b.N {
					runtime.GC()
					runtime.ReadMemStats(&before)
					start := time.Now()
					g := match.NewGallery()
					g.Reset(entries)
					usable += time.Since(start)
					g.Settled()
					coded += time.Since(start)
					runtime.GC()
					runtime.ReadMemStats(&after)
					g.Close()
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(usable.Seconds()*1000/float64(b.N), "ms-usable")
				b.ReportMetric(coded.Seconds()*1000/float64(b.N), "ms-coded")
				b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/sample")
			})
		}
	}
}

// BenchmarkApply times a change: one sample added, another removed.
func BenchmarkApply(b *testing.B) {
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		who := facegate.PersonRef{ID: sampleID(1), Name: "Somebody"}
		b.ResetTimer()
		for i := range b.N {
			g.Apply(facegate.GalleryChange{
				Remove: []string{sampleID(i - 1)},
				Add:    []facegate.GalleryEntry{{SampleID: sampleID(i), Person: who, Embedding: *probes[i%len(probes)]}},
			})
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
	})
}

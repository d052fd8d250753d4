package match_test

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"facegate"
	"facegate/match"
)

var benchSamples = flag.String("samples", "10000,100000", "sizes of the galleries to measure, such as 10000,1000000")

func benchSizes(b *testing.B) (sizes []int) {
	for _, size := range strings.Split(*benchSamples, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, n)
	}
	return sizes
}

func benchGalleries(b *testing.B, run func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding)) {
	for _, n := range benchSizes(b) {
		entries, probes := newFaces(b, 1).gallery(n, 3)
		g := match.NewGallery()
		g.Reset(entries)
		entries = nil
		g.Settled()
		runtime.GC()
		b.Run(strconv.Itoa(n), func(b *testing.B) { run(b, g, probes) })
		g.Close()
	}
}

// A contender is one way to search, run for the i-th time.
type contender struct {
	name string
	run  func(i int)
}

// sideBySide runs contenders in turn, b.N rounds, and reports the median of the
// processor time that each took, and how many times that of the first goes into
// it. Processor time, in turn and by the median, because other work on the
// machine must not decide the ratio.
func sideBySide(b *testing.B, contenders ...contender) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	took := make([][]time.Duration, len(contenders))
	b.ResetTimer()
	for i := range max(b.N, 5) {
		for j, c := range contenders {
			start := processorTime(b)
			c.run(i)
			took[j] = append(took[j], processorTime(b)-start)
		}
	}
	b.StopTimer()
	b.ReportMetric(0, "ns/op")
	var first float64
	for j, c := range contenders {
		slices.Sort(took[j])
		median := float64(took[j][len(took[j])/2].Nanoseconds())
		b.ReportMetric(median/1000, "µs:"+c.name)
		if j == 0 {
			first = median
		} else {
			b.ReportMetric(first/median, "x:"+c.name)
		}
	}
}

// processorTime is what this thread has used so far.
func processorTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// BenchmarkSearch compares searches, one at a time, with the scan over float32 by
// the fastest kernel, on the same gallery in the same run: "x:..." says how many
// times faster than the scan.
func BenchmarkSearch(b *testing.B) {
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		var room match.ScanRoom
		search := func(name string, k int, radius float64) contender {
			return contender{name, func(i int) { g.Nearest(probes[i%len(probes)], k, radius) }}
		}
		sideBySide(b,
			contender{"float32-scan", func(i int) { g.PlainScan(probes[i%len(probes)], 0.6, &room) }},
			search("all-within-0.45", math.MaxInt, 0.45),
			search("all-within-0.6", math.MaxInt, 0.6),
			search("100-within-0.6", 100, 0.6),
			search("5-within-0.45", 5, 0.45),
			search("5-within-0.6", 5, 0.6),
			search("5-nearest", 5, -1),
		)
	})
}

// BenchmarkKernels compares what each instruction set makes of the same search.
func BenchmarkKernels(b *testing.B) {
	for _, n := range benchSizes(b) {
		entries, probes := newFaces(b, 1).gallery(n, 3)
		var contenders []contender
		for i, name := range match.Kernels() {
			g := match.NewGalleryOn(i)
			g.Reset(entries)
			g.Settled()
			defer g.Close()
			contenders = append(contenders, contender{name, func(i int) { g.Nearest(probes[i%len(probes)], 5, 0.6) }})
		}
		b.Run(strconv.Itoa(n), func(b *testing.B) { sideBySide(b, contenders...) })
	}
}

// BenchmarkBatch compares 64 probes at once with the same one by one.
func BenchmarkBatch(b *testing.B) {
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		probes = probes[:64]
		for _, radius := range []float64{0.45, 0.6} {
			for name, k := range map[string]int{"5": 5, "all": math.MaxInt} {
				b.Run(fmt.Sprintf("%s-within-%v", name, radius), func(b *testing.B) {
					sideBySide(b,
						contender{"64-one-by-one", func(int) {
							for _, p := range probes {
								g.Nearest(p, k, radius)
							}
						}},
						contender{"64-at-once", func(int) { g.NearestBatch(probes, k, radius) }},
					)
				})
			}
		}
	})
}

// BenchmarkTwoCores compares two searches at a time with one: "x:two" by the
// clock, which needs a machine that does nothing else, and "x:two-processor-time"
// as it would be if both cores were free: twice what a search takes of its core
// alone, over what it takes beside another.
func BenchmarkTwoCores(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("needs two processors")
	}
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		for _, radius := range []float64{0.45, 0.6} {
			b.Run(fmt.Sprintf("100-within-%v", radius), func(b *testing.B) {
				rounds := max(b.N, 50)
				search := func(i int) { g.Nearest(probes[i%len(probes)], 100, radius) }
				workers(b, 2, rounds, search) // warm
				one, oneTook := workers(b, 1, rounds, search)
				two, twoTook := workers(b, 2, rounds, search)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(rounds)/one.Seconds(), "one/s")
				b.ReportMetric(float64(rounds)/two.Seconds(), "two/s")
				b.ReportMetric(one.Seconds()/two.Seconds(), "x:two")
				b.ReportMetric(2*oneTook.Seconds()/twoTook.Seconds(), "x:two-processor-time")
			})
		}
	})
}

// workers runs rounds of f by n threads, and says how long that was by the clock
// and in processor time of all of them.
func workers(b *testing.B, n, rounds int, f func(i int)) (clock, processor time.Duration) {
	took := make([]time.Duration, n)
	start := time.Now()
	var wg sync.WaitGroup
	for w := range n {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			began := processorTime(b)
			for i := w; i < rounds; i += n {
				f(i)
			}
			took[w] = processorTime(b) - began
		})
	}
	wg.Wait()
	clock = time.Since(start)
	for _, t := range took {
		processor += t
	}
	return clock, processor
}

// BenchmarkBuild times filling a gallery at once, until it can be searched and
// until all codes are made, and says what a sample takes in memory, all told.
func BenchmarkBuild(b *testing.B) {
	for _, n := range benchSizes(b) {
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
				b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/float64(n), "B/sample")
			})
		}
	}
}

// BenchmarkApply times a change: one sample added, another removed.
func BenchmarkApply(b *testing.B) {
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		who := facegate.PersonRef{ID: match.SampleID(-1), Name: "Somebody"}
		ids := make([]string, b.N+1)
		for i := range ids {
			ids[i] = match.SampleID(i)
		}
		b.ResetTimer()
		for i := range b.N {
			g.Apply(facegate.GalleryChange{
				Remove: []string{ids[i]},
				Add:    []facegate.GalleryEntry{{SampleID: ids[i+1], Person: who, Embedding: *probes[i%len(probes)]}},
			})
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
	})
}

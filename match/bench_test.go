package match_test

import (
	"flag"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"facegate"
	"facegate/internal/syntheticfaces"
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
		entries, probes := syntheticfaces.New(1).Gallery(n, 3)
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

// BenchmarkNearest is a search as identification makes it. `make bench-search`
// compares searches with other ways to search.
func BenchmarkNearest(b *testing.B) {
	benchGalleries(b, func(b *testing.B, g *match.Gallery, probes []*facegate.Embedding) {
		for i := range b.N {
			g.Nearest(probes[i%len(probes)], 5, -1)
		}
	})
}

// BenchmarkKernels compares what each instruction set makes of the same search.
func BenchmarkKernels(b *testing.B) {
	for _, n := range benchSizes(b) {
		entries, probes := syntheticfaces.New(1).Gallery(n, 3)
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

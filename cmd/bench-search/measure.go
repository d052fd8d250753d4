package main

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A contender is one way to do something, for the i-th time.
type contender func(i int)

// sideBySide runs contenders in turn and is the median of the processor time that
// each took. Processor time, in turn and by the median, because other work on the
// machine must not decide who is faster.
func sideBySide(rounds int, contenders ...contender) []time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	took := make([][]time.Duration, len(contenders))
	for i := range rounds {
		for j, run := range contenders {
			start := processorTime(unix.CLOCK_THREAD_CPUTIME_ID)
			run(i)
			took[j] = append(took[j], processorTime(unix.CLOCK_THREAD_CPUTIME_ID)-start)
		}
	}
	medians := make([]time.Duration, len(contenders))
	for j := range took {
		slices.Sort(took[j])
		medians[j] = took[j][len(took[j])/2]
	}
	return medians
}

// processorTime is what this thread, or this process, has used so far.
func processorTime(clock int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		panic(fmt.Sprintf("read the processor's clock: %v", err)) // Linux has both
	}
	return time.Duration(t.Nano())
}

// cost is the processor time of all threads that f takes.
func cost(f func() error) (time.Duration, error) {
	start := processorTime(unix.CLOCK_PROCESS_CPUTIME_ID)
	err := f()
	return processorTime(unix.CLOCK_PROCESS_CPUTIME_ID) - start, err
}

// workers runs rounds of f by n threads, and says how long that was by the clock
// and in processor time of all of them.
func workers(n, rounds int, f contender) (clock, processor time.Duration) {
	took := make([]time.Duration, n)
	start := time.Now()
	var wg sync.WaitGroup
	for w := range n {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			began := processorTime(unix.CLOCK_THREAD_CPUTIME_ID)
			for i := w; i < rounds; i += n {
				f(i)
			}
			took[w] = processorTime(unix.CLOCK_THREAD_CPUTIME_ID) - began
		})
	}
	wg.Wait()
	clock = time.Since(start)
	for _, t := range took {
		processor += t
	}
	return clock, processor
}

// heap is what is in use, after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Command bench measures the gateway on the test photos and prints one table,
// each figure beside what it is compared with in the same run. `make bench` runs
// it. Figures are medians, and what is compared is measured in turns, so that a
// machine that is busy now and then disturbs both alike.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"facegate/detector"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench is one run.
type bench struct {
	models  *detector.Models
	photos  string // folder
	program string // facegate's binary
	rounds  int    // turns of each comparison
	soak    int    // requests after which memory is read for the second time
	clients int    // of the crowd
	lasts   time.Duration
	table   table
	faults  []string // what must not have happened
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	models := flags.String("models", os.Getenv("FACEGATE_MODELS"), "folder of the model files; then ./models, ../shared/models and the user's data folder")
	b := &bench{}
	flags.StringVar(&b.photos, "photos", "../shared/testdata", "folder of the test photos")
	flags.StringVar(&b.program, "facegate", "bin/facegate", "the program to measure over HTTP")
	flags.IntVar(&b.rounds, "rounds", 21, "turns of each comparison")
	flags.IntVar(&b.soak, "soak", 5000, "requests after which memory is compared with that after a tenth of them")
	only := flags.String("only", "", "measure only these parts: pipeline, workers, http, load; or crowd, which is not measured without being named")
	flags.IntVar(&b.clients, "clients", 200, "clients of the crowd")
	flags.DurationVar(&b.lasts, "lasts", time.Minute, "time that the crowd lasts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	load, err := loadAverage()
	if err != nil {
		return err
	}
	if load > 0.5*float64(runtime.NumCPU()) {
		fmt.Fprintf(os.Stderr, "warning: this machine is busy with other things (load %.1f on %d cores); the figures will be too high\n", load, runtime.NumCPU())
	}
	if b.models, err = detector.FindModels(detector.ModelDirs(*models)); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{{"pipeline", b.pipeline}, {"workers", b.workers}, {"http", b.overhead}, {"load", b.load}, {"crowd", b.crowd}} {
		if *only == "" && part.name == "crowd" || *only != "" && !strings.Contains(*only, part.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring: %s\n", part.name)
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("measure %s: %w", part.name, err)
		}
	}
	library, _ := detector.BLAS()
	fmt.Printf("%s, %s, %d cores, load %.1f at the start, %s, BLAS %s\n\n",
		time.Now().Format(time.DateOnly), cpu(), runtime.NumCPU(), load, runtime.Version(), library)
	if err := b.table.print(os.Stdout); err != nil {
		return err
	}
	if len(b.faults) > 0 {
		return fmt.Errorf("this must not happen:\n%s", strings.Join(b.faults, "\n"))
	}
	return nil
}

// cpu is the processor's name, as Linux tells it.
func cpu() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// loadAverage is the number of processes that wanted to run in the last minute.
func loadAverage() (load float64, err error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(text), &load)
	return load, err
}

func (b *bench) photo(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(b.photos, filepath.FromSlash(name)))
}

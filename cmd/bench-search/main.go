// Command bench-search measures the search of the gallery beside other ways to
// search, on synthetic faces that are spread like real ones, and prints one table.
// `make bench-search` runs it. Searches are compared in turns, by the median of
// the processor time they take on one core.
//
// It is a module of its own because what it compares with is no part of the
// product.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"facegate/internal/benchtable"
)

var columns = []string{"samples", "measured", "facegate", "compared with", "ratio", "aim"}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench-search:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("bench-search", flag.ContinueOnError)
	sizes := flags.String("samples", "10000,100000,1000000", "sizes of the galleries")
	rounds := flags.Int("rounds", 51, "turns of each comparison")
	largest := flags.Int("hnsw", 1_000_000, "samples up to which the approximate index is built: it takes minutes for a million")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var rows [][]string
	for _, size := range strings.Split(*sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1000 {
			return fmt.Errorf("%q is no size of a gallery: give numbers from 1000", size)
		}
		b := &bench{n: n, rounds: *rounds, approximate: n <= *largest}
		if err := b.run(); err != nil {
			return err
		}
		rows = append(rows, b.rows...)
	}
	fmt.Printf("%s, %s, %d cores, load %s at the end, %s\n\n", time.Now().Format(time.DateOnly), cpu(), runtime.NumCPU(), load(), runtime.Version())
	return benchtable.Print(os.Stdout, columns, rows)
}

func cpu() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	name, flags := "unknown processor", ""
	for line := range strings.Lines(string(info)) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			name = strings.TrimSpace(value)
		case "flags":
			for _, f := range []string{"avx2", "avx512_vnni"} {
				if strings.Contains(value, " "+f) {
					flags += " " + f
				}
			}
			return name + flags
		}
	}
	return name
}

func load() string {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.1f", float64(info.Loads[0])/65536)
}

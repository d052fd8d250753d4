package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"facegate/internal/benchtable"
)

// A table is what was measured, a row each.
type table [][]string

var columns = []string{"measured", "facegate", "compared with", "ratio", "aim"}

// add appends a row; cells that are missing stay empty.
func (t *table) add(cells ...string) { *t = append(*t, cells) }

func (t table) print(w io.Writer) error { return benchtable.Print(w, columns, t) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

// quantile is the value below which the share q of all lies: 0.5 is the median.
// It is 0 where there are none.
func quantile[T ~int64 | ~float64](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + T((at-float64(low))*float64(sorted[high]-sorted[low]))
}

func median[T ~int64 | ~float64](values []T) T { return quantile(values, 0.5) }

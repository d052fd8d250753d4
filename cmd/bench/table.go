package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A table is printed in Markdown, which reads well on a terminal too.
type table [][]string

var columns = []string{"measured", "facegate", "compared with", "ratio", "aim"}

// add appends a row; cells that are missing stay empty.
func (t *table) add(cells ...string) {
	*t = append(*t, append(cells, make([]string, len(columns)-len(cells))...))
}

func (t table) print(w io.Writer) error {
	rows := append(table{columns}, t...)
	widths := make([]int, len(columns))
	for _, row := range rows {
		for c, cell := range row {
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	rule := make([]string, len(columns))
	for c := range rule {
		rule[c] = strings.Repeat("-", widths[c])
	}
	for _, row := range slices.Insert(rows, 1, rule) {
		line := "|"
		for c, cell := range row {
			line += " " + cell + strings.Repeat(" ", widths[c]-utf8.RuneCountInString(cell)) + " |"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

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

// Package benchtable prints what measurements found.
package benchtable

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Print writes rows below a head in Markdown, which reads well on a terminal too.
// Cells that are missing are empty.
func Print(w io.Writer, head []string, rows [][]string) error {
	widths := make([]int, len(head))
	all := append([][]string{head, make([]string, len(head))}, rows...)
	for _, row := range all {
		for c, cell := range row {
			widths[c] = max(widths[c], utf8.RuneCountInString(cell))
		}
	}
	for c := range all[1] {
		all[1][c] = strings.Repeat("-", widths[c])
	}
	for _, row := range all {
		line := "|"
		for c, width := range widths {
			cell := ""
			if c < len(row) {
				cell = row[c]
			}
			line += " " + cell + strings.Repeat(" ", width-utf8.RuneCountInString(cell)) + " |"
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

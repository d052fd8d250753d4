package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"facegate"
)

// printJSON prints v as one line.
func (p *program) printJSON(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return p.printf("%s\n", line)
}

func (p *program) printf(format string, args ...any) error {
	if _, err := fmt.Fprintf(p.Stdout, format, args...); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// printRefusal prints that a photo was not used: as JSON among the answers, else
// on standard error, so that answers can be piped on.
func (p *program) printRefusal(photo string, err error) error {
	e := facegate.AsError(err)
	if p.settings.JSON {
		return p.printJSON(facegate.Refusal{Photo: photo, Code: e.Code, Detail: e.Detail})
	}
	fmt.Fprintf(p.Stderr, "%s  refused: %s\n", photo, e.Detail)
	if e.Next != "" {
		fmt.Fprintf(p.Stderr, "  -> %s\n", e.Next)
	}
	return nil
}

// pad fills s with spaces to width characters.
func pad(s string, width int) string {
	if n := utf8.RuneCountInString(s); n < width {
		return s + strings.Repeat(" ", width-n)
	}
	return s
}

// widest is the number of characters of the longest name, but at most limit:
// one long name must not push all the others aside.
func widest(names []string, limit int) int {
	width := 0
	for _, n := range names {
		width = max(width, min(utf8.RuneCountInString(n), limit))
	}
	return width
}

// A table prints rows in columns as wide as their cells.
type table struct{ rows [][]string }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	out := bufio.NewWriter(w)
	for _, row := range t.rows {
		for i, cell := range row {
			if i < len(row)-1 {
				cell = pad(cell, widths[i]) + "  "
			}
			out.WriteString(cell)
		}
		out.WriteString("\n")
	}
	return out.Flush()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

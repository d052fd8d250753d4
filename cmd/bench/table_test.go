package main

import (
	"strings"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{nil, 0.5, 0}, {[]float64{7}, 0.99, 7}, {[]float64{3, 1, 2}, 0.5, 2}, {[]float64{4, 1, 2, 3}, 0.5, 2.5},
		{[]float64{0, 10}, 0.99, 9.9}, {[]float64{5, 1}, 0, 1}, {[]float64{5, 1}, 1, 5},
	} {
		if got := quantile(tt.values, tt.q); got != tt.want {
			t.Errorf("quantile %v of %v is %v, want %v", tt.q, tt.values, got, tt.want)
		}
	}
	values := []time.Duration{3, 1, 2}
	if got := median(values); got != 2 || values[0] != 3 {
		t.Errorf("median %v, and the values are now %v", got, values)
	}
}

func TestTable(t *testing.T) {
	var tab table
	tab.add("one", "1.0 ms", "two: 2.0 ms", "½")
	tab.add("a longer name", "10.0 ms")
	var b strings.Builder
	if err := tab.print(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4:\n%s", len(lines), b.String())
	}
	for _, line := range lines {
		if len([]rune(line)) != len([]rune(lines[0])) || strings.Count(line, "|") != len(columns)+1 {
			t.Errorf("a line of another shape: %s", line)
		}
	}
}

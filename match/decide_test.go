package match

import (
	"testing"

	"facegate"
)

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		name      string
		distances []float64
		want      facegate.Decision
	}{
		{"empty gallery", nil, facegate.Unknown},
		{"alone within", []float64{0.3}, facegate.Match},
		{"alone at the threshold", []float64{0.5}, facegate.Match},
		{"alone beyond", []float64{0.5000001}, facegate.Unknown},
		{"clear lead", []float64{0.25, 0.5}, facegate.Match},
		{"lead of the margin", []float64{0.25, 0.375}, facegate.Match},
		{"lead under the margin", []float64{0.25, 0.3749}, facegate.Ambiguous},
		{"tie", []float64{0.25, 0.25}, facegate.Ambiguous},
		{"runner-up at the threshold", []float64{0.45, 0.5}, facegate.Ambiguous},
		{"runner-up just beyond", []float64{0.49, 0.51}, facegate.Match},
		{"both beyond and close", []float64{0.51, 0.52}, facegate.Unknown},
		{"third does not count", []float64{0.1, 0.4, 0.4}, facegate.Match},
	} {
		var candidates []facegate.Candidate
		for _, d := range c.distances {
			candidates = append(candidates, facegate.Candidate{Distance: d})
		}
		if got := decide(candidates, 0.5, 0.125); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	for distance, want := range map[float64]facegate.Decision{
		0: facegate.Match, 0.6: facegate.Match, 0.6000001: facegate.NoMatch, 2: facegate.NoMatch,
	} {
		if got := verdict(distance, 0.6); got != want {
			t.Errorf("%v: %s, want %s", distance, got, want)
		}
	}
}

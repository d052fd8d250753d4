package camera

import (
	"math"
	"math/rand/v2"
	"testing"
)

// bruteForce is the least cost over all ways to pair rows and columns.
func bruteForce(cost [][]float64, limit float64) float64 {
	if len(cost) == 0 {
		return 0
	}
	taken := make([]bool, len(cost[0]))
	var try func(i int) float64
	try = func(i int) float64 {
		if i == len(cost) {
			return 0
		}
		best := limit + try(i+1)
		for j, c := range cost[i] {
			if c > limit || taken[j] {
				continue
			}
			taken[j] = true
			best = math.Min(best, c+try(i+1))
			taken[j] = false
		}
		return best
	}
	return try(0)
}

func TestAssignAgainstBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		rows, columns := random.IntN(6), random.IntN(6)
		limit := 0.2 + random.Float64()
		cost := make([][]float64, rows)
		for i := range cost {
			cost[i] = make([]float64, columns)
			for j := range cost[i] {
				if cost[i][j] = random.Float64(); random.IntN(3) == 0 {
					cost[i][j] = float64(random.IntN(4)) / 4 // ties
				}
			}
		}
		pairs := assign(cost, limit)
		if len(pairs) != rows {
			t.Fatalf("%d rows, %d answers", rows, len(pairs))
		}
		got, taken := 0.0, map[int]bool{}
		for i, j := range pairs {
			switch {
			case j < 0:
				got += limit
			case taken[j] || cost[i][j] > limit:
				t.Fatalf("%v with limit %v: %v", cost, limit, pairs)
			default:
				taken[j] = true
				got += cost[i][j]
			}
		}
		if want := bruteForce(cost, limit); math.Abs(got-want) > 1e-9 {
			t.Fatalf("%v with limit %v: %v costs %v, %v is possible", cost, limit, pairs, got, want)
		}
	}
}

func BenchmarkAssign20(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	cost := make([][]float64, 20)
	for i := range cost {
		for range 20 {
			cost[i] = append(cost[i], random.Float64())
		}
	}
	for b.Loop() {
		assign(cost, 0.8)
	}
}

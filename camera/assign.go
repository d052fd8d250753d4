package camera

import "math"

// assign pairs rows with columns at the least total cost, leaving unpaired what
// would cost more than limit. It returns each row's column, or -1. The cost of a
// row that stays alone counts as limit, so no pairing saves less than it costs.
//
// It is the Hungarian method with potentials and shortest augmenting paths
// (Kuhn 1955, Munkres 1957; in this form Jonker and Volgenant 1987), in
// O(rows² columns). Ties go to the first column.
func assign(cost [][]float64, limit float64) []int {
	n := len(cost)
	if n == 0 {
		return nil
	}
	real := len(cost[0])
	m := real + n // every row may stay alone, in a column of its own
	at := func(i, j int) float64 {
		if j >= real {
			return limit
		}
		if c := cost[i][j]; c <= limit {
			return c
		}
		return math.MaxFloat32 // finite, so that differences are numbers
	}
	// Rows and columns count from 1: row 0 and column 0 are the search's start.
	u, v := make([]float64, n+1), make([]float64, m+1)
	row, way := make([]int, m+1), make([]int, m+1)
	for i := 1; i <= n; i++ {
		row[0] = i
		j := 0
		least := make([]float64, m+1)
		for k := range least {
			least[k] = math.Inf(1)
		}
		used := make([]bool, m+1)
		for row[j] != 0 {
			used[j] = true
			r, delta, next := row[j], math.Inf(1), 0
			for k := 1; k <= m; k++ {
				if used[k] {
					continue
				}
				if c := at(r-1, k-1) - u[r] - v[k]; c < least[k] {
					least[k], way[k] = c, j
				}
				if least[k] < delta {
					delta, next = least[k], k
				}
			}
			for k := 0; k <= m; k++ {
				if used[k] {
					u[row[k]] += delta
					v[k] -= delta
				} else {
					least[k] -= delta
				}
			}
			j = next
		}
		for j != 0 {
			row[j] = row[way[j]]
			j = way[j]
		}
	}
	pairs := make([]int, n)
	for i := range pairs {
		pairs[i] = -1
	}
	for k := 1; k <= real; k++ {
		if i := row[k]; i > 0 && cost[i-1][k-1] <= limit {
			pairs[i-1] = k - 1
		}
	}
	return pairs
}

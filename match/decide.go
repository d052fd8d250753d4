package match

import (
	"math"

	"facegate"
)

// decide is the decision on the nearest people, ordered by distance:
//
//   - unknown: nobody is within the threshold (or there is nobody);
//   - ambiguous: the nearest two people are both within the threshold, and the
//     second is less than margin farther away than the first;
//   - match: any other case. A runner-up beyond the threshold never makes a
//     match ambiguous, however close to it they are.
//
// A distance equal to the threshold is within it.
func decide(nearest []facegate.Candidate, threshold, margin float64) facegate.Decision {
	switch {
	case len(nearest) == 0 || nearest[0].Distance > threshold:
		return facegate.Unknown
	case len(nearest) > 1 && nearest[1].Distance <= threshold && nearest[1].Distance-nearest[0].Distance < margin:
		return facegate.Ambiguous
	}
	return facegate.Match
}

// verdict is the decision on one distance.
func verdict(distance, threshold float64) facegate.Decision {
	if distance <= threshold {
		return facegate.Match
	}
	return facegate.NoMatch
}

// round is for answers only: six decimals tell all that an embedding can, and
// keep noise out of diffs. Decisions are made before rounding.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

func rounded(c facegate.Candidate) facegate.Candidate {
	c.Distance, c.Similarity = round(c.Distance), round(c.Similarity)
	return c
}

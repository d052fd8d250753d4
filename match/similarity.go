package match

import (
	"errors"
	"math"
)

// SimilarityMidpoint is the distance whose similarity is exactly 0.5: the one
// dlib's network was trained to part same from different people by.
const SimilarityMidpoint = 0.6

// SimilaritySlope is how steeply similarity falls, per unit of distance: the
// maximum likelihood slope (see [FitSlope]) on the 1,000 genuine and 1,000
// impostor pairs of LFW's development set, as package detector embeds them.
// BenchmarkSimilaritySlope measures it.
const SimilaritySlope = 48.5

// Similarity puts a distance on a scale from 1 (the same face) to 0 (nothing in
// common): 1/(1+exp(slope*(distance-0.6))), the logistic curve, which is
// (1+tanh(slope*(0.6-distance)/2))/2 in other words. It falls strictly from
// distance 0 to beyond 3, the farthest apart that real embeddings can be, and
// is exactly 0.5 at 0.6. It is monotone, so comparing similarities is comparing
// distances; it is no probability that two faces are one person, for that
// depends on how likely that was before looking.
func Similarity(distance float64) float64 {
	return 1 / (1 + math.Exp(SimilaritySlope*(distance-SimilarityMidpoint)))
}

// FitSlope is the slope under which the labelled distances are most likely, when
// 1/(1+exp(slope*(distance-0.6))) is the probability that a pair is genuine.
// Genuine and impostor pairs weigh the same in total, whatever their numbers.
// It is logistic regression with the midpoint pinned (Platt 1999, with one
// parameter), solved by bisection on the derivative, which is monotone.
//
// It fails where either list is empty, where the lists part perfectly at 0.6 (no
// finite slope is the best), and where similarity would not fall with distance.
func FitSlope(genuine, impostor []float64) (float64, error) {
	if len(genuine) == 0 || len(impostor) == 0 {
		return 0, errors.New("fit similarity: needs genuine and impostor distances")
	}
	// gradient is the derivative of the log likelihood by the slope.
	gradient := func(slope float64) float64 {
		var g, i float64
		for _, d := range genuine {
			x := SimilarityMidpoint - d
			g += x / (1 + math.Exp(slope*x))
		}
		for _, d := range impostor {
			x := d - SimilarityMidpoint
			i += x / (1 + math.Exp(slope*x))
		}
		return g/float64(len(genuine)) + i/float64(len(impostor))
	}
	if !(gradient(0) > 0) {
		return 0, errors.New("fit similarity: genuine pairs are not closer than impostor pairs")
	}
	low, high := 0.0, 1000.0
	if gradient(high) > 0 {
		return 0, errors.New("fit similarity: 0.6 parts the pairs perfectly; more pairs are needed to tell the slope")
	}
	for range 100 {
		mid := (low + high) / 2
		if gradient(mid) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2, nil
}

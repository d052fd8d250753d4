package match

import (
	"errors"
	"math"
	"slices"
)

// A Trial is the outcome of comparing one pair.
type Trial struct {
	Genuine  bool
	Fold     int     // from 0
	Distance float64 // 0 or more
	Failed   bool    // no face was found in one of the photos; Distance means nothing
}

// A Report says how well distances part genuine from impostor pairs, in the
// terms of ISO/IEC 19795-1: FMR is the share of impostor pairs taken for one
// person, FNMR the share of genuine pairs taken for two, TMR is 1-FNMR, and the
// equal error rate is where FMR and FNMR meet.
//
// Pairs lost to a failure to detect are errors. For the accuracy each of them
// is wrong, whatever its kind. For the rates (generalised, in ISO's sense: over
// all pairs, failures included) a lost genuine pair is never a match, and
// neither is a lost impostor pair.
type Report struct {
	Pairs            int     `json:"pairs"`
	Genuine          int     `json:"genuine_pairs"`
	Impostor         int     `json:"impostor_pairs"`
	Folds            int     `json:"folds"`
	Accuracy         float64 `json:"accuracy"`           // mean over folds, 0..1; each fold's threshold is chosen on the others
	AccuracySE       float64 `json:"accuracy_se"`        // standard error of that mean
	Threshold        float64 `json:"threshold"`          // mean of the folds' thresholds
	FailuresToDetect int     `json:"failures_to_detect"` // pairs lost
	EER              float64 `json:"eer"`
	EERThreshold     float64 `json:"eer_threshold"`
	TMRAtFMR1        float64 `json:"tmr_at_fmr_0.01"`
	TMRAtFMR01       float64 `json:"tmr_at_fmr_0.001"`
	// ThresholdAtFMR... are the largest thresholds that keep the FMR.
	ThresholdAtFMR1  float64 `json:"threshold_at_fmr_0.01"`
	ThresholdAtFMR01 float64 `json:"threshold_at_fmr_0.001"`
	FMR              float64 `json:"fmr"`  // at Threshold
	FNMR             float64 `json:"fnmr"` // at Threshold
}

// Evaluate measures trials by LFW's protocol: for each fold the threshold that
// is best on all other folds is applied to it, and the accuracy is the mean
// over folds. It needs two folds or more, each with a trial, and both kinds of
// pairs.
func Evaluate(trials []Trial) (Report, error) {
	r := Report{Pairs: len(trials)}
	genuine, impostor := map[int]int{}, map[int]int{}
	for _, t := range trials {
		switch {
		case t.Fold < 0:
			return Report{}, errors.New("evaluate: a fold below 0")
		case !t.Failed && !(t.Distance >= 0 && t.Distance <= math.MaxFloat64):
			return Report{}, errors.New("evaluate: a distance that is not finite or below 0")
		}
		r.Folds = max(r.Folds, t.Fold+1)
		if t.Genuine {
			genuine[t.Fold]++
			r.Genuine++
		} else {
			impostor[t.Fold]++
			r.Impostor++
		}
		if t.Failed {
			r.FailuresToDetect++
		}
	}
	if r.Genuine == 0 || r.Impostor == 0 {
		return Report{}, errors.New("evaluate: needs genuine and impostor pairs")
	}
	if r.Folds < 2 {
		return Report{}, errors.New("evaluate: needs two folds or more, for a threshold must not be measured where it was chosen")
	}
	for fold := range r.Folds {
		if genuine[fold]+impostor[fold] == 0 {
			return Report{}, errors.New("evaluate: a fold without pairs")
		}
	}
	sorted := sortedByDistance(trials)
	r.crossValidate(sorted)
	r.rates(sorted)
	return r, nil
}

// sortedByDistance puts failures last, where no threshold reaches them.
func sortedByDistance(trials []Trial) []Trial {
	sorted := slices.Clone(trials)
	for i := range sorted {
		if sorted[i].Failed {
			sorted[i].Distance = math.Inf(1)
		}
	}
	slices.SortStableFunc(sorted, func(a, b Trial) int {
		switch {
		case a.Distance < b.Distance:
			return -1
		case a.Distance > b.Distance:
			return 1
		}
		return 0
	})
	return sorted
}

func (r *Report) crossValidate(sorted []Trial) {
	accuracies := make([]float64, r.Folds)
	for fold := range r.Folds {
		threshold := bestThreshold(sorted, fold)
		right, all := 0, 0
		for _, t := range sorted {
			if t.Fold != fold {
				continue
			}
			all++
			if !t.Failed && (t.Distance <= threshold) == t.Genuine {
				right++
			}
		}
		accuracies[fold] = float64(right) / float64(all)
		r.Accuracy += accuracies[fold] / float64(r.Folds)
		r.Threshold += threshold / float64(r.Folds)
	}
	var squares float64
	for _, a := range accuracies {
		squares += (a - r.Accuracy) * (a - r.Accuracy)
	}
	r.AccuracySE = math.Sqrt(squares/float64(r.Folds-1)) / math.Sqrt(float64(r.Folds))
}

// bestThreshold is the one with the most right decisions on all folds but the
// one left out. Of equally good ones it is the middle of the widest gap between
// distances, the choice least tied to single pairs; then the lowest.
func bestThreshold(sorted []Trial, leftOut int) float64 {
	score, bestScore := 0, math.MinInt
	var best, width float64
	previous, previousSeen := 0.0, false
	consider := func(low, high float64) {
		if score > bestScore || score == bestScore && high-low > width {
			bestScore, best, width = score, (low+high)/2, high-low
		}
	}
	for _, t := range sorted {
		if t.Fold == leftOut || t.Failed {
			continue
		}
		if !previousSeen || t.Distance > previous {
			consider(previous, t.Distance)
		}
		previous, previousSeen = t.Distance, true
		if t.Genuine {
			score++
		} else {
			score--
		}
	}
	consider(previous, previous)
	return best
}

// rates walks the thresholds once, upwards.
func (r *Report) rates(sorted []Trial) {
	var matches, falseMatches int
	fmr, fnmr := 0.0, 1.0 // below the smallest distance
	r.FMR, r.FNMR = fmr, fnmr
	equal := false
	for i := 0; i < len(sorted) && !sorted[i].Failed; {
		d := sorted[i].Distance
		for ; i < len(sorted) && sorted[i].Distance == d; i++ { // equal distances pass a threshold together
			if sorted[i].Genuine {
				matches++
			} else {
				falseMatches++
			}
		}
		beforeFMR, beforeFNMR := fmr, fnmr
		fmr = float64(falseMatches) / float64(r.Impostor)
		fnmr = 1 - float64(matches)/float64(r.Genuine)
		if fmr >= fnmr && !equal {
			equal = true
			r.EER, r.EERThreshold = crossing(beforeFMR, beforeFNMR, fmr, fnmr), d
		}
		if fmr <= 0.01 {
			r.TMRAtFMR1, r.ThresholdAtFMR1 = 1-fnmr, d
		}
		if fmr <= 0.001 {
			r.TMRAtFMR01, r.ThresholdAtFMR01 = 1-fnmr, d
		}
		if d <= r.Threshold {
			r.FMR, r.FNMR = fmr, fnmr
		}
	}
	if !equal { // lost genuine pairs keep the FNMR above every FMR
		r.EER = (fmr + fnmr) / 2
	}
}

// crossing is the rate at which the line from (fmr0, fnmr0) to (fmr1, fnmr1)
// meets the diagonal.
func crossing(fmr0, fnmr0, fmr1, fnmr1 float64) float64 {
	gap0, gap1 := fnmr0-fmr0, fmr1-fnmr1 // both 0 or more, and not both 0
	t := gap0 / (gap0 + gap1)
	return fmr0 + t*(fmr1-fmr0)
}

package match

import "math"

// A RatePoint is how often decisions by a threshold are wrong, in the terms of
// ISO/IEC 19795-1.
type RatePoint struct {
	Threshold float64 `json:"threshold"` // distance
	FMR       float64 `json:"fmr"`       // impostor pairs taken for one person, 0..1
	FNMR      float64 `json:"fnmr"`      // genuine pairs taken for two, 0..1
}

// Curve is the rates at each distance that occurs among trials, which is all
// that a threshold can tell apart, by ascending threshold. It begins with a
// threshold below all of them. FMR never falls along it, and FNMR never rises.
// Failures are counted as by [Evaluate].
func Curve(trials []Trial) []RatePoint {
	sorted := sortedByDistance(trials)
	var genuine, impostor, matches, falseMatches float64
	for _, t := range sorted {
		if t.Genuine {
			genuine++
		} else {
			impostor++
		}
	}
	points := []RatePoint{{Threshold: 0, FMR: 0, FNMR: 1}}
	for i := 0; i < len(sorted) && !sorted[i].Failed; {
		d := sorted[i].Distance
		for ; i < len(sorted) && sorted[i].Distance == d; i++ { // equal distances pass a threshold together
			if sorted[i].Genuine {
				matches++
			} else {
				falseMatches++
			}
		}
		points = append(points, RatePoint{d, share(falseMatches, impostor), 1 - share(matches, genuine)})
	}
	return points
}

// share is 0 of nothing.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// A Histogram counts distances: Counts[i] lie from Low+i*Width to Low+(i+1)*Width,
// the upper end excluded. What lies outside is counted in the first or last.
type Histogram struct {
	Low    float64   `json:"low"`
	Width  float64   `json:"width"`
	Counts []float64 `json:"counts"`
}

// NewHistogram is an empty one over 0..high.
func NewHistogram(high, width float64) Histogram {
	return Histogram{Width: width, Counts: make([]float64, int(math.Ceil(high/width-1e-9)))}
}

// Add counts a distance.
func (h *Histogram) Add(distance float64) {
	i := int(math.Floor((distance - h.Low) / h.Width))
	h.Counts[min(max(i, 0), len(h.Counts)-1)]++
}

// Histograms are those of the genuine and the impostor trials; failures have no
// distance and are in neither.
func Histograms(trials []Trial, high, width float64) (genuine, impostor Histogram) {
	genuine, impostor = NewHistogram(high, width), NewHistogram(high, width)
	for _, t := range trials {
		switch {
		case t.Failed:
		case t.Genuine:
			genuine.Add(t.Distance)
		default:
			impostor.Add(t.Distance)
		}
	}
	return genuine, impostor
}

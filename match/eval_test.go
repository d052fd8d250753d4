package match_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"facegate/match"
)

// folds spreads distances over two folds, the first half into the first.
func folds(genuine, impostor []float64) []match.Trial {
	var trials []match.Trial
	for kind, list := range [][]float64{genuine, impostor} {
		for i, d := range list {
			t := match.Trial{Genuine: kind == 0, Distance: d, Failed: d < 0}
			if i >= len(list)/2 {
				t.Fold = 1
			}
			trials = append(trials, t)
		}
	}
	return trials
}

// failed stands for a pair that could not be compared.
const failed = -1

func TestEvaluate(t *testing.T) {
	for _, c := range []struct {
		name              string
		genuine, impostor []float64
		want              match.Report
	}{
		{
			name:    "parted",
			genuine: []float64{0.3, 0.4, 0.3, 0.4}, impostor: []float64{0.8, 0.9, 0.8, 0.9},
			want: match.Report{Accuracy: 1, Threshold: 0.6, TMRAtFMR1: 1, TMRAtFMR01: 1, ThresholdAtFMR1: 0.4, ThresholdAtFMR01: 0.4, EERThreshold: 0.4},
		},
		{
			// Fold 0 is decided at 0.6, between .46 and .74, and misses its .7; fold 1
			// at 0.75, between .7 and .8, and takes its .74 for a match.
			name:    "threshold from the other fold",
			genuine: []float64{0.4, 0.7, 0.4, 0.46}, impostor: []float64{0.8, 0.9, 0.74, 0.9},
			want: match.Report{Accuracy: 0.75, Threshold: 0.675, FMR: 0, FNMR: 0.25, EER: 0, EERThreshold: 0.7,
				TMRAtFMR1: 1, TMRAtFMR01: 1, ThresholdAtFMR1: 0.7, ThresholdAtFMR01: 0.7},
		},
		{
			// Whatever is lost is wrong: 2 of 4 pairs in each fold are.
			name:    "failures",
			genuine: []float64{0.3, failed, 0.3, failed}, impostor: []float64{0.9, failed, 0.9, failed},
			want: match.Report{Accuracy: 0.5, Threshold: 0.6, FailuresToDetect: 4, FNMR: 0.5, EER: 0.5, EERThreshold: 0.9,
				TMRAtFMR1: 0.5, TMRAtFMR01: 0.5, ThresholdAtFMR1: 0.3, ThresholdAtFMR01: 0.3},
		},
		{
			// Fold 0 (G .1 .3, I .2 .5) is decided at .65, fold 1 (G .4 .6, I .7 .8)
			// at .4. Upwards the kinds are G I G G I G I I: after the fourth, FMR
			// and FNMR are both .25.
			name:    "overlap",
			genuine: []float64{0.1, 0.3, 0.4, 0.6}, impostor: []float64{0.2, 0.5, 0.7, 0.8},
			want: match.Report{Accuracy: 0.625, Threshold: 0.525, FMR: 0.5, FNMR: 0.25, EER: 0.25, EERThreshold: 0.4,
				TMRAtFMR1: 0.25, TMRAtFMR01: 0.25, ThresholdAtFMR1: 0.1, ThresholdAtFMR01: 0.1},
		},
	} {
		got, err := match.Evaluate(folds(c.genuine, c.impostor))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		c.want.Pairs, c.want.Genuine, c.want.Impostor, c.want.Folds = 8, 4, 4, 2
		c.want.AccuracySE = got.AccuracySE // see TestEvaluateSpread
		compareReports(t, c.name, got, c.want)
	}
}

func compareReports(t *testing.T, name string, got, want match.Report) {
	t.Helper()
	var fields [2]map[string]float64
	for i, r := range []match.Report{got, want} {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &fields[i]); err != nil {
			t.Fatal(err)
		}
	}
	for field, w := range fields[1] {
		if g, ok := fields[0][field]; !ok || math.Abs(g-w) > 1e-9 {
			t.Errorf("%s: %s is %v, want %v", name, field, g, w)
		}
	}
}

// TestEvaluateSpread: accuracies 1, 0.5 and 0.75 have a standard deviation of
// 0.25, and a standard error of 0.25/sqrt(3).
func TestEvaluateSpread(t *testing.T) {
	var trials []match.Trial
	for fold, wrong := range []int{0, 2, 1} {
		for i := range 4 {
			trials = append(trials, match.Trial{Fold: fold, Genuine: i%2 == 0, Distance: 0.3 + 0.6*float64(i%2), Failed: i < wrong})
		}
	}
	got, err := match.Evaluate(trials)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Accuracy-0.75) > 1e-12 || math.Abs(got.AccuracySE-0.25/math.Sqrt(3)) > 1e-12 {
		t.Errorf("accuracy %v ± %v", got.Accuracy, got.AccuracySE)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	for name, trials := range map[string][]match.Trial{
		"nothing":     nil,
		"one kind":    {{Genuine: true}, {Genuine: true, Fold: 1}},
		"one fold":    {{Genuine: true}, {}},
		"empty fold":  {{Genuine: true}, {Fold: 2}},
		"no distance": {{Genuine: true, Distance: math.NaN()}, {Fold: 1}},
		"below 0":     {{Genuine: true, Distance: -0.1}, {Fold: 1}},
		"fold -1":     {{Genuine: true, Fold: -1}, {Fold: 1}},
	} {
		if got, err := match.Evaluate(trials); err == nil {
			t.Errorf("%s: %+v, want an error", name, got)
		}
	}
}

func TestReportFields(t *testing.T) {
	b, err := json.Marshal(match.Report{})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"accuracy", "accuracy_se", "failures_to_detect", "eer", "tmr_at_fmr_0.01", "tmr_at_fmr_0.001", "threshold", "pairs"} {
		if !strings.Contains(string(b), `"`+field+`":`) {
			t.Errorf("no field %s in %s", field, b)
		}
	}
}

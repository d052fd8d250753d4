package main

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"os"

	"facegate/match"
)

//go:embed evalhtml.tmpl
var evaluationPage string

// writeEvaluationHTML writes a page that needs nothing but itself.
func writeEvaluationHTML(path, dir string, e evaluation) error {
	page, err := template.New("evaluation").Funcs(template.FuncMap{
		"percent": percent,
		"two":     func(v float64) string { return fmt.Sprintf("%.2f", v) },
		"three":   func(v float64) string { return fmt.Sprintf("%.3f", v) },
		"zero":    func(v float64) string { return fmt.Sprintf("%.0f", v) },
		"fifth":   func(i int) bool { return i%5 == 0 },
	}).Parse(evaluationPage)
	if err != nil {
		return fmt.Errorf("read the report's template: %w", err)
	}
	var charts []chart
	if e.Report != nil {
		charts = append(charts, histogramChart(e.trials))
		curve := match.Curve(e.trials)
		charts = append(charts, detChart(curve), rocChart(curve))
	}
	if e.Identification != nil {
		charts = append(charts, identificationChart(*e.Identification), expectationChart(*e.Identification))
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	err = page.Execute(file, struct {
		Dir string
		evaluation
		Charts []chart
	}{dir, e, charts})
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func histogramChart(trials []match.Trial) chart {
	const high, width = 1.4, 0.02
	genuine, impostor := match.Histograms(trials, high, width)
	most := 0.0
	share := func(h match.Histogram) []float64 {
		sum := 0.0
		for _, n := range h.Counts {
			sum += n
		}
		shares := make([]float64, len(h.Counts))
		for i, n := range h.Counts {
			if sum > 0 {
				shares[i] = n / sum
			}
			most = max(most, shares[i])
		}
		return shares
	}
	g, i := share(genuine), share(impostor)
	step := math.Pow(10, math.Floor(math.Log10(most)))
	if most/step < 3 {
		step /= 2
	}
	var ticks []float64
	for v := 0.0; v <= most; v += step {
		ticks = append(ticks, v)
	}
	x, y := axis{0, high, straight}, axis{0, most * 1.05, straight}
	c := newChart("Distances", "How far apart photos of one person (genuine) and of two people (impostor) are: share of the pairs by distance.",
		"distance", "share of pairs", x, y, []float64{0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4}, nil, plainLabel)
	for _, v := range ticks {
		c.YTicks = append(c.YTicks, tick{y.y(v), percentLabel(v)})
	}
	bars := func(name, class string, shares []float64) chartLine {
		l := line(name, class, x, y, 2*len(shares), func(i int) (float64, float64) { return width * float64((i+1)/2), shares[i/2] })
		l.Path = fmt.Sprintf("M%.1f %.1fL%sL%.1f %.1fZ", x.x(0), y.y(0), l.Path[1:], x.x(high), y.y(0))
		return l
	}
	c.Lines = []chartLine{bars("genuine", "good filled", g), bars("impostor", "bad filled", i)}
	return c
}

// Rates are drawn from 0.1% up, where a few thousand pairs can still tell; with
// more of them, from 0.01%.
func detChart(curve []match.RatePoint) chart {
	rates := axis{0.0005, 0.5, probit}
	ticks := []float64{0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4}
	c := newChart("DET curve", "The two errors against each other as the threshold moves (axes: normal deviates). The nearer to the lower left corner the better; the dotted line is where both are equal.",
		"false match rate (FMR)", "false non-match rate (FNMR)", rates, rates, ticks, ticks, percentLabel)
	c.Lines = []chartLine{
		line("equal", "faint", rates, rates, 2, func(i int) (float64, float64) { v := []float64{rates.low, rates.high}[i]; return v, v }),
		line("FNMR by FMR", "accent", rates, rates, len(curve), func(i int) (float64, float64) { return curve[i].FMR, curve[i].FNMR }),
	}
	return c
}

func rocChart(curve []match.RatePoint) chart {
	x, y := axis{0.0001, 1, math.Log10}, axis{0, 1, straight}
	c := newChart("ROC curve", "Genuine pairs that are matched, by the share of impostor pairs that are matched too (logarithmic).",
		"false match rate (FMR)", "true match rate (1 − FNMR)", x, y, []float64{0.0001, 0.001, 0.01, 0.1, 1}, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}, percentLabel)
	c.Lines = []chartLine{line("TMR by FMR", "accent", x, y, len(curve), func(i int) (float64, float64) { return curve[i].FMR, 1 - curve[i].FNMR })}
	return c
}

func identificationChart(r match.OpenSetReport) chart {
	x, y := axis{0.0005, 1, math.Log10}, axis{0, 1, straight}
	c := newChart("Identification", "Probes of enrolled people that are not found, by the share of impostors for whom somebody is (logarithmic).",
		"false positive identification rate (FPIR)", "FNIR", x, y, []float64{0.001, 0.01, 0.1, 1}, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}, percentLabel)
	c.Lines = []chartLine{line("FNIR by FPIR", "accent", x, y, len(r.Points), func(i int) (float64, float64) { return r.Points[i].FPIR, r.Points[i].FNIR })}
	return c
}

func expectationChart(r match.OpenSetReport) chart {
	x, y := axis{0.3, 0.7, straight}, axis{0.0001, 1, math.Log10}
	c := newChart("FPIR by threshold", "Measured, and as 1 − (1 − FMR)^N foretells from pairs alone, where N is the number of samples enrolled.",
		"threshold", "FPIR", x, y, nil, []float64{0.0001, 0.001, 0.01, 0.1, 1}, percentLabel)
	for _, v := range []float64{0.3, 0.4, 0.5, 0.6, 0.7} {
		c.XTicks = append(c.XTicks, tick{x.x(v), plainLabel(v)})
	}
	c.Lines = []chartLine{
		line("measured", "accent", x, y, len(r.Points), func(i int) (float64, float64) { return r.Points[i].Threshold, r.Points[i].FPIR }),
		line("foretold", "faint", x, y, len(r.Points), func(i int) (float64, float64) { return r.Points[i].Threshold, r.Points[i].FPIRExpected }),
	}
	return c
}

package main

import (
	"fmt"
	"math"
	"strings"
)

// A chart is a drawing of curves for a page that must do without scripts: the
// template turns it into SVG. Its plane is 480 by 300, and the curves' points are
// in it already.
type chart struct {
	Title, About   string
	XLabel, YLabel string
	XTicks, YTicks []tick
	Lines          []chartLine
}

const (
	chartLeft, chartRight = 58.0, 470.0
	chartTop, chartBottom = 12.0, 250.0
)

type tick struct {
	At    float64
	Label string
}

type chartLine struct {
	Name  string
	Class string // of the style sheet
	Path  string
}

// An axis maps values onto 0..1.
type axis struct {
	low, high float64
	bend      func(float64) float64 // monotone
}

func (a axis) at(v float64) float64 {
	v = min(max(v, a.low), a.high)
	return (a.bend(v) - a.bend(a.low)) / (a.bend(a.high) - a.bend(a.low))
}

func straight(v float64) float64 { return v }

// probit is the normal deviate of a probability: on such axes the errors of
// normally distributed scores are a straight line (Martin et al., "The DET curve
// in assessment of detection task performance", 1997).
func probit(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

func (a axis) x(v float64) float64 { return chartLeft + a.at(v)*(chartRight-chartLeft) }
func (a axis) y(v float64) float64 { return chartBottom - a.at(v)*(chartBottom-chartTop) }

func newChart(title, about, xLabel, yLabel string, x, y axis, xTicks, yTicks []float64, label func(float64) string) chart {
	c := chart{Title: title, About: about, XLabel: xLabel, YLabel: yLabel}
	for _, v := range xTicks {
		c.XTicks = append(c.XTicks, tick{x.x(v), label(v)})
	}
	for _, v := range yTicks {
		c.YTicks = append(c.YTicks, tick{y.y(v), label(v)})
	}
	return c
}

// line is a curve through n points; steps makes it run level from each point to
// the next, and then up.
func line(name, class string, x, y axis, n int, point func(i int) (x, y float64)) chartLine {
	var path strings.Builder
	lastX, lastY := "", ""
	for i := range n {
		px, py := point(i)
		sx, sy := fmt.Sprintf("%.1f", x.x(px)), fmt.Sprintf("%.1f", y.y(py))
		if sx == lastX && sy == lastY {
			continue
		}
		verb := "L"
		if i == 0 {
			verb = "M"
		}
		fmt.Fprintf(&path, "%s%s %s", verb, sx, sy)
		lastX, lastY = sx, sy
	}
	return chartLine{name, class, path.String()}
}

func percentLabel(v float64) string { return fmt.Sprintf("%g%%", math.Round(v*1e6)/1e4) }
func plainLabel(v float64) string   { return fmt.Sprintf("%g", math.Round(v*1e6)/1e6) }

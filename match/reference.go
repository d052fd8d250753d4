package match

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"facegate"
)

// The calibrations that come with the program, one for each profile of the
// detector, as the command in their source printed them: reference/fast.json and
// reference/accurate.json, measured on LFW's development set.
//
//go:embed reference/*.json
var references embed.FS

// Reference is the calibration that comes with the program for a recipe. Where it
// was measured with other model files of the same kind it is still near, and a
// warning says so. It is nil for a recipe that makes embeddings in another way.
func Reference(recipe string) (*Calibration, error) {
	files, err := references.ReadDir("reference")
	if err != nil {
		return nil, fmt.Errorf("read the reference calibrations: %w", err)
	}
	for _, f := range files {
		content, err := references.ReadFile("reference/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read the reference calibrations: %w", err)
		}
		c := new(Calibration)
		if err := json.Unmarshal(content, c); err != nil {
			return nil, fmt.Errorf("read the reference calibration %s: %w", f.Name(), err)
		}
		if steps(c.Recipe) != steps(recipe) {
			continue
		}
		if c.Recipe != recipe {
			c.Warnings = append(c.Warnings, "the reference was measured with other model files ("+c.Recipe+"): its rates are approximate")
		}
		return c, nil
	}
	return nil, nil
}

// steps is a recipe without its model files: network-content-points-content-steps.
func steps(recipe string) string {
	parts := strings.SplitN(recipe, "-", 5)
	return parts[0] + "-" + parts[len(parts)-1]
}

// summary is what c rests on; c may be nil.
func (c *Calibration) summary(own bool) facegate.CalibrationSummary {
	if c == nil {
		return facegate.CalibrationSummary{Warnings: []string{"there is no calibration for this recipe: how often decisions are wrong is not known"}}
	}
	return facegate.CalibrationSummary{
		Source: c.Source, Recipe: c.Recipe, MadeAt: c.MadeAt, People: c.People, GenuinePairs: c.GenuinePairs,
		ImpostorPairs: c.ImpostorPairs, MeasuredFrom: c.MeasuredFrom, Own: own, Warnings: append([]string{}, c.Warnings...),
	}
}

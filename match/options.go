package match

import (
	"fmt"

	"facegate"
)

const (
	defaultCandidates = 5
	maxCandidates     = 100
	maxThreshold      = 2
)

// checkThreshold is about a threshold that a request asks for; nil: it does not.
func checkThreshold(asked *float64) error {
	if asked != nil && !(*asked >= 0 && *asked <= maxThreshold) { // false for NaN too
		return facegate.NewError(facegate.CodeInvalid,
			fmt.Sprintf("the threshold is %v, not within 0..%v", *asked, maxThreshold), "leave it out to use the configured one")
	}
	return nil
}

func candidatesOf(asked int) (int, error) {
	if asked == 0 {
		return defaultCandidates, nil
	}
	if asked < 1 || asked > maxCandidates {
		return 0, facegate.NewError(facegate.CodeInvalid,
			fmt.Sprintf("%d candidates were asked for, not 1..%d", asked, maxCandidates), "leave it out to get 5")
	}
	return asked, nil
}

func checkAnalyse(o facegate.AnalyseOptions) error {
	if !(o.MinScore >= 0 && o.MinScore <= 1) {
		return facegate.NewError(facegate.CodeInvalid,
			fmt.Sprintf("the minimum score is %v, not within 0..1", o.MinScore), "leave it out to use the detector's own")
	}
	if o.MaxFaces < 0 {
		return facegate.NewError(facegate.CodeInvalid,
			fmt.Sprintf("the most faces to return is %d, less than 0", o.MaxFaces), "leave it out to get all")
	}
	return nil
}

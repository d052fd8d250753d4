package web

import (
	"context"
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// thresholds answers GET /v1/thresholds.
func (s *Server) thresholds(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	t, err := s.Thresholds.Thresholds(ctx)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeThresholds(t))
}

// setThresholds answers PUT /v1/thresholds.
func (s *Server) setThresholds(c *gin.Context) error {
	var u facegate.ThresholdsUpdate
	if err := readJSON(c, &u); err != nil {
		return err
	}
	if u == (facegate.ThresholdsUpdate{}) {
		return invalid("give a policy, targets, thresholds or a calibration", "nothing is to be changed")
	}
	ctx, cancel := s.working(c)
	defer cancel()
	t, err := s.Thresholds.SetThresholds(ctx, u)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, wholeThresholds(t))
}

// calibration answers GET /v1/thresholds/calibration.
func (s *Server) calibration(c *gin.Context) error {
	ctx, cancel := s.working(c)
	defer cancel()
	cal, ok, err := s.Thresholds.Calibration(ctx)
	if err != nil {
		return err
	}
	if !ok {
		return facegate.NewError(facegate.CodeNotFound, "there is no calibration for the recipe in use",
			"measure one: facegate calibrate --apply")
	}
	cal.Points, cal.Warnings = whole(cal.Points), whole(cal.Warnings)
	return answer(c, http.StatusOK, cal)
}

// maxPairs is how many people of each kind are named at most.
const maxPairs = 500

// ownPairs answers GET /v1/thresholds/pairs.
func (s *Server) ownPairs(c *gin.Context) error {
	q, err := queryParams(c.Request.URL, "threshold", "limit")
	if err != nil {
		return err
	}
	asked, limit := q.number("threshold", 0, maxDistance), q.count("limit", 1, maxPairs)
	if q.err != nil {
		return q.err
	}
	if limit == 0 {
		limit = 50
	}
	ctx, cancel := s.working(c)
	defer cancel()
	if asked == nil {
		t, err := s.Thresholds.Thresholds(ctx)
		if err != nil {
			return err
		}
		asked = &t.Identify
	}
	p, err := s.Thresholds.OwnPairs(ctx, *asked, limit)
	if err != nil {
		return err
	}
	p.ConfusedPeople, p.MissedPeople = whole(p.ConfusedPeople), whole(p.MissedPeople)
	p.GenuineHistogram, p.ImpostorHistogram = whole(p.GenuineHistogram), whole(p.ImpostorHistogram)
	return answer(c, http.StatusOK, p)
}

func wholeThresholds(t facegate.Thresholds) facegate.Thresholds {
	t.Fixed, t.Policies, t.Calibration.Warnings = whole(t.Fixed), whole(t.Policies), whole(t.Calibration.Warnings)
	return t
}

// fixedThresholds are the defaults, for a server that is given no other.
type fixedThresholds struct{}

func (fixedThresholds) Thresholds(context.Context) (facegate.Thresholds, error) {
	return facegate.Thresholds{Policy: facegate.PolicyFixed, Fixed: []string{"policy", "verify", "identify", "margin"},
		Verify: facegate.DefaultVerifyThreshold, Identify: facegate.DefaultIdentifyThreshold, Margin: facegate.DefaultMargin}, nil
}

func (fixedThresholds) SetThresholds(context.Context, facegate.ThresholdsUpdate) (facegate.Thresholds, error) {
	return facegate.Thresholds{}, facegate.NewError(facegate.CodeFixed, "the thresholds of this server are fixed", "")
}

func (fixedThresholds) Calibration(context.Context) (facegate.Calibration, bool, error) {
	return facegate.Calibration{}, false, nil
}

func (fixedThresholds) OwnPairs(context.Context, float64, int) (facegate.OwnPairs, error) {
	return facegate.OwnPairs{}, facegate.NewError(facegate.CodeFixed, "the thresholds of this server are fixed", "")
}

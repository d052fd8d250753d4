package web

import (
	"net/http"

	"facegate"

	"github.com/gin-gonic/gin"
)

// Thresholds are the distances decisions are taken by.
type Thresholds struct {
	Verify   float64 `json:"verify"`   // 0..2
	Identify float64 `json:"identify"` // 0..2
	Margin   float64 `json:"margin"`   // between two people within the threshold, 0..2
}

// DefaultThresholds are those of the root package.
func DefaultThresholds() Thresholds {
	return Thresholds{
		Verify:   facegate.DefaultVerifyThreshold,
		Identify: facegate.DefaultIdentifyThreshold,
		Margin:   facegate.DefaultMargin,
	}
}

// thresholds answers GET /v1/thresholds.
func (s *Server) thresholds(c *gin.Context) error {
	return answer(c, http.StatusOK, s.Thresholds())
}

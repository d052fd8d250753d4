package web

import (
	"context"
	"time"

	"facegate"

	"github.com/coder/websocket"
	"github.com/gin-gonic/gin"
)

// A challengeAnswer says what to tell the person, and what became of the last
// picture. It comes when the next one may be sent.
type challengeAnswer struct {
	facegate.ChallengeState
	Problem Problem `json:"problem,omitzero"`
}

// challengeIdle is how long nobody may be before the webcam of a challenge.
const challengeIdle = 10 * time.Second

// challenge answers GET /v1/verify/challenge, a WebSocket: each picture is
// answered by a challengeAnswer. It is closed once the challenge is over.
func (s *Server) challenge(c *gin.Context) error {
	query, err := queryParams(c.Request.URL, "person", "turns", "threshold")
	if err != nil {
		return err
	}
	person, ok := query.text("person")
	o := facegate.ChallengeOptions{
		Turns:     query.count("turns", facegate.LeastChallengeTurns, facegate.MostChallengeTurns),
		Threshold: query.number("threshold", 0, maxDistance),
	}
	switch {
	case query.err != nil:
		return query.err
	case !ok:
		return invalid("give the person's id or name as ?person=", "the person is missing")
	}
	ctx, cancel := s.working(c)
	defer cancel()
	p, err := s.personNamed(ctx, person)
	if err != nil {
		return err
	}
	challenge, err := s.Challenges.Begin(ctx, p.ID, o)
	if err != nil {
		return err
	}
	defer func() {
		if err := challenge.End(context.WithoutCancel(c.Request.Context())); err != nil {
			s.Logger.ErrorContext(c, "the end of a challenge could not be recorded", "error", err)
		}
	}()
	return s.converse(c, "open it as a WebSocket", challengeIdle, func(ctx context.Context, picture []byte) (any, *farewell) {
		ctx, cancel := context.WithTimeout(ctx, s.RequestTimeout)
		defer cancel()
		state, err := challenge.Look(ctx, picture, s.Now())
		s.metrics.found(opVerify, 1)
		countFaces(c, 1)
		a := challengeAnswer{ChallengeState: state}
		if err != nil {
			a.Problem, _ = s.problemOf(err)
		}
		if v := state.Verification; v != nil {
			whole := wholeVerification(*v)
			a.Verification = &whole
			s.metrics.decided(opVerify, v.Decision)
		}
		switch {
		case state.Over():
			return a, &farewell{websocket.StatusNormalClosure, string(state.Result)}
		case err != nil && state.Result == facegate.ChallengePassed && facegate.CodeOf(err) != facegate.CodeBusy:
			return a, &farewell{websocket.StatusPolicyViolation, "the person cannot be verified"}
		}
		return a, nil
	})
}

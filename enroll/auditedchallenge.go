package enroll

import (
	"context"
	"time"

	"facegate"
)

const actionChallenge = "challenge"

// AuditedChallenges are Challenges whose every outcome is in the audit, also where
// somebody gave up. The verification of one that was passed is an entry of its own.
type AuditedChallenges struct {
	facegate.Challenges
	Log facegate.AuditLog
}

var _ facegate.Challenges = (*AuditedChallenges)(nil)

// Begin implements [facegate.Challenges].
func (a *AuditedChallenges) Begin(ctx context.Context, personID string, o facegate.ChallengeOptions) (facegate.Challenge, error) {
	c, err := a.Challenges.Begin(ctx, personID, o)
	if err != nil {
		return nil, err
	}
	return &auditedChallenge{Challenge: c, log: a.Log, person: personID}, nil
}

type auditedChallenge struct {
	facegate.Challenge
	log    facegate.AuditLog
	person string
	state  facegate.ChallengeState
}

// Look implements [facegate.Challenge].
func (a *auditedChallenge) Look(ctx context.Context, picture []byte, at time.Time) (facegate.ChallengeState, error) {
	state, err := a.Challenge.Look(ctx, picture, at)
	a.state = state
	return state, err
}

// End is recorded: who gave up tried, too.
func (a *auditedChallenge) End(ctx context.Context) error {
	if a.state.Result == "" { // nobody came before the webcam
		return a.Challenge.End(ctx)
	}
	detail := map[string]any{"turns": a.state.Done, "result": a.state.Result}
	switch {
	case a.state.Reason != "":
		detail["reason"] = a.state.Reason
	case a.state.Result != facegate.ChallengePassed:
		detail["result"] = "given up"
	}
	if err := a.log.Record(ctx, facegate.AuditRecord{Action: actionChallenge, PersonID: a.person, Detail: detail}); err != nil {
		return err
	}
	return a.Challenge.End(ctx)
}

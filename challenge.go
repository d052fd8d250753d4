package facegate

import (
	"context"
	"time"
)

// A Turn is what a person is asked to do to show that they are there.
type Turn string

// Turns. Left and right are the person's own.
const (
	LookAhead Turn = "ahead"
	TurnLeft  Turn = "left"
	TurnRight Turn = "right"
)

// ChallengeResult is how far a challenge is.
type ChallengeResult string

// Results of challenges.
const (
	ChallengeRunning ChallengeResult = "running"
	ChallengePassed  ChallengeResult = "passed"
	ChallengeFailed  ChallengeResult = "failed"
)

// A ChallengeState says what to tell the person.
type ChallengeState struct {
	Result    ChallengeResult `json:"result"`
	Ask       Turn            `json:"ask,omitempty"`    // what to do now, while running
	Hint      string          `json:"hint,omitempty"`   // what keeps it from going on, for people
	Reason    string          `json:"reason,omitempty"` // why it failed, for people
	Done      int             `json:"done"`             // turns done
	Turns     int             `json:"turns"`            // of so many
	Remaining float64         `json:"remaining_seconds"`
	// Verification is the answer, once passed: of the best look straight ahead
	// against the person. Passing alone says that somebody is there, not who.
	Verification *Verification `json:"verification,omitempty"`
}

// Over reports whether there is nothing more to look at.
func (s ChallengeState) Over() bool {
	return s.Result == ChallengeFailed || s.Verification != nil
}

// Most and default turns of a challenge; the least is one to each side.
const (
	LeastChallengeTurns   = 2
	DefaultChallengeTurns = 2
	MostChallengeTurns    = 6
)

// ChallengeOptions adjust one challenge.
type ChallengeOptions struct {
	Turns     int      // LeastChallengeTurns..MostChallengeTurns; 0: DefaultChallengeTurns
	Threshold *float64 // of the verification, instead of the configured one, 0..2
}

// Challenges is the service that verifies people before a webcam who show that
// they are there: they turn the head as they are asked to, and no photo can.
type Challenges interface {
	// Begin begins a challenge for an enrolled person. It fails with
	// CodePersonNotFound, CodeNoSamples, and CodeInvalid for options out of range.
	Begin(ctx context.Context, personID string, o ChallengeOptions) (Challenge, error)
}

// A Challenge is under way with one person before a webcam. It is for one
// goroutine.
type Challenge interface {
	// Look takes the next picture (JPEG, PNG, ...), taken at that time, and says what
	// to ask for next. An error is about this picture alone, and the challenge goes
	// on: those of [Analyser] and, once passed, of [Recognition]. A challenge that is
	// over stays as it is.
	Look(ctx context.Context, picture []byte, at time.Time) (ChallengeState, error)
	// End is called once, when no picture will come any more.
	End(ctx context.Context) error
}

package facegate

import "time"

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
}

// A Challenge asks one person before a webcam to turn the head this way and that.
// It is fed the faces of each picture, embedded where possible, in the order the
// pictures were taken; the answer says what to ask for next. It is for one
// goroutine. Once passed, Face is the best look at the person, to verify or
// identify.
type Challenge interface {
	Observe(faces []Face, at time.Time) ChallengeState
	Face() *Face // embedded, looking ahead; nil until there is one
}

package camera

import (
	"math"
	"time"

	"facegate"
)

// Limits of a challenge. Yaw is in degrees, against the person's own looking ahead:
// cameras stand where they stand.
const (
	aheadYaw    = 14.0 // at most, looking ahead
	turnedYaw   = 24.0 // at least, turned
	steadyLooks = 2    // pictures in a row that have to show it

	challengeGap = 1500 * time.Millisecond // without a face, after which it could be somebody else

	// Distance of two looks at one face, turned or not. Turning costs little: on Labeled
	// Faces in the Wild 1.1% of pairs of one person, one photo ahead and one turned by
	// turnedYaw or more, are beyond it, and 0.7% of pairs of two people within.
	sameFace    = 0.6
	strangeMost = 2 // looks in a row beyond it that are another face; one may be blurred
)

// A TurnChallenge asks one person before a webcam to look ahead, then to turn the
// head to the left and to the right in an order that nobody can know beforehand,
// looking ahead in between. Turning the wrong way fails it, so does another face, a
// second face, a leap of the face, and time. It is fed the faces of each picture,
// embedded where possible, in the order the pictures were taken. It is for one
// goroutine.
//
// It holds against photos. A video made beforehand passes where its turns happen to
// be those asked for, or somebody switches between videos as they are asked for; a
// mask, or a face made up in real time, passes.
type TurnChallenge struct {
	turns []facegate.Turn
	limit time.Duration

	began, last time.Time
	state       facegate.ChallengeState
	done        int
	turned      bool // the present turn is made; the way back is not
	steady      int
	strange     int
	middle      float64 // yaw of looking ahead
	anchor      *facegate.Face
	box         facegate.Box
}

// NewTurnChallenge makes a challenge of so many turns, at least two, one to each
// side at least; random is uniform in [0, n).
func NewTurnChallenge(turns int, limit time.Duration, random func(n int) int) *TurnChallenge {
	turns = max(turns, 2)
	c := &TurnChallenge{limit: limit}
	for range turns {
		c.turns = append(c.turns, [...]facegate.Turn{facegate.TurnLeft, facegate.TurnRight}[random(2)])
	}
	// One of each at least, at a place as random as the rest.
	i := random(turns)
	j := (i + 1 + random(turns-1)) % turns
	c.turns[j] = facegate.TurnLeft
	if c.turns[i] == facegate.TurnLeft {
		c.turns[j] = facegate.TurnRight
	}
	c.state = facegate.ChallengeState{Result: facegate.ChallengeRunning, Ask: facegate.LookAhead, Turns: turns, Remaining: limit.Seconds()}
	return c
}

// Face is the best look straight ahead, embedded; nil until there is one.
func (c *TurnChallenge) Face() *facegate.Face { return c.anchor }

// State is how far the challenge is at that time. Its time begins with the first
// call.
func (c *TurnChallenge) State(at time.Time) facegate.ChallengeState {
	if c.state.Result != facegate.ChallengeRunning {
		return c.state
	}
	if c.began.IsZero() {
		c.began, c.last = at, at
	}
	c.state.Remaining = math.Max(0, math.Round(10*(c.limit-at.Sub(c.began)).Seconds())/10)
	if at.Sub(c.began) > c.limit {
		return c.fail("the time is over")
	}
	return c.state
}

// Observe takes the faces of the next picture, and says what to ask for.
func (c *TurnChallenge) Observe(faces []facegate.Face, at time.Time) facegate.ChallengeState {
	if c.State(at).Result != facegate.ChallengeRunning {
		return c.state
	}
	c.state.Hint = ""
	switch {
	case c.anchor != nil && at.Sub(c.last) > challengeGap:
		return c.fail("the face was out of sight")
	case len(faces) > 1 && c.anchor != nil:
		return c.fail("a second face came into the picture")
	case len(faces) > 1:
		return c.hint("only one face may be in the picture")
	case len(faces) == 0:
		return c.hint("no face is in the picture")
	}
	f := faces[0]
	if c.anchor != nil && c.box.IoU(f.Box) == 0 {
		return c.fail("the face leapt")
	}
	c.last, c.box = at, f.Box
	if c.anchor == nil {
		return c.begin(f)
	}
	return c.follow(f)
}

// begin waits for a steady look ahead.
func (c *TurnChallenge) begin(f facegate.Face) facegate.ChallengeState {
	switch {
	case math.Abs(f.Quality.Yaw) > aheadYaw:
		c.steady = 0
		return c.hint("look straight ahead")
	case f.Embedding == nil || f.Quality.Overall < worthQuality:
		return c.hint("the face is not clearly visible")
	}
	if c.steady++; c.steady >= steadyLooks {
		c.anchor, c.middle, c.steady = &f, f.Quality.Yaw, 0
		c.state.Ask = c.turns[0]
	}
	return c.state
}

// follow checks the present turn, or the way back from it.
func (c *TurnChallenge) follow(f facegate.Face) facegate.ChallengeState {
	yaw := f.Quality.Yaw - c.middle
	ahead := math.Abs(yaw) <= aheadYaw
	if f.Embedding == nil || f.Quality.Overall < worthQuality {
		c.steady = 0
		return c.hint("the face is not clearly visible")
	}
	if f.Embedding.Distance(c.anchor.Embedding) > sameFace {
		c.steady = 0
		if c.strange++; c.strange >= strangeMost {
			return c.fail("it is another face")
		}
		return c.state
	}
	c.strange = 0
	side := yaw // positive where it goes the way that is asked for
	if c.turns[c.done] == facegate.TurnRight {
		side = -yaw
	}
	switch {
	case c.turned && ahead:
		c.steady++
	case !c.turned && side >= turnedYaw:
		c.steady++
	case !c.turned && side <= -turnedYaw:
		return c.fail("the head turned the other way")
	default:
		c.steady = 0
		return c.state
	}
	if c.steady < steadyLooks {
		return c.state
	}
	c.steady = 0
	if !c.turned {
		c.turned = true
		c.state.Ask = facegate.LookAhead
		return c.state
	}
	if f.Quality.Overall > c.anchor.Quality.Overall {
		c.anchor = &f
	}
	c.turned = false
	c.done++
	if c.state.Done = c.done; c.done == len(c.turns) {
		c.state.Result, c.state.Ask = facegate.ChallengePassed, ""
		return c.state
	}
	c.state.Ask = c.turns[c.done]
	return c.state
}

func (c *TurnChallenge) hint(text string) facegate.ChallengeState {
	c.state.Hint = text
	return c.state
}

func (c *TurnChallenge) fail(why string) facegate.ChallengeState {
	c.state.Result, c.state.Ask, c.state.Hint, c.state.Reason = facegate.ChallengeFailed, "", "", why
	return c.state
}

package camera

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"facegate"
)

const (
	challengeTime = 10 * time.Second // for each turn
	bystander     = 0.25             // of the largest face's area; smaller ones stand in the background
)

// Challenges implements [facegate.Challenges]: pictures in, a verification out.
type Challenges struct {
	Analyser    facegate.Analyser
	Recognition facegate.Recognition
	People      facegate.People
	Random      func(n int) int // uniform in [0, n) and not to be guessed; nil: the system's
}

var _ facegate.Challenges = (*Challenges)(nil)

// Begin implements [facegate.Challenges].
func (c *Challenges) Begin(ctx context.Context, personID string, o facegate.ChallengeOptions) (facegate.Challenge, error) {
	turns := o.Turns
	if turns == 0 {
		turns = facegate.DefaultChallengeTurns
	}
	if turns < facegate.LeastChallengeTurns || turns > facegate.MostChallengeTurns {
		return nil, invalid(fmt.Sprintf("a challenge has %d to %d turns", facegate.LeastChallengeTurns, facegate.MostChallengeTurns), "leave turns out for the default")
	}
	p, err := c.People.Person(ctx, personID)
	if err != nil {
		return nil, fmt.Errorf("look up the person: %w", err)
	}
	if p.SampleCount == 0 { // before anybody turns the head for nothing
		return nil, facegate.NewError(facegate.CodeNoSamples, "the person has no samples to verify against", "enrol a photo of the person first")
	}
	random := c.Random
	if random == nil {
		random = dice
	}
	return &challenge{
		of: c, personID: personID, options: facegate.VerifyOptions{Threshold: o.Threshold, Largest: true},
		turns: NewTurnChallenge(turns, time.Duration(turns)*challengeTime, random),
	}, nil
}

// dice is a number in [0, n) that nobody can know beforehand.
func dice(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil { // the system has no randomness: it does not go on, either
		panic(err)
	}
	return int(i.Int64())
}

// A challenge implements [facegate.Challenge].
type challenge struct {
	of       *Challenges
	personID string
	options  facegate.VerifyOptions
	turns    *TurnChallenge
	face     *facegate.Face // the best look ahead,
	picture  []byte         // and its picture, which is verified
	answer   *facegate.Verification
}

// Look implements [facegate.Challenge].
func (c *challenge) Look(ctx context.Context, picture []byte, at time.Time) (facegate.ChallengeState, error) {
	state := c.turns.State(at)
	if state.Result == facegate.ChallengeRunning {
		a, err := c.of.Analyser.Analyse(ctx, picture, facegate.AnalyseOptions{Embed: true, MaxFaces: 2})
		if err != nil {
			return state, err
		}
		faces := a.Faces
		if len(faces) == 2 && faces[1].Box.Area() < bystander*faces[0].Box.Area() {
			faces = faces[:1]
		}
		state = c.turns.Observe(faces, at)
		if f := c.turns.Face(); f != c.face {
			c.face, c.picture = f, picture
		}
	}
	if state.Result == facegate.ChallengePassed && c.answer == nil {
		v, err := c.of.Recognition.VerifyPerson(ctx, facegate.Photo{Name: "webcam", Data: c.picture}, c.personID, c.options)
		if err != nil {
			return state, err
		}
		c.answer = &v
	}
	state.Verification = c.answer
	return state, nil
}

// End implements [facegate.Challenge].
func (c *challenge) End(context.Context) error { return nil }

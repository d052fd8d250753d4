package camera

import (
	"testing"
	"time"

	"facegate"
)

// person is an embedding; different people are farther apart than any limit.
func person(n int) *facegate.Embedding {
	var e facegate.Embedding
	e[n] = 1.4
	return &e
}

func looking(yaw float64, e *facegate.Embedding) facegate.Face {
	return facegate.Face{Box: facegate.Box{X: 100, Y: 100, Width: 80, Height: 100}, Score: 0.95,
		Quality: facegate.Quality{Overall: 0.8, Yaw: yaw}, Embedding: e}
}

// An observation is one picture.
type observation struct {
	faces []facegate.Face
	after time.Duration // since the one before; 0: 100 ms
}

func look(yaw float64) observation {
	return observation{faces: []facegate.Face{looking(yaw, person(0))}}
}

func times(n int, o observation) (out []observation) {
	for range n {
		out = append(out, o)
	}
	return out
}

func TestChallenge(t *testing.T) {
	// random is always 0: left, then right.
	both := func(parts ...[]observation) (all []observation) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	ahead, left, right := times(2, look(2)), times(2, look(33)), times(2, look(-31))
	elsewhere := looking(0, person(0))
	elsewhere.Box.X = 500
	unclear := looking(0, nil)
	for _, c := range []struct {
		name   string
		seen   []observation
		result facegate.ChallengeResult
		reason string
		ask    facegate.Turn
		done   int
	}{
		{"nothing yet", nil, facegate.ChallengeRunning, "", facegate.LookAhead, 0},
		{"one picture is not steady", times(1, look(0)), facegate.ChallengeRunning, "", facegate.LookAhead, 0},
		{"looking ahead", ahead, facegate.ChallengeRunning, "", facegate.TurnLeft, 0},
		{"turned", both(ahead, left), facegate.ChallengeRunning, "", facegate.LookAhead, 0},
		{"turned and back", both(ahead, left, ahead), facegate.ChallengeRunning, "", facegate.TurnRight, 1},
		{"all of it", both(ahead, left, ahead, right, ahead), facegate.ChallengePassed, "", "", 2},
		{"more pictures change nothing", both(ahead, left, ahead, right, ahead, left, times(3, observation{})), facegate.ChallengePassed, "", "", 2},
		{"without looking ahead in between", both(ahead, left, right, left, right), facegate.ChallengeRunning, "", facegate.LookAhead, 0},
		{"a camera at the side", both(times(2, look(12)), times(2, look(45)), times(2, look(10)), times(2, look(-20)), times(2, look(11))), facegate.ChallengePassed, "", "", 2},
		{"a photo", times(30, look(1)), facegate.ChallengeRunning, "", facegate.TurnLeft, 0},
		{"one picture turned", both(ahead, times(1, look(33)), times(2, look(2))), facegate.ChallengeRunning, "", facegate.TurnLeft, 0},
		{"not far enough", both(ahead, times(9, look(20))), facegate.ChallengeRunning, "", facegate.TurnLeft, 0},
		{"the wrong way", both(ahead, right), facegate.ChallengeFailed, "the head turned the other way", "", 0},
		{"the wrong way later", both(ahead, left, ahead, left), facegate.ChallengeFailed, "the head turned the other way", "", 1},
		{"somebody else", both(ahead, left, times(2, observation{faces: []facegate.Face{looking(0, person(1))}})), facegate.ChallengeFailed, "it is another face", "", 0},
		{"a single look at something else", both(ahead, left, times(1, observation{faces: []facegate.Face{looking(0, person(1))}}), ahead), facegate.ChallengeRunning, "", facegate.TurnRight, 1},
		{"somebody else, turned", both(ahead, times(2, observation{faces: []facegate.Face{looking(33, person(1))}})), facegate.ChallengeFailed, "it is another face", "", 0},
		{"a second face", both(ahead, times(1, observation{faces: []facegate.Face{looking(0, person(0)), looking(0, person(1))}})), facegate.ChallengeFailed, "a second face came into the picture", "", 0},
		{"two faces at first", times(3, observation{faces: []facegate.Face{looking(0, person(0)), looking(0, person(1))}}), facegate.ChallengeRunning, "", facegate.LookAhead, 0},
		{"a leap", both(ahead, times(1, observation{faces: []facegate.Face{elsewhere}})), facegate.ChallengeFailed, "the face leapt", "", 0},
		{"out of sight", both(ahead, []observation{{after: 2 * time.Second, faces: look(0).faces}}), facegate.ChallengeFailed, "the face was out of sight", "", 0},
		{"a moment out of sight", both(ahead, times(9, observation{}), left, ahead), facegate.ChallengeRunning, "", facegate.TurnRight, 1},
		{"too slow", both(ahead, times(200, look(0))), facegate.ChallengeFailed, "the time is over", "", 0},
		{"not to be embedded", times(5, observation{faces: []facegate.Face{unclear}}), facegate.ChallengeRunning, "", facegate.LookAhead, 0},
		{"a turn has to be the same face for certain", both(ahead, times(5, observation{faces: []facegate.Face{looking(33, nil)}})), facegate.ChallengeRunning, "", facegate.TurnLeft, 0},
		{"the way back has to be the same face for certain", both(ahead, left, times(5, observation{faces: []facegate.Face{unclear}})), facegate.ChallengeRunning, "", facegate.LookAhead, 0},
	} {
		challenge := NewTurnChallenge(2, 15*time.Second, func(int) int { return 0 })
		if challenge.turns[0] != facegate.TurnLeft || challenge.turns[1] != facegate.TurnRight {
			t.Fatal(challenge.turns)
		}
		now, state := noon, challenge.state
		for _, o := range c.seen {
			if now = now.Add(100 * time.Millisecond); o.after > 0 {
				now = now.Add(o.after)
			}
			state = challenge.Observe(o.faces, now)
		}
		if state.Result != c.result || state.Reason != c.reason || state.Ask != c.ask || state.Done != c.done {
			t.Errorf("%s: %+v", c.name, state)
		}
		if state.Result == facegate.ChallengePassed && (challenge.Face() == nil || challenge.Face().Embedding == nil) {
			t.Errorf("%s: passed without a face", c.name)
		}
	}
}

func TestChallengeHasBothTurns(t *testing.T) {
	seen := map[string]int{}
	for a := range 2 {
		for b := range 2 {
			for d := range 2 {
				answers := []int{a, b, d}
				i := 0
				c := NewTurnChallenge(2, time.Second, func(n int) int { i++; return answers[(i-1)%3] % n })
				key := string(c.turns[0]) + " " + string(c.turns[1])
				seen[key]++
			}
		}
	}
	if len(seen) != 2 || seen["left right"] != 4 || seen["right left"] != 4 {
		t.Errorf("orders of two turns: %v", seen)
	}
}

package camera

import (
	"cmp"
	"math"
	"slices"

	"facegate"
)

// A ballot is what one embedding of a track has to say.
type ballot struct {
	shot facegate.Shot
	said facegate.Identification
}

// A verdict is what the ballots of a track say together.
type verdict struct {
	decided    bool
	decision   facegate.Decision
	person     *facegate.PersonRef // of a match
	candidate  *facegate.PersonRef // the nearest, of other decisions
	distance   float64             // of the nearest: the median, weighted
	similarity float64
	threshold  float64
	policy     facegate.Policy
	evidence   int // ballots that say so

	falseMatchRate *float64 // of the distance; nil: not known
}

// What it takes to decide. Weights are sums over ballots; see weigh.
const (
	nameBallots = 2    // consistent ballots for a name
	nameWeight  = 0.45 // and their weight
	nameLead    = 2.0  // times the weight of any other name

	soleQuality = 0.7 // one ballot is enough at this quality
	soleMargin  = 0.1 // and a distance this much below the threshold

	strangerBallots = 4 // for "unknown" while the face is in sight
	strangerWeight  = 1.0
	strangerLead    = 2.0 // times the weight of all names

	leftBallots = 2 // for "unknown" once the face has gone
	leftWeight  = 0.25
	leftSole    = 0.4 // weight of a single ballot that is enough then

	certainty = 0.15 // distance from the threshold at which a ballot counts in full
	doubted   = 0.3  // and its share right at the threshold
)

// weigh is how much a ballot counts, 0..1: the face's quality, less where the
// distance is close to the threshold, for there a little noise turns the answer.
func weigh(b *ballot) float64 {
	w := b.shot.Quality.Overall
	if len(b.said.Candidates) > 0 && b.said.Decision != facegate.Ambiguous {
		w *= math.Min(1, doubted+(1-doubted)*math.Abs(b.said.Candidates[0].Distance-b.said.Threshold)/certainty)
	}
	return w
}

// count is the quality-weighted vote of a track's ballots. ended says that no more
// will come; alone that the track was seen in one picture only, as in a folder of
// photos, so that one ballot is all there can be.
//
// A name needs two ballots that agree, or one that leaves no doubt; a stranger
// needs more while there is a chance to see better.
func count(ballots []ballot, ended, alone bool) verdict {
	if len(ballots) == 0 {
		return verdict{}
	}
	type side struct {
		key     string
		ballots []*ballot
		weight  float64
		sole    bool
	}
	sides := map[string]*side{}
	var names []*side
	for i := range ballots {
		b := &ballots[i]
		key := string(b.said.Decision)
		if b.said.Decision == facegate.Match {
			key = "person " + b.said.Candidates[0].Person.ID
		}
		s := sides[key]
		if s == nil {
			s = &side{key: key}
			if sides[key] = s; b.said.Decision == facegate.Match {
				names = append(names, s)
			}
		}
		s.ballots = append(s.ballots, b)
		s.weight += weigh(b)
		if b.said.Decision == facegate.Match && b.shot.Quality.Overall >= soleQuality && b.said.Threshold-b.said.Candidates[0].Distance >= soleMargin {
			s.sole = true
		}
	}
	none := &side{}
	stranger, ambiguous := cmp.Or(sides[string(facegate.Unknown)], none), cmp.Or(sides[string(facegate.Ambiguous)], none)
	slices.SortStableFunc(names, func(a, b *side) int { return cmp.Compare(b.weight, a.weight) })
	name, second, all := none, none, 0.0
	for i, s := range names {
		if all += s.weight; i == 0 {
			name = s
		} else if i == 1 {
			second = s
		}
	}

	enough := len(name.ballots) >= nameBallots && name.weight >= nameWeight || name.sole || alone && name.weight >= leftWeight
	unlike := len(stranger.ballots) >= strangerBallots && stranger.weight >= strangerWeight && stranger.weight >= strangerLead*all
	if ended {
		unlike = (len(stranger.ballots) >= leftBallots && stranger.weight >= leftWeight || stranger.weight >= leftSole || alone && stranger.weight >= leftWeight) &&
			stranger.weight > all
	}
	torn := len(ambiguous.ballots) >= nameBallots && ambiguous.weight >= nameWeight || second.weight >= nameWeight || alone && ambiguous.weight >= leftWeight
	switch {
	case enough && name.weight >= nameLead*second.weight && name.weight > stranger.weight && name.weight >= ambiguous.weight:
		return summed(facegate.Match, name.ballots)
	case torn && ambiguous.weight+all > stranger.weight:
		return summed(facegate.Ambiguous, append(slices.Clone(ambiguous.ballots), append(name.ballots, second.ballots...)...))
	case unlike:
		return summed(facegate.Unknown, stranger.ballots)
	}
	return verdict{}
}

// summed is the verdict of ballots that agree.
func summed(d facegate.Decision, agreeing []*ballot) verdict {
	v := verdict{decided: true, decision: d, evidence: len(agreeing), threshold: agreeing[0].said.Threshold, policy: agreeing[0].said.Policy}
	b := median(agreeing)
	if len(b.said.Candidates) == 0 { // an empty gallery
		return v
	}
	nearest := b.said.Candidates[0]
	v.distance, v.similarity, v.falseMatchRate = nearest.Distance, nearest.Similarity, nearest.FalseMatchRate
	v.threshold, v.policy = b.said.Threshold, b.said.Policy
	if person := nearest.Person; d == facegate.Match {
		v.person = &person
	} else {
		v.candidate = &person
	}
	return v
}

// median is the ballot of the weighted median distance.
func median(ballots []*ballot) *ballot {
	sorted := slices.Clone(ballots)
	distance := func(b *ballot) float64 {
		if len(b.said.Candidates) == 0 {
			return math.Inf(1)
		}
		return b.said.Candidates[0].Distance
	}
	slices.SortStableFunc(sorted, func(a, b *ballot) int { return cmp.Compare(distance(a), distance(b)) })
	var total, sum float64
	for _, b := range sorted {
		total += weigh(b)
	}
	for _, b := range sorted {
		if sum += weigh(b); sum >= total/2 {
			return b
		}
	}
	return sorted[len(sorted)-1]
}

// Another face on the same track: people crossed, and the tracker took one for
// the other.
const (
	strayDistance = 0.75
	strayQuality  = 0.5
	strayBallots  = 2
)

// strayed reports whether the newest ballots show somebody else than those before
// them: good shots, all far from every good one before.
func strayed(ballots []ballot) bool {
	var good []*ballot
	for i := range ballots {
		if ballots[i].shot.Quality.Overall >= strayQuality {
			good = append(good, &ballots[i])
		}
	}
	if len(good) < strayBallots+2 || good[len(good)-1] != &ballots[len(ballots)-1] {
		return false
	}
	before, after := good[:len(good)-strayBallots], good[len(good)-strayBallots:]
	for _, a := range after {
		for _, b := range before {
			if a.shot.Embedding.Distance(&b.shot.Embedding) < strayDistance {
				return false
			}
		}
	}
	return true
}

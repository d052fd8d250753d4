package match

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sort"

	"golang.org/x/sync/errgroup"

	"facegate"
)

const (
	ownSamples   = 3000 // whose pairs are all looked at: 4.5 million
	ownStep      = 0.02
	ownSteps     = 70   // of the histograms, up to a distance of 1.4
	lookalikeMax = 0.65 // distance up to which pairs of people are known by name
)

// ownPairs are the pairs of a gallery at one version, so that a slider moved
// over them costs a look into sorted lists.
type ownPairs struct {
	version           int64
	people, samples   int
	complete          bool
	genuine           []ownPair // of every person, nearest first
	impostor          []float64 // distances up to lookalikeMax, sorted
	impostors         int       // pairs of different people, in all
	lookalikes        []facegate.LookalikePair
	genuineHistogram  []int
	impostorHistogram []int
	names             map[string]facegate.PersonRef
	genuinePairsOf    map[string]int
}

type ownPair struct {
	distance float64
	person   string
}

// OwnPairs says what a threshold would make of the gallery's own pairs.
func (r *Rules) OwnPairs(ctx context.Context, threshold float64, limit int) (facegate.OwnPairs, error) {
	if !(threshold >= 0 && threshold <= maxThreshold) {
		return facegate.OwnPairs{}, facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("the threshold is %v, not within 0..%v", threshold, maxThreshold), "")
	}
	if r.Samples == nil {
		return facegate.OwnPairs{}, facegate.NewError(facegate.CodeInvalid, "there is no gallery to look at", "")
	}
	force, err := r.force(ctx)
	if err != nil {
		return facegate.OwnPairs{}, err
	}
	pairs, err := r.paired(ctx)
	if err != nil {
		return facegate.OwnPairs{}, err
	}
	answer := pairs.at(threshold, limit)
	for i := range answer.ConfusedPeople {
		p := &answer.ConfusedPeople[i]
		p.FalseMatchRate = force.falseMatchRate(p.Distance)
		p.Distance, p.Similarity = round(p.Distance), round(p.Similarity)
	}
	return answer, nil
}

// paired is the pairs of the gallery as it is now. Whoever asks while they are
// made waits for them.
func (r *Rules) paired(ctx context.Context) (*ownPairs, error) {
	version, err := r.Samples.GalleryVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for changes of the gallery: %w", err)
	}
	r.pairing.Lock()
	defer r.pairing.Unlock()
	if r.pairs != nil && r.pairs.version == version {
		return r.pairs, nil
	}
	entries, version, err := r.Samples.Entries(ctx, ownSamples)
	if err != nil {
		return nil, fmt.Errorf("read the samples: %w", err)
	}
	made, err := pairUp(ctx, entries)
	if err != nil {
		return nil, err
	}
	_, all := r.size()
	made.version, made.complete = version, made.samples >= all
	r.pairs = made
	return made, nil
}

// pairUp compares samples, each with each.
func pairUp(ctx context.Context, some []facegate.GalleryEntry) (*ownPairs, error) {
	o := &ownPairs{names: map[string]facegate.PersonRef{}, genuinePairsOf: map[string]int{},
		genuineHistogram: make([]int, ownSteps), impostorHistogram: make([]int, ownSteps)}
	o.samples = len(some)
	for _, e := range some {
		o.names[e.Person.ID] = e.Person
	}
	o.people = len(o.names)

	type row struct {
		genuine   []ownPair
		impostor  []float64
		near      []facegate.LookalikePair
		histogram [2][ownSteps]int
	}
	rows := make([]row, len(some))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range some {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("compare the samples: %w", err)
			}
			a, own := &some[i], &rows[i]
			for j := range i {
				b := &some[j]
				d := a.Embedding.Distance(&b.Embedding)
				step := min(int(d/ownStep), ownSteps-1)
				if a.Person.ID == b.Person.ID {
					own.genuine = append(own.genuine, ownPair{d, a.Person.ID})
					own.histogram[0][step]++
					continue
				}
				own.histogram[1][step]++
				if d <= lookalikeMax {
					own.impostor = append(own.impostor, d)
					own.near = append(own.near, lookalike(*a, *b, d))
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	closest := map[[2]string]facegate.LookalikePair{}
	for _, row := range rows {
		o.genuine, o.impostor = append(o.genuine, row.genuine...), append(o.impostor, row.impostor...)
		keepClosest(closest, row.near)
		for s := range ownSteps {
			o.genuineHistogram[s] += row.histogram[0][s]
			o.impostorHistogram[s] += row.histogram[1][s]
			o.impostors += row.histogram[1][s]
		}
	}
	slices.Sort(o.impostor)
	slices.SortFunc(o.genuine, func(a, b ownPair) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.person, b.person))
	})
	for _, p := range o.genuine {
		o.genuinePairsOf[p.person]++
	}
	o.lookalikes = sortedLookalikes(closest)
	return o, nil
}

// lookalike is the pair with the person whose id comes first as A.
func lookalike(a, b facegate.GalleryEntry, distance float64) facegate.LookalikePair {
	if a.Person.ID > b.Person.ID {
		a, b = b, a
	}
	return facegate.LookalikePair{A: a.Person, B: b.Person, SampleA: a.SampleID, SampleB: b.SampleID,
		Distance: distance, Similarity: Similarity(distance)}
}

func keepClosest(closest map[[2]string]facegate.LookalikePair, pairs []facegate.LookalikePair) {
	for _, p := range pairs {
		key := [2]string{p.A.ID, p.B.ID}
		if best, ok := closest[key]; !ok || p.Distance < best.Distance {
			closest[key] = p
		}
	}
}

func sortedLookalikes(closest map[[2]string]facegate.LookalikePair) []facegate.LookalikePair {
	list := make([]facegate.LookalikePair, 0, len(closest))
	for _, p := range closest {
		list = append(list, p)
	}
	slices.SortFunc(list, func(x, y facegate.LookalikePair) int {
		return cmp.Or(cmp.Compare(x.Distance, y.Distance), cmp.Compare(x.A.ID, y.A.ID), cmp.Compare(x.B.ID, y.B.ID))
	})
	return list
}

// at is what a threshold makes of the pairs. Beyond lookalikeMax the confused are
// counted by the histogram: nobody decides by such a threshold.
func (o *ownPairs) at(threshold float64, limit int) facegate.OwnPairs {
	answer := facegate.OwnPairs{
		Threshold: threshold, People: o.people, Samples: o.samples, Complete: o.complete,
		Genuine: len(o.genuine), Impostor: o.impostors,
		ConfusedPeople: []facegate.LookalikePair{}, MissedPeople: []facegate.MissedPerson{},
		Step: ownStep, GenuineHistogram: o.genuineHistogram, ImpostorHistogram: o.impostorHistogram,
	}
	answer.Confused = sort.Search(len(o.impostor), func(i int) bool { return o.impostor[i] > threshold })
	if threshold > lookalikeMax {
		answer.Confused = 0
		for s := 0; s < ownSteps && float64(s)*ownStep < threshold-1e-9; s++ {
			answer.Confused += o.impostorHistogram[s]
		}
	}
	first := sort.Search(len(o.genuine), func(i int) bool { return o.genuine[i].distance > threshold })
	answer.Missed = len(o.genuine) - first
	missed := map[string]int{}
	for _, p := range o.genuine[first:] {
		missed[p.person]++
	}
	for id, n := range missed {
		answer.MissedPeople = append(answer.MissedPeople, facegate.MissedPerson{Person: o.names[id], Missed: n, Pairs: o.genuinePairsOf[id]})
	}
	slices.SortFunc(answer.MissedPeople, func(a, b facegate.MissedPerson) int {
		return cmp.Or(cmp.Compare(b.Missed, a.Missed), cmp.Compare(a.Person.Name, b.Person.Name), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	answer.MissedPeople = answer.MissedPeople[:min(limit, len(answer.MissedPeople))]
	n := sort.Search(len(o.lookalikes), func(i int) bool { return o.lookalikes[i].Distance > threshold })
	answer.ConfusedPeople = append(answer.ConfusedPeople, o.lookalikes[:min(n, limit)]...)
	return answer
}

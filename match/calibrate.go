package match

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"facegate"
)

// CalibrateOptions bound the work of a calibration. Zero values choose the
// defaults.
type CalibrateOptions struct {
	SamplesPerPerson int    // looked at of each person; 0: 10. One who was photographed a lot must not speak for all
	Samples          int    // looked at in all, 0: 4000, which make 8 million pairs; of a larger gallery, people are drawn
	Resamples        int    // of the bootstrap; 0: 200
	Seed             uint64 // of what is drawn
}

const (
	calibrationStep  = 0.01
	calibrationSteps = 140 // up to a threshold of 1.4
	samePerson       = 255 // in place of a step: no impostor pair

	leastPairs    = 10  // false matches that a measured FMR rests on
	leastTail     = 20  // pairs that the tail is fitted to
	mostTail      = 200 // of more, the farthest are no tail any more
	tailShare     = 1e-4
	confidence    = 0.95
	fewPeople     = 50 // fewer are no basis for a false match rate
	fewGenuine    = 30 // fewer are none for a false non-match rate
	smallestRate  = 1e-15
	defaultMost   = 4000
	defaultOfEach = 10
)

// Calibrate measures how often decisions by distance are wrong, on samples of
// which it is known whose they are.
//
// FMR is the share of all pairs of different people within a threshold. FNMR is
// the mean over people of the share of their own pairs beyond it, so that each
// person counts the same. The intervals are percentiles over a bootstrap in
// which people are drawn, not pairs: pairs that share a person are alike, and
// drawing them singly makes intervals far too narrow (Bolle, Ratha and Pankanti,
// "Error analysis of pattern recognition systems - the subsets bootstrap", 2004).
//
// Below the smallest FMR that ten pairs or more support, FMR is extrapolated. The
// distances below a low quantile are taken to exceed it exponentially (the
// generalised Pareto distribution with shape 0; Pickands 1975): fitting the shape
// to tens of pairs would be fitting noise, and could tell of a distance below
// which nobody is ever confused. The rate is fitted by the median, which label
// errors do not move. docs/thresholds.md tells how well it foretells.
func Calibrate(ctx context.Context, samples []facegate.GalleryEntry, o CalibrateOptions) (*Calibration, error) {
	chosen, people := o.choose(samples)
	if people < 2 {
		return nil, facegate.NewError(facegate.CodeInvalid, "a calibration needs samples of two people or more", "enrol more people, or name a folder of labelled photos")
	}
	t := newPairTable(chosen, people)
	if err := t.compare(ctx); err != nil {
		return nil, err
	}
	all := make([]int32, people)
	for i := range all {
		all[i] = 1
	}
	whole := t.rates(all)
	cal := &Calibration{facegate.Calibration{
		People: people, Samples: len(chosen), Step: calibrationStep, Warnings: []string{},
		GenuinePeople: t.genuinePeople, GenuinePairs: t.genuinePairs, ImpostorPairs: t.impostorPairs,
		MeasuredFrom: float64(t.from) * calibrationStep, TailRate: signif(whole.tail),
	}}
	drawn, err := t.bootstrap(ctx, o)
	if err != nil {
		return nil, err
	}
	t.fill(cal, whole, drawn)
	cal.warn()
	return cal, nil
}

// choose is the samples to look at, ordered by person, with the people numbered
// from 0 in PersonID order.
func (o CalibrateOptions) choose(samples []facegate.GalleryEntry) ([]chosenSample, int) {
	perPerson, most := o.SamplesPerPerson, o.Samples
	if perPerson <= 0 {
		perPerson = defaultOfEach
	}
	if most <= 0 {
		most = defaultMost
	}
	of := map[string][]int{}
	var ids []string
	for i := range samples {
		id := samples[i].Person.ID
		if of[id] == nil {
			ids = append(ids, id)
		}
		of[id] = append(of[id], i)
	}
	slices.Sort(ids)
	random := rand.New(rand.NewPCG(o.Seed, 1))
	random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	var chosen []chosenSample
	people := 0
	for _, id := range ids {
		own := of[id]
		random.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
		own = own[:min(len(own), perPerson)]
		if len(chosen)+len(own) > most {
			break
		}
		for _, i := range own {
			chosen = append(chosen, chosenSample{&samples[i].Embedding, int32(people)})
		}
		people++
	}
	return chosen, people
}

type chosenSample struct {
	embedding *facegate.Embedding
	person    int32
}

// A pairTable holds what each pair of samples comes to.
type pairTable struct {
	samples []chosenSample
	people  int
	// steps[i*(i-1)/2+j], j < i, is the first threshold, in steps, that takes the
	// pair for one person.
	steps   []uint8
	genuine [][]float64 // by person: FNMR by step; nil without two samples

	genuinePeople, genuinePairs, impostorPairs int

	from  int        // step of MeasuredFrom
	below float64    // distance below which the tail is
	tail  []tailPair // nearest first
}

type tailPair struct {
	excess float64 // below the quantile
	a, b   int32   // people
}

func newPairTable(samples []chosenSample, people int) *pairTable {
	return &pairTable{samples: samples, people: people, genuine: make([][]float64, people),
		steps: make([]uint8, len(samples)*(len(samples)-1)/2)}
}

func (t *pairTable) compare(ctx context.Context) error {
	type near struct {
		distance float64
		a, b     int32
	}
	rows := make([][]near, len(t.samples))
	// The pairs nearest to each other are needed exactly; how near that is shows
	// only in the end, so each row keeps a few.
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range t.samples {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("calibrate: %w", err)
			}
			a := t.samples[i]
			for j := range i {
				b := t.samples[j]
				d := a.embedding.Distance(b.embedding)
				at := i*(i-1)/2 + j
				if a.person == b.person {
					t.steps[at] = samePerson
					continue
				}
				t.steps[at] = uint8(min(math.Ceil(d/calibrationStep-1e-9), calibrationSteps))
				rows[i] = append(rows[i], near{d, a.person, b.person})
			}
			slices.SortFunc(rows[i], func(x, y near) int { return compareFloats(x.distance, y.distance) })
			rows[i] = slices.Clone(rows[i][:min(len(rows[i]), mostTail+1)])
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	t.countGenuine()
	var counts [calibrationSteps + 1]int
	for _, s := range t.steps {
		if s != samePerson {
			counts[s]++
			t.impostorPairs++
		}
	}
	sum := 0
	for t.from = 0; t.from < calibrationSteps; t.from++ {
		if sum += counts[t.from]; sum >= leastPairs {
			break
		}
	}
	nearest := slices.Concat(rows...)
	slices.SortFunc(nearest, func(x, y near) int { return compareFloats(x.distance, y.distance) })
	n := min(max(int(tailShare*float64(t.impostorPairs)), leastTail), mostTail)
	if n*5 < t.impostorPairs && n < len(nearest) { // of fewer pairs, so many are no tail
		t.below = nearest[n].distance
		for _, p := range nearest[:n] {
			t.tail = append(t.tail, tailPair{t.below - p.distance, p.a, p.b})
		}
		slices.Reverse(t.tail) // by ascending excess
	}
	return nil
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (t *pairTable) countGenuine() {
	for start := 0; start < len(t.samples); {
		end := start + 1
		for end < len(t.samples) && t.samples[end].person == t.samples[start].person {
			end++
		}
		if own := t.samples[start:end]; len(own) > 1 {
			rates, pairs := make([]float64, calibrationSteps+1), 0.0
			for i := range own {
				for j := range i {
					pairs++
					d := own[i].embedding.Distance(own[j].embedding)
					first := int(min(math.Ceil(d/calibrationStep-1e-9), calibrationSteps+1))
					for s := range first {
						rates[s]++
					}
				}
			}
			for s := range rates {
				rates[s] /= pairs
			}
			t.genuine[own[0].person] = rates
			t.genuinePeople++
			t.genuinePairs += int(pairs)
		}
		start = end
	}
}

// rates are the error rates by step.
type rates struct {
	fmr, fnmr [calibrationSteps + 1]float64
	tail      float64
}

// rates counts each person as often as weights says. A person drawn twice makes
// no impostor pairs with themselves.
func (t *pairTable) rates(weights []int32) *rates {
	var r rates
	var counts [256]int64
	own := make([]int64, len(t.samples))
	for i, s := range t.samples {
		own[i] = int64(weights[s.person])
	}
	for i, w := range own {
		if w == 0 {
			continue
		}
		row := t.steps[i*(i-1)/2:]
		for j, v := range own[:i] {
			counts[row[j]] += w * v
		}
	}
	var all, within, people float64
	for _, n := range counts[:calibrationSteps+1] {
		all += float64(n)
	}
	for s := range r.fmr {
		within += float64(counts[s])
		r.fmr[s] = share(within, all)
	}
	for p, g := range t.genuine {
		if g == nil {
			continue
		}
		people += float64(weights[p])
		for s := range r.fnmr {
			r.fnmr[s] += float64(weights[p]) * g[s]
		}
	}
	for s := range r.fnmr {
		r.fnmr[s] = share(r.fnmr[s], people)
	}
	r.tail = t.tailRate(weights)
	for s := range t.from {
		r.fmr[s] = math.Max(r.fmr[t.from]*math.Exp(-r.tail*float64(t.from-s)*calibrationStep), min(smallestRate, r.fmr[t.from]))
	}
	return &r
}

// tailRate is ln 2 over the weighted median of the excesses, 0 without a tail.
func (t *pairTable) tailRate(weights []int32) float64 {
	var all, half float64
	for _, p := range t.tail {
		all += float64(weights[p.a]) * float64(weights[p.b])
	}
	for _, p := range t.tail {
		if half += float64(weights[p.a]) * float64(weights[p.b]); half >= all/2 && half > 0 {
			return math.Ln2 / math.Max(p.excess, 1e-6)
		}
	}
	return 0
}

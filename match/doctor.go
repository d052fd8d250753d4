package match

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"facegate"
)

// Findings are what looks wrong in a gallery.
type Findings struct {
	People  int `json:"people"`
	Samples int `json:"samples"`
	// Strays are samples that do not look like their person's others, or look more
	// like somebody else: mislabelled, or poor.
	Strays []Stray `json:"strays"`
	// Doubles are two people who are probably one.
	Doubles []Double `json:"doubles"`
}

// A Double is two people who are probably one.
type Double struct {
	facegate.LookalikePair
	// Expected is how many pairs of different people come as close by chance among
	// so many samples; nil without a calibration.
	Expected *float64 `json:"expected,omitempty"`
}

// A Stray is a sample that is probably not of its person, or is a poor one.
type Stray struct {
	Person   facegate.PersonRef `json:"person"`
	SampleID string             `json:"sample_id"`
	Own      float64            `json:"own"`  // distance to the nearest of the person's other samples
	Mean     float64            `json:"mean"` // mean distance to the person's other samples
	// Looks is who the sample looks like, where that is somebody else.
	Looks *facegate.Candidate `json:"looks,omitempty"`
	Why   string              `json:"why"`
}

// A Doctor looks for faults in a gallery.
type Doctor struct {
	Gallery *Gallery // holds the samples
	// Verify is the distance beyond which two samples are hardly of one person;
	// 0: facegate.DefaultVerifyThreshold.
	Verify float64
	// Same is the distance within which two people are probably one; 0: the one
	// within which one pair of different people is expected by chance among so many
	// samples, by the calibration, but at least one in a million pairs, and at most
	// one in ten thousand; without a calibration 0.4.
	Same        float64
	Calibration *Calibration // may be nil
}

// Shares of pairs of different people that come as close as doubles do.
const (
	rarestPairs = 1e-6
	rarePairs   = 1e-4
)

func (d *Doctor) same(pairs float64) float64 {
	switch {
	case d.Same > 0:
		return d.Same
	case d.Calibration == nil:
		return 0.4
	}
	return d.Calibration.ThresholdForFMR(min(max(1/max(pairs, 1), rarestPairs), rarePairs))
}

// Examine looks at all samples. progress is told now and then; it may be nil.
//
// A sample is a stray when it is beyond Verify from all its person's others, or
// from most of them while somebody else's is within Verify and nearer than any
// of its own.
func (d *Doctor) Examine(ctx context.Context, samples []facegate.GalleryEntry, progress func(done, total int)) (Findings, error) {
	verify := cmp.Or(d.Verify, facegate.DefaultVerifyThreshold)
	pairs := float64(len(samples)) * float64(len(samples)-1) / 2
	same := d.same(pairs)
	f := Findings{Samples: len(samples), Strays: []Stray{}, Doubles: []Double{}}
	of := map[string][]int{}
	for i, s := range samples {
		of[s.Person.ID] = append(of[s.Person.ID], i)
	}
	f.People = len(of)
	var near []facegate.LookalikePair
	err := d.eachOther(ctx, samples, verify, func(i int, others []facegate.Candidate) {
		s := samples[i]
		for _, c := range others {
			if c.Distance <= same {
				near = append(near, lookalikeOf(s, c))
			}
		}
		if stray, ok := d.stray(samples, of[s.Person.ID], i, others, verify); ok {
			f.Strays = append(f.Strays, stray)
		}
	}, progress)
	if err != nil {
		return f, err
	}
	slices.SortFunc(f.Strays, func(a, b Stray) int {
		return cmp.Or(cmp.Compare(b.Own, a.Own), cmp.Compare(a.SampleID, b.SampleID))
	})
	// A photo under the wrong name makes no double of the two whose it is and was.
	wrong := map[string]bool{}
	for _, s := range f.Strays {
		wrong[s.SampleID] = true
	}
	closest := map[[2]string]facegate.LookalikePair{}
	keepClosest(closest, slices.DeleteFunc(near, func(p facegate.LookalikePair) bool { return wrong[p.SampleA] || wrong[p.SampleB] }))
	for _, p := range d.finish(closest, len(closest)) {
		double := Double{LookalikePair: p}
		if p.FalseMatchRate != nil {
			expected := signif(*p.FalseMatchRate * pairs)
			double.Expected = &expected
		}
		f.Doubles = append(f.Doubles, double)
	}
	return f, nil
}

func (d *Doctor) stray(samples []facegate.GalleryEntry, own []int, i int, others []facegate.Candidate, verify float64) (Stray, bool) {
	s := samples[i]
	if len(own) < 2 {
		return Stray{}, false
	}
	stray := Stray{Person: s.Person, SampleID: s.SampleID, Own: math.Inf(1)}
	beyond := 0
	for _, j := range own {
		if j == i {
			continue
		}
		distance := s.Embedding.Distance(&samples[j].Embedding)
		stray.Own = math.Min(stray.Own, distance)
		stray.Mean += distance / float64(len(own)-1)
		if distance > verify {
			beyond++
		}
	}
	var near *facegate.Candidate
	if len(others) > 0 && others[0].Distance <= verify && others[0].Distance < stray.Own {
		c := rounded(others[0])
		near = &c
	}
	alone, mostly := beyond == len(own)-1, 2*beyond > len(own)-1
	switch {
	case alone && near != nil:
		stray.Why = fmt.Sprintf("it looks like %s (%.3f), and unlike all others of %s", near.Person.Name, near.Distance, s.Person.Name)
	case alone:
		stray.Why = fmt.Sprintf("it looks unlike all others of %s (the nearest is %.3f away)", s.Person.Name, stray.Own)
	case mostly && near != nil:
		stray.Why = fmt.Sprintf("it looks more like %s (%.3f) than like any other of %s (%.3f)", near.Person.Name, near.Distance, s.Person.Name, stray.Own)
	default:
		return Stray{}, false
	}
	if alone && len(own) == 2 { // of two that differ, neither is known to be the wrong one
		stray.Why += "; of two photos, either may be the wrong one"
	}
	stray.Looks, stray.Own, stray.Mean = near, round(stray.Own), round(stray.Mean)
	return stray, true
}

// Lookalikes are the k closest pairs of different people, or of one person and
// others where personID is given, each by their closest samples.
func (d *Doctor) Lookalikes(ctx context.Context, samples []facegate.GalleryEntry, personID string, k int, progress func(done, total int)) ([]facegate.LookalikePair, error) {
	asked := samples
	if personID != "" {
		asked = nil
		for _, s := range samples {
			if s.Person.ID == personID {
				asked = append(asked, s)
			}
		}
	}
	closest := map[[2]string]facegate.LookalikePair{}
	radius := -1.0
	err := d.eachOtherWithin(ctx, asked, k+1, func() float64 { return radius }, func(i int, others []facegate.Candidate) {
		for _, c := range others {
			keepClosest(closest, []facegate.LookalikePair{lookalikeOf(asked[i], c)})
		}
		if len(closest) > 4*k+64 { // only the nearest matter: the search need not look farther
			list := sortedLookalikes(closest)
			for _, p := range list[k:] {
				delete(closest, [2]string{p.A.ID, p.B.ID})
			}
			radius = list[k-1].Distance
		}
	}, progress)
	if err != nil {
		return nil, err
	}
	return d.finish(closest, k), nil
}

func (d *Doctor) finish(closest map[[2]string]facegate.LookalikePair, k int) []facegate.LookalikePair {
	list := sortedLookalikes(closest)
	list = list[:min(k, len(list))]
	for i := range list {
		if d.Calibration != nil {
			v := signif(d.Calibration.FMR(list[i].Distance))
			list[i].FalseMatchRate = &v
		}
		list[i].Distance, list[i].Similarity = round(list[i].Distance), round(list[i].Similarity)
	}
	return list
}

func lookalikeOf(s facegate.GalleryEntry, c facegate.Candidate) facegate.LookalikePair {
	return lookalike(s, facegate.GalleryEntry{SampleID: c.SampleID, Person: c.Person}, c.Distance)
}

// nearPeople is how many people are looked at around a sample.
const nearPeople = 10

// eachOther tells, for each sample, the nearest other people within radius.
func (d *Doctor) eachOther(ctx context.Context, samples []facegate.GalleryEntry, radius float64, tell func(i int, others []facegate.Candidate), progress func(done, total int)) error {
	return d.eachOtherWithin(ctx, samples, nearPeople, func() float64 { return radius }, tell, progress)
}

func (d *Doctor) eachOtherWithin(ctx context.Context, samples []facegate.GalleryEntry, k int, radius func() float64, tell func(i int, others []facegate.Candidate), progress func(done, total int)) error {
	const batch = 64
	for at := 0; at < len(samples); at += batch {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("look at the samples: %w", err)
		}
		some := samples[at:min(at+batch, len(samples))]
		probes := make([]*facegate.Embedding, len(some))
		for i := range some {
			probes[i] = &some[i].Embedding
		}
		for i, nearest := range d.Gallery.NearestBatch(probes, k+1, radius()) { // one of them is the person
			others := slices.DeleteFunc(nearest, func(c facegate.Candidate) bool { return c.Person.ID == some[i].Person.ID })
			tell(at+i, others[:min(len(others), k)])
		}
		if progress != nil {
			progress(at+len(some), len(samples))
		}
	}
	return nil
}

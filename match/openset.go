package match

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"facegate"
)

// A Labelled is the embedding of a photo of which it is known who it shows; nil
// where no face was found.
type Labelled struct {
	Person    string
	Embedding *facegate.Embedding
}

// OpenSet is the protocol of an open-set identification test (ISO/IEC 19795-1,
// 8.5): some people are enrolled, everybody else is an impostor. Zero values
// choose the defaults.
type OpenSet struct {
	Share   float64 // of the people that are enrolled, above 0, below 1; 0: 0.5
	Samples int     // photos enrolled of each, at most; the rest are probes; 0: 1
	Repeats int     // with other people enrolled each time; 0: 10
	Seed    uint64  // of the choice
}

// An IdentificationPoint is how often identifications by a threshold are wrong,
// as mean and standard deviation over the repeats.
type IdentificationPoint struct {
	Threshold float64 `json:"threshold"` // distance
	FPIR      float64 `json:"fpir"`      // probes of impostors for whom somebody was found
	FPIRSD    float64 `json:"fpir_sd"`
	FNIR      float64 `json:"fnir"` // probes of enrolled people who were not found: the nearest is somebody else, or too far
	FNIRSD    float64 `json:"fnir_sd"`
	// FPIRExpected is 1-(1-FMR)^N with the FMR of the same photos' impostor pairs
	// and N samples enrolled: what the rates of pairs foretell.
	FPIRExpected float64 `json:"fpir_expected"`
}

// An OpenSetReport is how well identification among enrolled people and
// impostors went. A probe without a face is found by nobody: false for an
// enrolled person, right for an impostor.
type OpenSetReport struct {
	People            int     `json:"people"`
	Photos            int     `json:"photos"`
	Share             float64 `json:"share"`
	SamplesPerPerson  int     `json:"samples_per_person"`
	Repeats           int     `json:"repeats"`
	Seed              uint64  `json:"seed"`
	Enrolled          float64 `json:"enrolled"`         // people, mean over repeats
	EnrolledSamples   float64 `json:"enrolled_samples"` // mean over repeats
	MatedProbes       float64 `json:"mated_probes"`     // of enrolled people, mean over repeats
	NonMatedProbes    float64 `json:"non_mated_probes"` // of impostors, mean over repeats
	FailuresToDetect  int     `json:"failures_to_detect"`
	FailuresToEnrol   float64 `json:"failures_to_enrol"` // people of whom no photo to enrol shows a face, mean over repeats
	Rank1             float64 `json:"rank_1"`            // probes of enrolled people whose nearest person is right, whatever the distance
	Rank1SD           float64 `json:"rank_1_sd"`
	Rank5             float64 `json:"rank_5"` // whose right person is among the nearest five
	Rank5SD           float64 `json:"rank_5_sd"`
	FNIRAtFPIR1       float64 `json:"fnir_at_fpir_0.01"`
	FNIRAtFPIR01      float64 `json:"fnir_at_fpir_0.001"`
	ThresholdAtFPIR1  float64 `json:"threshold_at_fpir_0.01"` // mean of the repeats' largest thresholds that keep the FPIR
	ThresholdAtFPIR01 float64 `json:"threshold_at_fpir_0.001"`

	Points []IdentificationPoint `json:"points"`
}

// The thresholds of the points.
const (
	firstPoint = 0.20
	lastPoint  = 0.80
	pointStep  = 0.01
)

// Run tests identification on photos. People are those with a photo at all; they
// need not have photos left to be probes. The search is the gallery's own.
func (o OpenSet) Run(ctx context.Context, photos []Labelled, progress func(done, total int)) (OpenSetReport, error) {
	if o.Share == 0 {
		o.Share = 0.5
	}
	o.Samples = max(o.Samples, 1)
	if o.Repeats == 0 {
		o.Repeats = 10
	}
	if !(o.Share > 0 && o.Share < 1) || o.Repeats < 1 {
		return OpenSetReport{}, errors.New("open-set test: the share must lie between 0 and 1, and there must be a repeat")
	}
	of := map[string][]int{}
	var people []string
	r := OpenSetReport{Photos: len(photos), Share: o.Share, SamplesPerPerson: o.Samples, Repeats: o.Repeats, Seed: o.Seed}
	for i, p := range photos {
		if of[p.Person] == nil {
			people = append(people, p.Person)
		}
		of[p.Person] = append(of[p.Person], i)
		if p.Embedding == nil {
			r.FailuresToDetect++
		}
	}
	slices.Sort(people)
	r.People = len(people)
	enrolled := int(math.Round(o.Share * float64(len(people))))
	if enrolled < 1 || enrolled >= len(people) {
		return OpenSetReport{}, fmt.Errorf("open-set test: of %d people none is left to enrol, or to be an impostor", len(people))
	}
	var runs []openSetRun
	for repeat := range o.Repeats {
		random := rand.New(rand.NewPCG(o.Seed, uint64(repeat)))
		random.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
		run, err := o.once(ctx, photos, of, people, enrolled, random)
		if err != nil {
			return OpenSetReport{}, err
		}
		runs = append(runs, run)
		slices.Sort(people)
		if progress != nil {
			progress(repeat+1, o.Repeats)
		}
	}
	r.gather(runs, impostorDistances(photos))
	return r, nil
}

// An openSetRun is one repeat.
type openSetRun struct {
	enrolled, samples, unenrolled int
	mated                         []matedProbe
	nonMated                      []float64 // distance to the nearest person
}

// A matedProbe is how a probe of an enrolled person fared.
type matedProbe struct {
	rank     int     // of the right person, from 1; 0: not among the nearest
	distance float64 // to the nearest person
}

// ranks is how many of the nearest people are looked at.
const ranks = 5

func (o OpenSet) once(ctx context.Context, photos []Labelled, of map[string][]int, people []string, enrolled int, random *rand.Rand) (openSetRun, error) {
	var run openSetRun
	var entries []facegate.GalleryEntry
	var mated, nonMated []int
	for place, name := range people {
		own := slices.Clone(of[name])
		if place >= enrolled {
			nonMated = append(nonMated, own...)
			continue
		}
		random.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
		n, taken := min(o.Samples, len(own)), 0
		for _, i := range own[:n] {
			if e := photos[i].Embedding; e != nil {
				taken++
				entries = append(entries, facegate.GalleryEntry{SampleID: strconv.Itoa(i), Person: facegate.PersonRef{ID: name, Name: name}, Embedding: *e})
			}
		}
		mated = append(mated, own[n:]...)
		run.enrolled++
		if taken == 0 {
			run.unenrolled++
		}
	}
	run.samples = len(entries)
	gallery := NewGallery()
	defer gallery.Close()
	gallery.Reset(entries)
	const batch = 64
	for kind, group := range [][]int{mated, nonMated} {
		for at := range slices.Chunk(group, batch) {
			if err := ctx.Err(); err != nil {
				return run, fmt.Errorf("open-set test: %w", err)
			}
			var probes []*facegate.Embedding
			for _, i := range at {
				if photos[i].Embedding != nil {
					probes = append(probes, photos[i].Embedding)
				}
			}
			found := gallery.NearestBatch(probes, ranks, -1)
			for _, i := range at {
				outcome := matedProbe{distance: math.Inf(1)}
				if photos[i].Embedding != nil {
					nearest := found[0]
					found = found[1:]
					if len(nearest) > 0 {
						outcome.distance = nearest[0].Distance
					}
					outcome.rank = 1 + slices.IndexFunc(nearest, func(c facegate.Candidate) bool { return c.Person.ID == photos[i].Person })
				}
				if kind == 0 {
					run.mated = append(run.mated, outcome)
				} else {
					run.nonMated = append(run.nonMated, outcome.distance)
				}
			}
		}
	}
	slices.Sort(run.nonMated)
	return run, nil
}

// fpir is the share of impostors for whom somebody is within the threshold.
func (run *openSetRun) fpir(threshold float64) float64 {
	within, _ := slices.BinarySearch(run.nonMated, math.Nextafter(threshold, math.Inf(1)))
	return share(float64(within), float64(len(run.nonMated)))
}

func (run *openSetRun) fnir(threshold float64) float64 {
	missed := 0.0
	for _, m := range run.mated {
		if m.rank != 1 || m.distance > threshold {
			missed++
		}
	}
	return share(missed, float64(len(run.mated)))
}

func (run *openSetRun) ranked(most int) float64 {
	n := 0.0
	for _, m := range run.mated {
		if m.rank >= 1 && m.rank <= most {
			n++
		}
	}
	return share(n, float64(len(run.mated)))
}

// thresholdAt is the largest threshold that keeps the FPIR.
func (run *openSetRun) thresholdAt(fpir float64) float64 {
	allowed := int(fpir * float64(len(run.nonMated)))
	if allowed >= len(run.nonMated) {
		return lastPoint
	}
	return math.Min(math.Nextafter(run.nonMated[allowed], 0), lastPoint)
}

func (r *OpenSetReport) gather(runs []openSetRun, impostors []float64) {
	mean := func(of func(*openSetRun) float64) (mean, sd float64) {
		values := make([]float64, len(runs))
		for i := range runs {
			values[i] = of(&runs[i])
		}
		return meanAndSD(values)
	}
	r.Enrolled, _ = mean(func(run *openSetRun) float64 { return float64(run.enrolled) })
	r.EnrolledSamples, _ = mean(func(run *openSetRun) float64 { return float64(run.samples) })
	r.FailuresToEnrol, _ = mean(func(run *openSetRun) float64 { return float64(run.unenrolled) })
	r.MatedProbes, _ = mean(func(run *openSetRun) float64 { return float64(len(run.mated)) })
	r.NonMatedProbes, _ = mean(func(run *openSetRun) float64 { return float64(len(run.nonMated)) })
	r.Rank1, r.Rank1SD = mean(func(run *openSetRun) float64 { return run.ranked(1) })
	r.Rank5, r.Rank5SD = mean(func(run *openSetRun) float64 { return run.ranked(ranks) })
	at := func(fpir float64) (fnir, threshold float64) {
		fnir, _ = mean(func(run *openSetRun) float64 { return run.fnir(run.thresholdAt(fpir)) })
		threshold, _ = mean(func(run *openSetRun) float64 { return run.thresholdAt(fpir) })
		return fnir, threshold
	}
	r.FNIRAtFPIR1, r.ThresholdAtFPIR1 = at(0.01)
	r.FNIRAtFPIR01, r.ThresholdAtFPIR01 = at(0.001)
	for i := range int(math.Round((lastPoint-firstPoint)/pointStep)) + 1 {
		p := IdentificationPoint{Threshold: math.Round((firstPoint+float64(i)*pointStep)*100) / 100}
		p.FPIR, p.FPIRSD = mean(func(run *openSetRun) float64 { return run.fpir(p.Threshold) })
		p.FNIR, p.FNIRSD = mean(func(run *openSetRun) float64 { return run.fnir(p.Threshold) })
		within, _ := slices.BinarySearch(impostors, math.Nextafter(p.Threshold, math.Inf(1)))
		p.FPIRExpected = FPIR(share(float64(within), float64(len(impostors))), int(math.Round(r.EnrolledSamples)))
		r.Points = append(r.Points, p)
	}
}

// FPIR is the share of impostors for whom somebody is found among n, where each
// comparison is false with probability fmr: 1-(1-fmr)^n, as if comparisons were
// independent. They are not quite (some faces resemble many others), so this is
// more than what is measured (docs/thresholds.md tells by how much).
func FPIR(fmr float64, n int) float64 {
	return -math.Expm1(float64(n) * math.Log1p(-fmr))
}

// meanAndSD has the standard deviation of a sample (n-1); 0 for a single value.
func meanAndSD(values []float64) (mean, sd float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	if len(values) < 2 {
		return mean, 0
	}
	for _, v := range values {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(len(values)-1))
}

// mostPhotos bounds the pairs that the expectation rests on.
const mostPhotos = 4000

// impostorDistances is between photos of different people, sorted.
func impostorDistances(photos []Labelled) []float64 {
	var some []Labelled
	for i := range min(len(photos), mostPhotos) { // evenly, where there are more
		if p := photos[i*len(photos)/min(len(photos), mostPhotos)]; p.Embedding != nil {
			some = append(some, p)
		}
	}
	all := make([]float64, 0, len(some)*len(some)/2)
	for i, a := range some {
		for _, b := range some[:i] {
			if a.Person != b.Person {
				all = append(all, a.Embedding.Distance(b.Embedding))
			}
		}
	}
	slices.Sort(all)
	return all
}

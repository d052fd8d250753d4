package facegate

import (
	"context"
	"time"
)

// A Policy says how careful decisions are: it names targets, and thresholds
// follow from them, from how often distances were measured to be wrong, and from
// the size of the gallery.
type Policy string

// Policies. [Thresholds] tells their targets.
const (
	PolicyStrict  Policy = "strict"
	PolicyNormal  Policy = "normal" // the default
	PolicyLenient Policy = "lenient"
	PolicyTarget  Policy = "target"  // the operator's own targets
	PolicyFixed   Policy = "fixed"   // the operator's own thresholds
	PolicyRequest Policy = "request" // a single request's own threshold
)

// Thresholds are what decisions are taken by just now, and what that means. The
// rates are estimates by the calibration: nil where there is none for the recipe.
type Thresholds struct {
	Policy   Policy  `json:"policy"`
	Verify   float64 `json:"verify"`   // distance, 0..2
	Identify float64 `json:"identify"` // distance, 0..2
	Margin   float64 `json:"margin"`   // between two people within the threshold, 0..2

	TargetFMR  *float64 `json:"target_fmr,omitempty"`  // of verification, as the policy wants it
	TargetFPIR *float64 `json:"target_fpir,omitempty"` // of identification, as the policy wants it

	VerifyFMR    *float64 `json:"verify_fmr,omitempty"`    // at Verify
	VerifyFNMR   *float64 `json:"verify_fnmr,omitempty"`   // at Verify
	IdentifyFPIR *float64 `json:"identify_fpir,omitempty"` // at Identify, in the gallery of the present size
	IdentifyFNMR *float64 `json:"identify_fnmr,omitempty"` // at Identify
	Extrapolated bool     `json:"extrapolated"`            // a rate at one of the thresholds is below what was measured

	People  int `json:"people"`  // in the gallery
	Samples int `json:"samples"` // in the gallery

	Fixed       []string           `json:"fixed"` // settings that only the configuration can change: policy, verify, identify, margin
	Policies    []PolicyTargets    `json:"policies"`
	Calibration CalibrationSummary `json:"calibration"`
}

// PolicyTargets are what a named policy aims at, and what that comes to in the
// present gallery.
type PolicyTargets struct {
	Policy   Policy  `json:"policy"`
	FMR      float64 `json:"target_fmr"`
	FPIR     float64 `json:"target_fpir"`
	Verify   float64 `json:"verify"`
	Identify float64 `json:"identify"`
}

// A CalibrationSummary says what the rates rest on.
type CalibrationSummary struct {
	Source        string     `json:"source"` // empty: there is no calibration
	Recipe        string     `json:"recipe,omitempty"`
	MadeAt        *time.Time `json:"made_at,omitempty"`
	People        int        `json:"people"`
	GenuinePairs  int        `json:"genuine_pairs"`
	ImpostorPairs int        `json:"impostor_pairs"`
	MeasuredFrom  float64    `json:"measured_from"`
	Own           bool       `json:"own"` // measured by the operator; else the one that comes with the program
	Warnings      []string   `json:"warnings"`
}

// A Calibration says how often decisions by a distance are wrong, as measured
// on pairs of which it is known whether they show one person. It holds for
// embeddings of its recipe, and for faces like those it was measured on.
type Calibration struct {
	Source  string     `json:"source"` // "gallery", a folder's name, or where the one that comes with the program is from
	Recipe  string     `json:"recipe"`
	MadeAt  *time.Time `json:"made_at,omitempty"`
	People  int        `json:"people"`
	Samples int        `json:"samples"`
	// GenuinePeople are those with two samples or more, who alone make genuine pairs.
	GenuinePeople int `json:"genuine_people"`
	GenuinePairs  int `json:"genuine_pairs"`
	ImpostorPairs int `json:"impostor_pairs"`
	// MeasuredFrom is the smallest threshold whose FMR was measured. Below it, FMR
	// is extrapolated: it falls by TailRate per unit of distance (natural
	// logarithm); where TailRate is 0 there was too little data even for that, and
	// FMR is held at its last value.
	MeasuredFrom float64 `json:"measured_from"`
	TailRate     float64 `json:"tail_rate"`
	// Points are Step apart, from threshold 0 on.
	Step     float64            `json:"step"`
	Points   []CalibrationPoint `json:"points"`
	Warnings []string           `json:"warnings"` // what is doubtful, in words
}

// A CalibrationPoint is the error rates of a threshold, each with the interval
// that holds it with 95% confidence.
type CalibrationPoint struct {
	Threshold    float64 `json:"threshold"`
	FMR          float64 `json:"fmr"` // pairs of two people taken for one, 0..1
	FMRLow       float64 `json:"fmr_low"`
	FMRHigh      float64 `json:"fmr_high"`
	FNMR         float64 `json:"fnmr"` // pairs of one person taken for two, 0..1
	FNMRLow      float64 `json:"fnmr_low"`
	FNMRHigh     float64 `json:"fnmr_high"`
	Extrapolated bool    `json:"extrapolated,omitempty"` // FMR is, see MeasuredFrom
}

// A ThresholdsUpdate changes what decisions are taken by: to a named policy, to
// targets (one left out is that of the normal policy), or to fixed thresholds
// (one left out is what it was). It is one of the three, or none.
type ThresholdsUpdate struct {
	Policy     *Policy  `json:"policy"`
	TargetFMR  *float64 `json:"target_fmr"`  // above 0, below 1
	TargetFPIR *float64 `json:"target_fpir"` // above 0, below 1
	Verify     *float64 `json:"verify"`      // above 0, up to 2
	Identify   *float64 `json:"identify"`    // above 0, up to 2
	// Calibration is what rates come from: "gallery" measures the enrolled
	// samples now, "reference" is the one that comes with the program.
	Calibration *string `json:"calibration"`
}

// OwnPairs says what a threshold would make of the pairs of the gallery itself.
// In a large gallery the pairs are those of some of its people.
type OwnPairs struct {
	Threshold float64 `json:"threshold"`
	People    int     `json:"people"`  // looked at
	Samples   int     `json:"samples"` // looked at
	Complete  bool    `json:"complete"`

	Genuine  int `json:"genuine_pairs"`  // of samples of one person
	Impostor int `json:"impostor_pairs"` // of samples of two people
	Missed   int `json:"missed_pairs"`   // genuine and beyond the threshold
	Confused int `json:"confused_pairs"` // impostor and within the threshold

	ConfusedPeople []LookalikePair `json:"confused_people"` // nearest first, up to the limit
	MissedPeople   []MissedPerson  `json:"missed_people"`   // the most missed first, up to the limit

	// Histograms count pairs by distance: the i-th number is of those from i*Step
	// up to (i+1)*Step, the last of all beyond.
	Step              float64 `json:"step"`
	GenuineHistogram  []int   `json:"genuine_histogram"`
	ImpostorHistogram []int   `json:"impostor_histogram"`
}

// A LookalikePair is two people by the samples of theirs that are closest to
// each other.
type LookalikePair struct {
	A              PersonRef `json:"a"`
	B              PersonRef `json:"b"`
	SampleA        string    `json:"sample_a"`
	SampleB        string    `json:"sample_b"`
	Distance       float64   `json:"distance"`
	Similarity     float64   `json:"similarity"`
	FalseMatchRate *float64  `json:"false_match_rate,omitempty"` // share of pairs of different people that are as close
}

// A MissedPerson is somebody whose own samples a threshold parts.
type MissedPerson struct {
	Person PersonRef `json:"person"`
	Missed int       `json:"missed_pairs"`
	Pairs  int       `json:"pairs"`
}

// Thresholding tells and changes what decisions are taken by.
type Thresholding interface {
	Thresholds(ctx context.Context) (Thresholds, error)
	// SetThresholds stores a change; decisions follow it at once, those of other
	// processes too. It fails with [CodeInvalid], with [CodeFixed] for what the
	// configuration fixes, and where a calibration has too little to go by.
	SetThresholds(ctx context.Context, u ThresholdsUpdate) (Thresholds, error)
	// Calibration is the rates by threshold that are in force; false where there
	// are none.
	Calibration(ctx context.Context) (Calibration, bool, error)
	// OwnPairs says what a threshold (0..2) would make of the gallery's own pairs,
	// naming up to limit people of each kind.
	OwnPairs(ctx context.Context, threshold float64, limit int) (OwnPairs, error)
}

// A SampleSource tells all samples of the recipe in use with their embeddings.
// The version changes whenever they do.
type SampleSource interface {
	GalleryVersion(ctx context.Context) (int64, error)
	// Entries is at most so many samples (0: all): where there are more, all those
	// of some people.
	Entries(ctx context.Context, most int) (entries []GalleryEntry, version int64, err error)
}

// Settings keeps what the program's users change while it runs. A setting that
// is not there is nil.
type Settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	SaveSetting(ctx context.Context, name string, value []byte) error
}

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"facegate"
	"facegate/enroll"
	"facegate/internal/testfiles"
)

// six is a user with the six people of the test photos enrolled.
func six(t *testing.T) (*user, func(name string) string) {
	t.Helper()
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	u.want(exitOK, "import", filepath.Join(photos, "people"))
	return u, func(name string) string { return filepath.Join(photos, "probes", name) }
}

func TestProgramExplains(t *testing.T) {
	u, probe := six(t)
	r := lines[identification](t, u.want(exitOK, "identify", "--explain", "--json", probe("obama1.jpg")).stdout)[0]
	if len(r.Faces) != 1 || r.Faces[0].Explanation == nil {
		t.Fatalf("%+v", r)
	}
	f := r.Faces[0]
	e := f.Explanation
	if f.Decision != facegate.Match || f.Policy != facegate.PolicyNormal || f.FalsePositiveRate == nil || f.Candidates[0].FalseMatchRate == nil {
		t.Errorf("%+v", f.Identification)
	}
	if e.RunnerUp == nil || *e.Lead <= 0 || len(e.Candidates) != 5 || !strings.HasPrefix(e.Candidates[0].Sample.Source, "obama") || e.Candidates[0].Sample.Quality <= 0 {
		t.Errorf("%+v", e)
	}
	contains(t, "the explanation", u.want(exitOK, "identify", "--explain", probe("obama1.jpg")).stdout,
		"obama is 0.", "within the threshold of 0.500", "of strangers, about ", "nearest, within the threshold)  by obama", "farther than the nearest")
	contains(t, "an unknown", u.want(exitNegative, "identify", "--explain", "--identify-threshold=0.2", probe("obama1.jpg")).stdout, "beyond the threshold of 0.200")

	pairs := lines[facegate.LookalikePair](t, u.want(exitOK, "lookalikes", "--json").stdout)
	if len(pairs) != 15 || pairs[0].FalseMatchRate == nil { // six people
		t.Errorf("%d pairs of six people: %+v", len(pairs), pairs)
	}
	for i, p := range pairs {
		if p.A.ID == p.B.ID || i > 0 && p.Distance < pairs[i-1].Distance {
			t.Errorf("pair %d: %+v", i, p)
		}
	}
	for _, p := range lines[facegate.LookalikePair](t, u.want(exitOK, "lookalikes", "biden", "--limit=3", "--json").stdout) {
		if p.A.Name != "biden" && p.B.Name != "biden" {
			t.Errorf("biden's lookalikes hold %+v", p)
		}
	}
	contains(t, "nobody", u.want(exitFailed, "lookalikes", "nobody").stderr, "nobody called")

	contains(t, "a healthy gallery", u.want(exitOK, "doctor").stdout, "of 6 people", "nothing looks wrong")
	u.want(exitOK, "enroll", "biden", probe("obama1.jpg"))
	contains(t, "a mislabelled photo", u.want(exitNegative, "doctor").stdout, "biden: obama1.jpg", "it looks like obama")
	u.want(exitOK, "enroll", "Barry", probe("obama3.jpg"))
	contains(t, "somebody enrolled twice", u.want(exitNegative, "doctor").stdout, "people who are probably one", "Barry", "obama3.jpg")
	x := lines[examination](t, u.want(exitNegative, "doctor", "--json").stdout)[0]
	if x.People != 7 || len(x.Strays) != 1 || x.Strays[0].Person.Name != "biden" || x.Strays[0].Looks == nil ||
		len(x.Doubles) != 1 || x.Doubles[0].Expected == nil || *x.Doubles[0].Expected > 0.1 {
		t.Errorf("%+v", x)
	}
}

func TestProgramCalibrates(t *testing.T) {
	u, probe := six(t)
	c := lines[calibration](t, u.want(exitOK, "calibrate", "--json", "--target-fpir=0.001").stdout)[0]
	if c.Source != "gallery" || c.People != 6 || len(c.Points) != 140 || len(c.Warnings) == 0 || len(c.Choices) != 4 || c.Choices[3].TargetFPIR != 0.001 || c.Applied {
		t.Errorf("%+v", c)
	}
	contains(t, "the table", u.want(exitOK, "calibrate").stdout, "gallery: 6 people", "WARNING", "only 6 people", "FMR (95% INTERVAL)", "strict", "lenient")
	contains(t, "too little", u.want(exitFailed, "calibrate", "--apply").stderr, "too little data", "only 6 people")
	contains(t, "wrong usage", u.want(exitUsage, "calibrate", "--choose=strict", "--target-fmr=0.1").stderr, "exclude each other")

	verified := func() verification {
		return lines[verification](t, u.want(exitOK, "verify", "--json", probe("obama1.jpg"), probe("obama3.jpg")).stdout)[0]
	}
	if v := verified(); v.Policy != facegate.PolicyNormal || v.Threshold != facegate.DefaultVerifyThreshold || v.FalseMatchRate == nil {
		t.Errorf("%+v", v.Verification)
	}
	contains(t, "applied", u.want(exitOK, "calibrate", "--reference", "--choose=strict", "--apply").stdout, "lfw-dev", "the policy in force is strict")
	strict := verified()
	if strict.Policy != facegate.PolicyStrict || strict.Threshold >= facegate.DefaultVerifyThreshold {
		t.Errorf("%+v", strict.Verification)
	}
	if v := lines[verification](t, u.want(exitOK, "verify", "--json", "--policy=lenient", probe("obama1.jpg"), probe("obama3.jpg")).stdout)[0]; v.Policy != facegate.PolicyLenient || v.Threshold <= strict.Threshold {
		t.Errorf("%+v", v.Verification)
	}
	contains(t, "nothing to keep it by", u.want(exitFailed, "calibrate", "--apply", "--force", "--target-fmr=0.02").stderr, "knows no threshold that keeps the targets")
	u.want(exitOK, "calibrate", "--apply", "--force", "--target-fmr=0.5", "--target-fpir=0.99")
	if v := verified(); v.Policy != facegate.PolicyTarget || v.Threshold <= strict.Threshold {
		t.Errorf("%+v", v.Verification)
	}
}

func TestProgramReembeds(t *testing.T) {
	u, probe := six(t)
	answer := func(profile string, code int) identification {
		return lines[identification](t, u.want(code, "identify", "--json", "--profile="+profile, probe("obama1.jpg")).stdout)[0]
	}
	before := answer("fast", exitOK)
	m := lines[enroll.Move](t, u.want(exitOK, "reembed", "--profile=accurate", "--json").stdout)[0]
	if m.People != 6 || m.Samples < 6 || len(m.Left) != 0 || !strings.Contains(m.Recipe, "mirror") {
		t.Errorf("%+v", m)
	}
	if r := answer("accurate", exitOK); r.Faces[0].Decision != facegate.Match || r.Faces[0].Candidates[0].Person.Name != "obama" {
		t.Errorf("%+v", r.Faces[0].Identification)
	}
	// Samples of another recipe do not compare, and are not searched.
	if r := answer("fast", exitNegative); r.Faces[0].Decision != facegate.Unknown || len(r.Faces[0].Candidates) != 0 {
		t.Errorf("%+v", r.Faces[0].Identification)
	}
	contains(t, "with nothing to do", u.want(exitOK, "reembed", "--profile=accurate").stdout, "every sample is of the recipe")
	u.want(exitOK, "reembed")
	after := answer("fast", exitOK)
	for i, c := range before.Faces[0].Candidates {
		if got := after.Faces[0].Candidates[i]; got.Person != c.Person || got.Distance != c.Distance {
			t.Errorf("there and back, candidate %d is %+v, and was %+v", i, got, c)
		}
	}
}

package match_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facegate"
	"facegate/internal/testfiles"
	"facegate/match"
)

// FuzzReadPairs holds whatever text to what ReadPairs promises: an error, or pairs
// that stay within their folder, say what they are, and read the same once more.
func FuzzReadPairs(f *testing.F) {
	for _, text := range []string{
		"2\t1\nAda_B\t1\t12\nAda_B\t2\tCy_D\t3\n\nEve\t4\t5\nEve\t1\tAda_B\t2\n", "1\nA 1 2\nA 1 B 1\n", "", "\n", "1 1\r\nA 1 2\r\nA 1 B 1", "ten 3\n", "0 0", "-1 1",
		"1000000 1000000\n", "1 1\nA -1 2\nA 1 B 1\n", "1 1\n../A 1 2\nA 1 B 1\n", "1 1\n. 1 2\nA 1 .. 1\n", "1 1\nA 1 A 1\n", "1 1\n\u00a0A 1 2\nA 99999999999999999999 B 1\n",
		"1 1\nA 1 2\nA 1 B\x00 1\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pairs, err := match.ReadPairs(strings.NewReader(text))
		if err != nil {
			return
		}
		var again strings.Builder
		folds := pairs[len(pairs)-1].Fold + 1
		fmt.Fprintf(&again, "%d %d\n", folds, len(pairs)/folds/2)
		for _, p := range pairs {
			for _, s := range []match.Shot{p.A, p.B} {
				if file := s.File(); !filepath.IsLocal(file) || filepath.Dir(file) != s.Person {
					t.Errorf("%+v is the file %q", s, file)
				}
			}
			if p.Genuine != (p.A.Person == p.B.Person) {
				t.Errorf("a pair that is not what it says: %+v", p)
			}
			if p.Genuine {
				fmt.Fprintln(&again, p.A.Person, p.A.Number, p.B.Number)
			} else {
				fmt.Fprintln(&again, p.A.Person, p.A.Number, p.B.Person, p.B.Number)
			}
		}
		same, err := match.ReadPairs(strings.NewReader(again.String()))
		if err != nil || fmt.Sprint(same) != fmt.Sprint(pairs) {
			t.Errorf("%v becomes %v (%v)", pairs, same, err)
		}
	})
}

// FuzzStoredThresholds reads any choice and any calibration from the database: an
// error, or thresholds and rates that decisions can be taken by.
func FuzzStoredThresholds(f *testing.F) {
	points := func(rates ...float64) string {
		var b strings.Builder
		for i, r := range rates {
			fmt.Fprintf(&b, `,{"threshold":%g,"fmr":%g,"fnmr":%g}`, float64(i)*0.01, r, 1-r)
		}
		return `{"recipe":"` + recipeFast + `","step":0.01,"measured_from":0.02,"points":[` + strings.TrimPrefix(b.String(), ",") + `]}`
	}
	reference, err := os.ReadFile(filepath.Join(testfiles.Root(), "match", "reference", "fast.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, choice := range []string{
		`{"policy":"normal"}`, `{"policy":"strict","own_calibration":true}`, `{"policy":"target","target_fmr":0.001,"target_fpir":0.01,"own_calibration":true}`,
		`{"policy":"fixed","verify":0.5,"identify":0.4}`, `{"policy":"nonsense","own_calibration":true}`, `{"policy":"target","target_fmr":1e-320,"target_fpir":1,"own_calibration":true}`, `{`, `null`,
	} {
		for _, calibration := range []string{points(0, 0.1, 0.2, 1), points(0, 0), points(1, 1), points(), `{"step":1e-320,"points":[{},{"threshold":1e-320}]}`, `{"step":-1}`, `null`, ``, string(reference)} {
			f.Add(choice, calibration)
		}
	}
	f.Fuzz(func(t *testing.T, choice, calibration string) {
		stored := &book{values: map[string][]byte{"thresholds": []byte(choice), "calibration": []byte(calibration)}}
		rules := rulesOf(10, 1000, stored)
		th, err := rules.Thresholds(context.Background())
		if err != nil {
			if strings.Contains(err.Error(), "%!") {
				t.Errorf("a muddled message: %v", err)
			}
			return
		}
		share := func(name string, v *float64, most float64) {
			if v != nil && !(*v >= 0 && *v <= most) {
				t.Errorf("%s is %v", name, *v)
			}
		}
		share("verify", &th.Verify, 2)
		share("identify", &th.Identify, 2)
		for name, v := range map[string]*float64{"verify fmr": th.VerifyFMR, "verify fnmr": th.VerifyFNMR, "identify fpir": th.IdentifyFPIR, "identify fnmr": th.IdentifyFNMR} {
			share(name, v, 1)
		}
		measured, ok, err := rules.Calibration(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return
		}
		c := match.Calibration{Calibration: measured}
		last := facegate.CalibrationPoint{FNMR: 1}
		for _, d := range []float64{-1, 0, 1e-9, 0.005, 0.3, 0.6, 0.61, 2, 1e300} {
			p := c.At(d)
			if !(p.FMR >= last.FMR && p.FMR <= 1 && p.FNMR <= last.FNMR && p.FNMR >= 0) {
				t.Errorf("at %g: %+v after %+v", d, p, last)
			}
			last = p
		}
		for _, target := range []float64{1e-12, 0.001, 0.5, 1} {
			if d := c.ThresholdForFMR(target); math.IsNaN(d) || d < 0 || d > 0 && c.FMR(d) > target*(1+1e-9) {
				t.Errorf("the threshold for %g is %g, with %g", target, d, c.FMR(d))
			}
		}
	})
}

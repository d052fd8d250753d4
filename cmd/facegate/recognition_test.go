package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"facegate"
	"facegate/enroll"
	"facegate/internal/testfiles"
)

// whoIsWho is who the probes show, and how many others, whom nobody enrolled.
// In obama_and_biden a child stands at the right border.
var whoIsWho = map[string]struct {
	people []string
	others int
}{
	"alex_lacamoire1.jpg": {people: []string{"alex_lacamoire"}},
	"johnsnow_test1.jpg":  {people: []string{"kit_harington"}},
	"kit_with_rose.jpg":   {people: []string{"kit_harington", "rose_leslie"}},
	"obama-1080p.jpg":     {people: []string{"obama"}},
	"obama-240p.jpg":      {people: []string{"obama"}},
	"obama-480p.jpg":      {people: []string{"obama"}},
	"obama-720p.jpg":      {people: []string{"obama"}},
	"obama1.jpg":          {people: []string{"obama"}},
	"obama3.jpg":          {people: []string{"obama"}},
	"obama_and_biden.jpg": {people: []string{"biden", "obama"}, others: 1},
	"obama_small.jpg":     {people: []string{"obama"}},
	"two_people.jpg":      {people: []string{"biden", "obama"}},
}

// From a folder of photos to names.
func TestProgramRecognises(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	people, probes := filepath.Join(photos, "people"), filepath.Join(photos, "probes")
	probe := func(name string) string { return filepath.Join(probes, name) }

	first := lines[enroll.Summary](t, u.want(exitOK, "import", "--json", people).stdout)[0]
	if first.People != 6 || first.Created != 6 || first.Added != 10 || first.Skipped != 0 || len(first.Refused) != 0 || len(first.Duplicates) != 0 {
		t.Fatalf("import: %+v", first)
	}
	contains(t, "the second import", u.want(exitOK, "import", people).stdout,
		"6 people enrolled (0 new), 0 photos added, 10 skipped as known, 0 refused")

	t.Run("identify", func(t *testing.T) {
		// The child is unknown, so not every face is matched.
		answers := lines[identification](t, u.want(exitNegative, "identify", "--json", probes).stdout)
		seen := map[string]bool{}
		for _, a := range answers {
			name := filepath.Base(a.Photo)
			seen[name] = true
			var named []string
			others := 0
			for _, f := range a.Faces {
				switch f.Decision {
				case facegate.Match:
					named = append(named, f.Candidates[0].Person.Name)
				case facegate.Unknown:
					others++
				default:
					t.Errorf("%s: a face is %s: %+v", name, f.Decision, f.Candidates)
				}
				if f.Embedding != nil {
					t.Errorf("%s: an embedding nobody asked for", name)
				}
			}
			slices.Sort(named)
			if want := whoIsWho[name]; !slices.Equal(named, want.people) || others != want.others {
				t.Errorf("%s: %v and %d unknown, want %v and %d", name, named, others, want.people, want.others)
			}
		}
		if len(seen) != len(whoIsWho) {
			t.Errorf("%d photos were answered, want %d: %v", len(seen), len(whoIsWho), slices.Sorted(maps.Keys(seen)))
		}
	})

	t.Run("identify for people", func(t *testing.T) {
		out := u.want(exitOK, "identify", probe("obama1.jpg"), probe("kit_with_rose.jpg")).stdout
		rows := strings.Split(strings.TrimSpace(out), "\n")
		if len(rows) != 3 {
			t.Fatalf("%d rows, want 3:\n%s", len(rows), out)
		}
		column := strings.Index(rows[1], "kit_harington")
		if strings.Index(rows[0], "  obama  ")+2 != column || strings.Index(rows[2], "rose_leslie") != column {
			t.Errorf("names are not in one column:\n%s", out)
		}
		contains(t, "the answer", out, "distance 0.", "similarity ", "(threshold 0.50, normal; false match rate ", "face at ")
	})

	t.Run("thresholds", func(t *testing.T) {
		contains(t, "a strict answer", u.want(exitNegative, "identify", "--identify-threshold=0.2", probe("obama1.jpg")).stdout,
			"unknown", "(threshold 0.20, normal; false match rate ", "; nearest is obama)")
		contains(t, "a doubtful answer", u.want(exitNegative, "identify", "--identify-threshold=2", "--margin=2", probe("obama1.jpg")).stdout, "ambiguous", "; obama, or ")
	})

	t.Run("verify", func(t *testing.T) {
		v := lines[verification](t, u.want(exitOK, "verify", "--json", probe("obama1.jpg"), probe("obama3.jpg")).stdout)[0]
		if v.Decision != facegate.Match || v.Distance <= 0 || v.Distance > 0.6 || v.Threshold != 0.6 || v.Photo != probe("obama1.jpg") || v.PhotoB != probe("obama3.jpg") {
			t.Errorf("the same man: %+v", v)
		}
		contains(t, "two men", u.want(exitNegative, "verify", probe("obama1.jpg"), probe("johnsnow_test1.jpg")).stdout, "no match", "(threshold 0.60, normal; false match rate ")
		v = lines[verification](t, u.want(exitOK, "verify", "--json", probe("obama1.jpg"), "--person=obama").stdout)[0]
		if v.Person == nil || v.Person.Name != "obama" || v.SampleID == "" {
			t.Errorf("against a person: %+v", v)
		}
		u.want(exitNegative, "verify", probe("obama1.jpg"), "--person=biden")
		contains(t, "two faces", u.want(exitRefused, "verify", probe("two_people.jpg"), probe("obama1.jpg")).stderr, "facegate: ", "two_people.jpg", "\n  -> ")
		contains(t, "nobody", u.want(exitFailed, "verify", probe("obama1.jpg"), "--person=nobody").stderr, `nobody called "nobody" is enrolled`, "\n  -> ")
	})

	t.Run("photos that cannot be used", func(t *testing.T) {
		whole := read(t, probe("obama1.jpg"))
		cut := u.write("cut.jpg", whole[:len(whole)/2])
		text := u.write("text.jpg", []byte("no picture"))
		o := u.want(exitRefused, "identify", "--json", cut, text, "absent.jpg", probe("obama1.jpg"))
		answers := strings.SplitAfter(o.stdout, "\n")
		var codes []facegate.Code
		for _, r := range lines[facegate.Refusal](t, strings.Join(answers[:3], "")) {
			codes = append(codes, r.Code)
		}
		if want := []facegate.Code{facegate.CodeTruncated, facegate.CodeNotAnImage, codeUnreadable}; !slices.Equal(codes, want) {
			t.Errorf("refused as %v, want %v", codes, want)
		}
		if last := lines[identification](t, answers[3])[0]; len(last.Faces) != 1 || last.Faces[0].Decision != facegate.Match {
			t.Errorf("the good photo: %+v", last)
		}
		contains(t, "for people", u.want(exitRefused, "detect", cut, probe("obama1.jpg")).stderr, cut+"  refused: ")
		contains(t, "too large", u.want(exitRefused, "detect", "--max-photo-bytes=1000", probe("obama1.jpg")).stderr, "--max-photo-bytes")
	})

	t.Run("standard input", func(t *testing.T) {
		cmd := u.command("identify", "-")
		cmd.Stdin = strings.NewReader(string(read(t, probe("obama1.jpg"))))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		contains(t, "the answer", string(out), "standard input  obama")
	})

	t.Run("detect", func(t *testing.T) {
		d := lines[detection](t, u.want(exitOK, "detect", "--json", "--embeddings", "--max-faces=1", probe("two_people.jpg")).stdout)[0]
		if len(d.Faces) != 1 || d.Faces[0].Embedding == nil || d.Width == 0 {
			t.Errorf("%+v", d)
		}
		d = lines[detection](t, u.want(exitOK, "detect", "--json", probe("two_people.jpg")).stdout)[0]
		if len(d.Faces) != 2 || d.Faces[0].Embedding != nil {
			t.Errorf("%+v", d)
		}
	})
}

func TestProgramEnrols(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	obama := filepath.Join(photos, "people", "obama")
	two := filepath.Join(photos, "probes", "two_people.jpg")
	text := u.write("text.jpg", []byte("no picture"))

	contains(t, "an empty gallery", u.want(exitOK, "people").stderr, "nobody is enrolled in ./data\n  -> ")

	// One refused photo does not stop the others.
	e := lines[facegate.Enrolment](t, u.want(exitRefused, "enroll", "--json", "--tag=vip", "--consent=form 7", "Barack Obama", filepath.Join(obama, "obama.jpg"), two, text).stdout)[0]
	if e.Name != "Barack Obama" || len(e.Samples) != 1 || e.SampleCount != 1 || len(e.Refused) != 2 || e.Consent.Basis != "form 7" || e.Consent.At == nil || !slices.Equal(e.Tags, []string{"vip"}) {
		t.Errorf("%+v", e)
	}
	if e.Refused[0].Photo != two || e.Refused[0].Code != facegate.CodeSeveralFaces || e.Refused[1].Code != facegate.CodeNotAnImage {
		t.Errorf("refused: %+v", e.Refused)
	}
	out := u.want(exitOK, "enroll", "Barack Obama", obama).stdout
	contains(t, "adding", out, "obama2.jpg  enrolled", "obama.jpg  skipped: ", "added to Barack Obama: 1 sample added, 2 samples in all")

	// Nothing usable: nothing is stored.
	contains(t, "all refused", u.want(exitRefused, "enroll", "Nobody", two, text).stderr, "facegate: ", "\n  -> ")
	contains(t, "consent", u.want(exitFailed, "enroll", "--require-consent", "Nobody", filepath.Join(obama, "obama.jpg")).stderr, "consent is not recorded")

	contains(t, "a second name", u.want(exitOK, "enroll", "Barry", filepath.Join(obama, "obama2.jpg")).stderr, "looks like Barack Obama")

	list := lines[facegate.Person](t, u.want(exitOK, "people", "--json").stdout)
	if len(list) != 2 || list[0].Name != "Barack Obama" || list[0].SampleCount != 2 || list[1].Name != "Barry" {
		t.Errorf("%+v", list)
	}
	contains(t, "the list", u.want(exitOK, "people", "--query=barr").stdout, "NAME", "Barry", list[1].ID)
	shown := lines[personWithSamples](t, u.want(exitOK, "people", "show", list[1].ID, "--json").stdout)[0]
	if len(shown.Samples) != 1 || shown.Samples[0].Source != "obama2.jpg" {
		t.Errorf("%+v", shown)
	}
	contains(t, "show", u.want(exitOK, "people", "show", "Barack Obama").stdout, "form 7", "vip", "obama.jpg")
	contains(t, "a name that is taken", u.want(exitFailed, "people", "rename", "Barry", "Barack Obama").stderr, "facegate: ")
	u.want(exitOK, "people", "rename", "Barry", "Barry O")
	u.want(exitFailed, "people", "delete", "Barry O", "nobody")
	if n := len(lines[facegate.Person](t, u.want(exitOK, "people", "--json").stdout)); n != 2 {
		t.Errorf("%d people after a delete that named somebody unknown, want 2", n)
	}
	contains(t, "delete", u.want(exitOK, "people", "delete", "Barry O").stdout, "deleted Barry O with 1 sample")
	u.want(exitFailed, "people", "show", "Barry O")
}

func TestProgramImportGoesOn(t *testing.T) {
	u := newUser(t, false)
	photos := testfiles.Photos(t, "people", "probes")
	u.write("album/Ann/1.jpg", read(t, filepath.Join(photos, "people", "rose_leslie", "img1.jpg")))
	u.write("album/Ann/text.jpg", []byte("no picture"))
	u.write("album/Two/both.jpg", read(t, filepath.Join(photos, "probes", "two_people.jpg")))
	s := lines[enroll.Summary](t, u.want(exitRefused, "import", "--json", "album").stdout)[0]
	if s.People != 1 || s.Added != 1 || len(s.Refused) != 2 || s.Refused[0].Photo != "Ann/text.jpg" || s.Refused[1].Photo != "Two/both.jpg" {
		t.Errorf("%+v", s)
	}
	contains(t, "the summary", u.want(exitRefused, "import", "album").stdout, "Ann/text.jpg  refused: ", "Two/both.jpg  refused: ", "0 photos added, 1 skipped as known, 2 refused")
	contains(t, "another layout", u.want(exitFailed, "import", "album/Ann").stderr, "facegate: ", "\n  -> ")
}

func TestProgramEvaluates(t *testing.T) {
	u := newUser(t, false)
	faces := filepath.Join(testfiles.Photos(t, "lfw-dev"), "lfw-dev")
	all := strings.Split(string(read(t, filepath.Join(faces, "pairs.txt"))), "\n")
	// Of the 10 folds of 100 + 100 pairs: five of each kind from the first two.
	pairs := []string{"2\t5"}
	for fold := range 2 {
		for kind := range 2 {
			from := 1 + 200*fold + 100*kind
			pairs = append(pairs, all[from:from+5]...)
		}
	}
	list := u.write("pairs.txt", []byte(strings.Join(pairs, "\n")+"\n"))
	out := u.want(exitOK, "eval", "--json", faces, "--pairs", list).stdout
	r := lines[evaluation](t, out)[0]
	if r.Pairs != 20 || r.Genuine != 10 || r.Folds != 2 || r.FailuresToDetect != 0 || len(r.Undetected) != 0 {
		t.Errorf("%+v", r)
	}
	if r.Accuracy < 0.9 || r.EER > 0.1 {
		t.Errorf("accuracy %v, EER %v on twenty pairs", r.Accuracy, r.EER)
	}
	for _, key := range []string{"accuracy", "accuracy_se", "failures_to_detect", "eer", "tmr_at_fmr_0.01", "tmr_at_fmr_0.001"} {
		contains(t, "the report", out, fmt.Sprintf("%q:", key))
	}
	contains(t, "the table", u.want(exitOK, "eval", faces, "--pairs", list).stdout, "10 genuine, 10 impostor, in 2 folds", "TMR at FMR 0.1%")
	contains(t, "no pairs", u.want(exitFailed, "eval", faces, "--pairs", "none.txt").stderr, "none.txt")
}

package match_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facegate/internal/testfiles"
	"facegate/match"
)

func TestReadPairs(t *testing.T) {
	got, err := match.ReadPairs(strings.NewReader("2\t1\nAda_B\t1\t12\nAda_B\t2\tCy_D\t3\n\nEve\t4\t5\nEve\t1\tAda_B\t2\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []match.Pair{
		{A: match.Shot{Person: "Ada_B", Number: 1}, B: match.Shot{Person: "Ada_B", Number: 12}, Genuine: true},
		{A: match.Shot{Person: "Ada_B", Number: 2}, B: match.Shot{Person: "Cy_D", Number: 3}},
		{A: match.Shot{Person: "Eve", Number: 4}, B: match.Shot{Person: "Eve", Number: 5}, Genuine: true, Fold: 1},
		{A: match.Shot{Person: "Eve", Number: 1}, B: match.Shot{Person: "Ada_B", Number: 2}, Fold: 1},
	}
	if len(got) != len(want) {
		t.Fatalf("%d pairs, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("pair %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if file := got[0].B.File(); file != filepath.Join("Ada_B", "Ada_B_0012") {
		t.Errorf("file %s", file)
	}
}

func TestReadPairsLoneHeader(t *testing.T) {
	got, err := match.ReadPairs(strings.NewReader("1\nA 1 2\nA 1 B 1\n"))
	if err != nil || len(got) != 2 || got[1].Fold != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadPairsRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"empty":               "",
		"no count":            "ten 3\n",
		"zero":                "0 3\n",
		"three in the header": "1 2 3\n",
		"too few":             "1 1\nA 1 2\n",
		"too many":            "1 1\nA 1 2\nA 1 B 1\nA 1 B 2\n",
		"kinds swapped":       "1 1\nA 1 B 1\nA 1 2\n",
		"short":               "1 1\nA 1\nA 1 B 1\n",
		"number":              "1 1\nA 1 x\nA 1 B 1\n",
		"own impostor":        "1 1\nA 1 2\nA 1 A 2\n",
		"climbs out":          "1 1\n../A 1 2\nA 1 B 1\n",
		"parent":              "1 1\nA 1 2\n.. 1 B 1\n",
	} {
		if got, err := match.ReadPairs(strings.NewReader(text)); err == nil {
			t.Errorf("%s: read %+v, want an error", name, got)
		}
	}
}

func TestReadPairsOfLFW(t *testing.T) {
	pairs := lfwPairs(t)
	if len(pairs) != 2000 {
		t.Fatalf("%d pairs, want 2000", len(pairs))
	}
	count := map[[2]int]int{}
	for _, p := range pairs {
		kind := 0
		if p.Genuine {
			kind = 1
		}
		count[[2]int{p.Fold, kind}]++
		if p.Genuine != (p.A.Person == p.B.Person) {
			t.Fatalf("%+v", p)
		}
	}
	for fold := range 10 {
		if count[[2]int{fold, 0}] != 100 || count[[2]int{fold, 1}] != 100 {
			t.Errorf("fold %d has %d impostor and %d genuine pairs", fold, count[[2]int{fold, 0}], count[[2]int{fold, 1}])
		}
	}
}

func lfwPairs(t testing.TB) []match.Pair {
	t.Helper()
	f, err := os.Open(filepath.Join(testfiles.Photos(t, "lfw-dev/pairs.txt"), "lfw-dev", "pairs.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pairs, err := match.ReadPairs(f)
	if err != nil {
		t.Fatal(err)
	}
	return pairs
}

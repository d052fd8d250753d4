package match

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// A Shot names one photo of a labelled folder: the n-th of a person.
type Shot struct {
	Person string
	Number int // from 1
}

// File is the shot's place under the labelled folder, without the extension:
// Person/Person_0001.
func (s Shot) File() string {
	return filepath.Join(s.Person, fmt.Sprintf("%s_%04d", s.Person, s.Number))
}

// A Pair is two photos to compare.
type Pair struct {
	A, B    Shot
	Genuine bool // both show the same person; else an impostor pair
	Fold    int  // from 0
}

// ReadPairs reads LFW's pairs.txt (Huang et al. 2007, "Labeled Faces in the
// Wild", http://vis-www.cs.umass.edu/lfw/). The first line holds the number of
// folds and the number n of pairs of each kind in a fold; a lone n means one
// fold. Then each fold has n genuine lines (name i j) and n impostor lines
// (name1 i name2 j). Fields are parted by white space.
func ReadPairs(r io.Reader) ([]Pair, error) {
	lines := bufio.NewScanner(r)
	number := 0
	next := func() ([]string, bool) {
		for lines.Scan() {
			number++
			if fields := strings.Fields(lines.Text()); len(fields) > 0 {
				return fields, true
			}
		}
		return nil, false
	}
	header, ok := next()
	if !ok {
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("read pairs: %w", err)
		}
		return nil, fmt.Errorf("read pairs: the file is empty")
	}
	folds, each, err := readHeader(header)
	if err != nil {
		return nil, fmt.Errorf("read pairs: line %d: %w", number, err)
	}
	var pairs []Pair
	for fold := range folds {
		for i := range 2 * each {
			fields, ok := next()
			if !ok {
				if err := lines.Err(); err != nil {
					return nil, fmt.Errorf("read pairs: %w", err)
				}
				return nil, fmt.Errorf("read pairs: the file ends after %d pairs of the %d its header announces", len(pairs), 2*each*folds)
			}
			p, err := readPair(fields, i < each)
			if err != nil {
				return nil, fmt.Errorf("read pairs: line %d: %w", number, err)
			}
			p.Fold = fold
			pairs = append(pairs, p)
		}
	}
	if _, more := next(); more {
		return nil, fmt.Errorf("read pairs: line %d: more pairs than the %d the header announces", number, len(pairs))
	}
	return pairs, lines.Err()
}

func readHeader(fields []string) (folds, each int, err error) {
	if len(fields) > 2 {
		return 0, 0, fmt.Errorf("the header has %d fields, want folds and pairs", len(fields))
	}
	numbers := []int{1}
	for _, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil || n < 1 || n > 1e6 {
			return 0, 0, fmt.Errorf("the header's %q is no count", f)
		}
		numbers = append(numbers, n)
	}
	numbers = numbers[len(numbers)-2:]
	return numbers[0], numbers[1], nil
}

func readPair(fields []string, genuine bool) (Pair, error) {
	var p Pair
	var err error
	switch {
	case genuine && len(fields) == 3:
		fields = []string{fields[0], fields[1], fields[0], fields[2]}
	case genuine:
		return p, fmt.Errorf("%d fields, want a name and two numbers", len(fields))
	case len(fields) != 4:
		return p, fmt.Errorf("%d fields, want two names with a number each", len(fields))
	case fields[0] == fields[2]:
		return p, fmt.Errorf("an impostor pair of %s with themselves", fields[0])
	}
	if p.A, err = readShot(fields[0], fields[1]); err != nil {
		return p, err
	}
	p.B, err = readShot(fields[2], fields[3])
	p.Genuine = genuine
	return p, err
}

func readShot(name, number string) (Shot, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return Shot{}, fmt.Errorf("%q is no photo number", number)
	}
	if name == "." || name == ".." || strings.ContainsAny(name, `/\`) {
		return Shot{}, fmt.Errorf("%q is no person's name", name)
	}
	return Shot{name, n}, nil
}

package web

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// params are a request's options, from the query and the form. The first that is
// wrong is remembered and everything after it reads as absent, so that a handler
// reads them all and asks once.
type params struct {
	values url.Values
	err    error
}

// queryParams reads the query. An option not among known is refused: a misspelt
// threshold must not silently be the default one.
func queryParams(u *url.URL, known ...string) (*params, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, invalid("encode the query as in ?limit=10&tag=staff", "the query cannot be read")
	}
	for name := range values {
		if !slices.Contains(known, name) {
			return nil, unknownField(name, known)
		}
	}
	return &params{values: values}, nil
}

func unknownField(name string, known []string) error {
	next := "leave it out"
	if len(known) > 0 {
		next = "known here: " + strings.Join(known, ", ")
	}
	return invalid(next, "unknown field %q", shown(name))
}

// shown is a name from a request short enough for an answer.
func shown(name string) string {
	const longest = 60
	if r := []rune(name); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return name
}

func (p *params) fail(next, format string, args ...any) {
	if p.err == nil {
		p.err = invalid(next, format, args...)
	}
}

// text is the only value of name, trimmed, and whether there is one that is not
// empty: an empty form field is one that was not filled in.
func (p *params) text(name string) (string, bool) {
	values := p.values[name]
	if len(values) > 1 {
		p.fail("give it once", "%s is given %d times", name, len(values))
	}
	if len(values) == 0 || p.err != nil {
		return "", false
	}
	v := strings.TrimSpace(values[0])
	return v, v != ""
}

// number is nil where name is not given.
func (p *params) number(name string, low, high float64) *float64 {
	v, ok := p.text(name)
	if !ok {
		return nil
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(f) || f < low || f > high {
		p.fail(fmt.Sprintf("give a number from %g to %g", low, high), "%s is not a number from %g to %g", name, low, high)
		return nil
	}
	return &f
}

// count is 0 where name is not given.
func (p *params) count(name string, low, high int) int {
	v, ok := p.text(name)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		p.fail(fmt.Sprintf("give a whole number from %d to %d", low, high),
			"%s is not a whole number from %d to %d", name, low, high)
		return 0
	}
	return n
}

// flag is false where name is not given.
func (p *params) flag(name string) bool {
	v, ok := p.text(name)
	if !ok {
		return false
	}
	switch strings.ToLower(v) {
	case "true", "1", "yes", "on":
		return true
	case "false", "0", "no", "off":
		return false
	}
	p.fail("give true or false", "%s is neither true nor false", name)
	return false
}

// list is every value of name, each of which may hold several, parted by commas.
func (p *params) list(name string) []string {
	var all []string
	for _, v := range p.values[name] {
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				all = append(all, item)
			}
		}
	}
	return all
}

// moment is nil where name is not given.
func (p *params) moment(name string) *time.Time {
	v, ok := p.text(name)
	if !ok {
		return nil
	}
	t, err := parseMoment(name, v)
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return nil
	}
	return &t
}

// parseMoment reads an RFC 3339 time, or a date as a browser's date field sends
// it, which is the start of that day in UTC.
func parseMoment(name, v string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, invalid("write it as 2026-04-01T09:30:00Z or 2026-04-01", "%s is not a time", name)
}

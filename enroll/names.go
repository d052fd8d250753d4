package enroll

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"facegate"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Limits on what is known of a person, in characters.
const (
	maxName       = 100
	maxExternalID = 200
	maxTag        = 100
	maxTags       = 50
	maxNotes      = 10_000
	maxBasis      = 1_000
	maxSource     = 255
)

// cleanName is name as it is stored and looked up: in Unicode's composed form,
// trimmed, runs of white space within as one space. It fails with
// [facegate.CodeInvalid] unless 1..100 characters are left, none of them a
// control character or one that reverses the direction of writing, which would
// let one name pass for another.
func cleanName(name string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	switch {
	case !utf8.ValidString(name):
		return "", invalid("the name is not valid UTF-8", "send the name as UTF-8 text")
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", invalid("the name contains a control character, such as a line break or a tab", "send the name as one line of text")
	case strings.ContainsFunc(name, isBidiControl):
		return "", invalid("the name contains an invisible character that changes the direction of writing", "type the name anew")
	}
	name = strings.Join(strings.Fields(name), " ")
	if !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return "", invalid("the name is empty", "give the person a name of 1 to 100 characters")
	}
	if n := utf8.RuneCountInString(name); n > maxName {
		return "", invalid(fmt.Sprintf("the name has %d characters", n), fmt.Sprintf("give the person a name of 1 to %d characters", maxName))
	}
	return name, nil
}

// isBidiControl: the embeddings, overrides and isolates of UAX #9. The plain
// marks (LRM, RLM) and joiners are left: names are written with them.
func isBidiControl(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// fold is s for comparing without regard to case, in all scripts.
func fold(s string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s))) // a Caser is not for sharing
}

// cleanText checks a text field: trimmed, composed, at most limit characters.
// Where lines is false a control character is refused.
func cleanText(field, s string, limit int, lines bool) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	if !utf8.ValidString(s) {
		return "", invalid("the "+field+" is not valid UTF-8", "send it as UTF-8 text")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !(lines && strings.ContainsRune("\n\r\t", r)) }) {
		return "", invalid("the "+field+" contains a control character", "send it as plain text")
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return "", invalid(fmt.Sprintf("the %s has %d characters", field, n), fmt.Sprintf("use at most %d", limit))
	}
	return s, nil
}

// cleanTags is tags trimmed, each once, in the order given; never nil.
func cleanTags(tags []string) ([]string, error) {
	clean := make([]string, 0, len(tags))
	for _, t := range tags {
		t, err := cleanText("tag", t, maxTag, false)
		if err != nil {
			return nil, err
		}
		if t != "" && !slices.Contains(clean, t) {
			clean = append(clean, t)
		}
		if len(clean) > maxTags {
			return nil, invalid("there are too many tags", fmt.Sprintf("use at most %d", maxTags))
		}
	}
	return clean, nil
}

// cleanPerson checks and cleans the fields of p that a caller gives.
func cleanPerson(p *facegate.Person) (err error) {
	if p.Name, err = cleanName(p.Name); err != nil {
		return err
	}
	if p.ExternalID, err = cleanText("external id", p.ExternalID, maxExternalID, false); err != nil {
		return err
	}
	if p.Tags, err = cleanTags(p.Tags); err != nil {
		return err
	}
	if p.Notes, err = cleanText("notes field", p.Notes, maxNotes, true); err != nil {
		return err
	}
	if p.Consent.Basis, err = cleanText("consent basis", p.Consent.Basis, maxBasis, true); err != nil {
		return err
	}
	p.Consent.At, p.ExpiresAt = storedTime(p.Consent.At), storedTime(p.ExpiresAt)
	return nil
}

// storedTime is t as the database gives it back: UTC, whole milliseconds, and
// nil for the zero time.
func storedTime(t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	s := fromMillis(t.UnixMilli())
	return &s
}

// cleanSource is the file name of a photo, without folders.
func cleanSource(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	if name == "." || name == "/" {
		return ""
	}
	if r := []rune(name); len(r) > maxSource {
		name = string(r[:maxSource])
	}
	return name
}

func invalid(detail, next string) error { return facegate.NewError(facegate.CodeInvalid, detail, next) }

package web

import (
	"bytes"
	"encoding/json"
	"time"

	"facegate"
)

// A nullable tells a field that is absent from one that is null, as a merge
// patch (RFC 7396) must: absent leaves as it is, null removes.
type nullable[T any] struct {
	given bool
	null  bool
	value T // zero when null
}

func (n *nullable[T]) UnmarshalJSON(b []byte) error {
	n.given = true
	if n.null = string(b) == "null"; n.null {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	return dec.Decode(&n.value)
}

// pointer is nil where the field is absent.
func (n nullable[T]) pointer() *T {
	if !n.given {
		return nil
	}
	return &n.value
}

// personBody is a person as JSON, whole to create and in part to change.
type personBody struct {
	Name       nullable[string]      `json:"name"`
	ExternalID nullable[string]      `json:"external_id"`
	Tags       nullable[[]string]    `json:"tags"`
	Notes      nullable[string]      `json:"notes"`
	Consent    nullable[consentBody] `json:"consent"`
	ExpiresAt  nullable[string]      `json:"expires_at"`
}

type consentBody struct {
	Basis string           `json:"basis"`
	At    nullable[string] `json:"at"`
}

func (b consentBody) consent() (facegate.Consent, error) {
	at, err := optionalMoment("consent.at", b.At)
	return facegate.Consent{Basis: b.Basis, At: at}, err
}

func (b personBody) person() (facegate.NewPerson, error) {
	consent, err := b.Consent.value.consent()
	if err != nil {
		return facegate.NewPerson{}, err
	}
	expires, err := optionalMoment("expires_at", b.ExpiresAt)
	return facegate.NewPerson{
		Name:       b.Name.value,
		ExternalID: b.ExternalID.value,
		Tags:       b.Tags.value,
		Notes:      b.Notes.value,
		Consent:    consent,
		ExpiresAt:  expires,
	}, err
}

func (b personBody) update() (facegate.PersonUpdate, error) {
	u := facegate.PersonUpdate{
		Name:       b.Name.pointer(),
		ExternalID: b.ExternalID.pointer(),
		Tags:       b.Tags.pointer(),
		Notes:      b.Notes.pointer(),
	}
	if b.Name.null {
		return u, invalid("leave name out to keep it", "a name cannot be removed")
	}
	if b.Consent.given {
		consent, err := b.Consent.value.consent()
		if err != nil {
			return u, err
		}
		u.Consent = &consent
	}
	if b.ExpiresAt.given {
		expires, err := optionalMoment("expires_at", b.ExpiresAt)
		if err != nil {
			return u, err
		}
		if expires == nil {
			expires = &time.Time{} // removes it
		}
		u.ExpiresAt = expires
	}
	return u, nil
}

// optionalMoment is nil for absent, null and empty.
func optionalMoment(name string, n nullable[string]) (*time.Time, error) {
	if n.value == "" {
		return nil, nil
	}
	t, err := parseMoment(name, n.value)
	if err != nil {
		return nil, err
	}
	return &t, nil
}

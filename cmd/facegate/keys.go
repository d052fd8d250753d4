package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"facegate"
	"facegate/enroll"
)

type keysCommand struct {
	List   keysListCommand   `cmd:"" default:"withargs" help:"List keys (this is what keys alone does)."`
	Create keysCreateCommand `cmd:"" help:"Make a key for a client program, and print it: once."`
	Revoke keysRevokeCommand `cmd:"" help:"End keys for good."`
}

type keysListCommand struct{}

// Run lists keys.
func (c *keysListCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	keys, err := (&enroll.Keys{Store: store.store, Now: time.Now}).List(ctx)
	if err != nil {
		return err
	}
	var t table
	t.add("NAME", "KEY", "SCOPES", "STATE", "LAST USED", "ID")
	for _, k := range keys {
		if p.settings.JSON {
			if err := p.printJSON(k); err != nil {
				return err
			}
			continue
		}
		used := "never"
		if k.LastUsedAt != nil {
			used = day(*k.LastUsedAt)
		}
		t.add(k.Name, "…"+k.Hint, scopeList(k.Scopes), keyState(k, time.Now()), used, k.ID)
	}
	switch {
	case p.settings.JSON:
		return nil
	case len(keys) == 0:
		p.warn("there is no key", "make one: facegate keys create NAME --scope identify")
		return nil
	}
	return t.print(p.Stdout)
}

func scopeList(scopes []facegate.Scope) string {
	var names []string
	for _, s := range scopes {
		names = append(names, string(s))
	}
	return strings.Join(names, ",")
}

func keyState(k facegate.Key, now time.Time) string {
	switch {
	case k.RevokedAt != nil:
		return "revoked " + day(*k.RevokedAt)
	case k.ExpiresAt != nil && !k.ExpiresAt.After(now):
		return "expired " + day(*k.ExpiresAt)
	case k.ExpiresAt != nil:
		return "until " + day(*k.ExpiresAt)
	}
	return "in force"
}

type keysCreateCommand struct {
	Name       string   `arg:"" help:"What the key is for, such as the client's name."`
	Scope      []string `help:"What it may be used for: detect, verify, identify, enroll, events or admin (all of it). Repeat it, or part several by commas." required:"" env:"-" placeholder:"SCOPE"`
	Expires    string   `help:"When it ends: after a time such as 90d or 12h, or on a day such as 2027-04-01." env:"-" placeholder:"TIME"`
	Rate       float64  `help:"Faces a second it may ask about, on average." env:"-" placeholder:"N"`
	Burst      int      `help:"Faces it may ask about at once." env:"-" placeholder:"N"`
	Concurrent int      `help:"Requests it may have under way." env:"-" placeholder:"N"`
}

// keyWithSecret is the line of `facegate keys create --json`.
type keyWithSecret struct {
	facegate.Key
	Secret string `json:"secret"`
}

// Run makes a key and prints its secret, alone on standard output.
func (c *keysCreateCommand) Run(ctx context.Context, p *program) error {
	n := facegate.NewKey{Name: c.Name, Limit: facegate.KeyLimit{Faces: c.Rate, Burst: c.Burst, Concurrent: c.Concurrent}}
	for _, s := range c.Scope {
		n.Scopes = append(n.Scopes, facegate.Scope(strings.TrimSpace(s)))
	}
	if c.Expires != "" {
		at, err := parseExpiry(c.Expires, time.Now())
		if err != nil {
			return err
		}
		n.ExpiresAt = &at
	}
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	key, secret, err := (&enroll.Keys{Store: store.store, Now: time.Now}).Create(ctx, n)
	if err != nil {
		return err
	}
	if p.settings.JSON {
		return p.printJSON(keyWithSecret{key, secret})
	}
	p.warn(fmt.Sprintf("this is the key %s (%s); it is not shown again", key.Name, scopeList(key.Scopes)), "send it in the header x-api-key")
	return p.printf("%s\n", secret)
}

// parseExpiry reads a span from now (with days), or a day.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n <= 36500 {
			return now.AddDate(0, 0, n), nil
		}
	}
	if span, err := time.ParseDuration(text); err == nil && span > 0 {
		return now.Add(span), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no time to end", text), "write it as 90d, 12h or 2027-04-01")
}

type keysRevokeCommand struct {
	Names []string `arg:"" name:"key" help:"Names or ids of the keys."`
}

// Run revokes keys: all those named, or none where one is not there.
func (c *keysRevokeCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	keys := &enroll.Keys{Store: store.store, Now: time.Now}
	all, err := keys.List(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, name := range c.Names {
		id, err := findKey(all, name)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		key, err := keys.Revoke(ctx, id)
		if err != nil {
			return err
		}
		if p.settings.JSON {
			err = p.printJSON(key)
		} else {
			err = p.printf("revoked %s\n", key.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findKey is the id of the key of that id or name. Names need not be unique: of
// several, only one may be in force.
func findKey(keys []facegate.Key, name string) (string, error) {
	var found []string
	for _, k := range keys {
		if k.ID == name {
			return k.ID, nil
		}
		if k.Name == name && k.RevokedAt == nil {
			found = append(found, k.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", facegate.NewError(facegate.CodeKeyNotFound, fmt.Sprintf("no key called %q is in force", name), "see which there are: facegate keys")
	}
	return "", facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%d keys are called %q", len(found), name), "name its id: facegate keys")
}

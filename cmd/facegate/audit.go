package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"facegate"
	"facegate/enroll"
	"facegate/web"
)

type auditCommand struct {
	List   auditListCommand   `cmd:"" default:"withargs" help:"List who asked what, the newest first (this is what audit alone does)."`
	Export auditExportCommand `cmd:"" help:"Write the audit to a file, as CSV or JSON, the oldest entry first."`
	Verify auditVerifyCommand `cmd:"" help:"Tell whether the audit is as it was written."`
}

// auditFilter are the flags that select entries.
type auditFilter struct {
	Actor    string `help:"Only what this actor did: key:NAME, user:NAME, cli." env:"-" placeholder:"NAME"`
	Action   string `help:"Only this action, such as identify, or a group, such as person. with its dot." env:"-" placeholder:"ACTION"`
	Of       string `help:"Only what concerns this person (name or id; of somebody erased, the id)." env:"-" placeholder:"NAME"`
	Decision string `help:"Only answers with this decision." env:"-" placeholder:"DECISION"`
	Request  string `help:"Only what belongs to this request." env:"-" placeholder:"ID"`
	Since    string `help:"Only from this day or time on." env:"-" placeholder:"TIME"`
	Until    string `help:"Only before this day or time." env:"-" placeholder:"TIME"`
}

func (c auditFilter) filter(ctx context.Context, people facegate.People) (f facegate.AuditFilter, err error) {
	f = facegate.AuditFilter{Actor: c.Actor, Action: c.Action, Decision: facegate.Decision(c.Decision), RequestID: c.Request}
	if c.Of != "" {
		f.PersonID = c.Of
		if person, err := findPerson(ctx, people, c.Of); err == nil {
			f.PersonID = person.ID
		}
	}
	if f.From, err = parseDay(c.Since); err != nil {
		return f, err
	}
	f.To, err = parseDay(c.Until)
	return f, err
}

func parseDay(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return &t, nil
		}
	}
	return nil, facegate.NewError(facegate.CodeInvalid, fmt.Sprintf("%q is no time", text), `write it as 2026-04-01 or "2026-04-01 09:30"`)
}

type auditListCommand struct {
	auditFilter
	Limit int `help:"How many entries at most (${default})." default:"50" env:"-" placeholder:"N"`
}

// Run lists entries.
func (c *auditListCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	f, err := c.filter(ctx, store.people)
	if err != nil {
		return err
	}
	f.Limit = c.Limit
	page, err := (&enroll.AuditLog{Store: store.store}).Entries(ctx, f)
	if err != nil {
		return err
	}
	var t table
	t.add("ENTRY", "AT", "ACTOR", "ACTION", "PERSON", "DETAIL")
	for _, e := range page.Entries {
		if p.settings.JSON {
			if err := p.printJSON(e); err != nil {
				return err
			}
			continue
		}
		t.add(fmt.Sprint(e.Seq), day(e.At), e.Actor, e.Action, e.PersonID, string(e.Detail))
	}
	if p.settings.JSON {
		return nil
	}
	return t.print(p.Stdout)
}

type auditExportCommand struct {
	auditFilter
	File   string `arg:"" help:"The file, or - for standard output."`
	Format string `help:"csv or json; else by the file's name." enum:",csv,json" default:"" env:"-" placeholder:"FORMAT"`
}

// Run writes entries.
func (c *auditExportCommand) Run(ctx context.Context, p *program) (err error) {
	format := c.Format
	if format == "" {
		format = "csv"
		if strings.HasSuffix(strings.ToLower(c.File), ".json") {
			format = "json"
		}
	}
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	f, err := c.filter(ctx, store.people)
	if err != nil {
		return err
	}
	out := p.Stdout
	if c.File != stdinName {
		file, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return &facegate.Error{Code: facegate.CodeInvalid, Detail: c.File + " cannot be made", Next: "name a new file in a folder that may be written", Err: err}
		}
		defer func() {
			if closeErr := file.Close(); err == nil {
				err = closeErr
			}
		}()
		out = file
	}
	log := &enroll.AuditLog{Store: store.store, Now: time.Now}
	if err := log.Record(ctx, facegate.AuditRecord{Action: "audit.export"}); err != nil {
		return err
	}
	if format == "csv" {
		w := csv.NewWriter(out)
		if err := w.Write(web.AuditColumns()); err != nil {
			return err
		}
		if err := log.Each(ctx, f, func(e facegate.AuditEntry) error { return w.Write(web.AuditRow(e)) }); err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	}
	encoder := json.NewEncoder(out)
	return log.Each(ctx, f, func(e facegate.AuditEntry) error { return encoder.Encode(e) })
}

type auditVerifyCommand struct {
	Head string `help:"A hash that was the newest entry's once: it has to be in the chain still." env:"-" placeholder:"HASH"`
}

// Run verifies the chain.
func (c *auditVerifyCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	log := &enroll.AuditLog{Store: store.store}
	check, err := log.Verify(ctx)
	if err != nil {
		return err
	}
	if check.Valid && c.Head != "" {
		found := false
		if err := log.Each(ctx, facegate.AuditFilter{}, func(e facegate.AuditEntry) error {
			found = found || strings.EqualFold(e.Hash, c.Head)
			return nil
		}); err != nil {
			return err
		}
		if !found {
			check.Valid, check.Reason = false, "the entry with the hash given is not in it: the chain was made anew, or retention took it out"
		}
	}
	if p.settings.JSON {
		if err := p.printJSON(check); err != nil {
			return err
		}
	} else if check.Valid {
		if err := p.printf("%s, %d to %d, as they were written; the newest has the hash %s\n",
			plural(int(check.Entries), "entry", "entries"), check.First, check.Last, check.Head); err != nil {
			return err
		}
	}
	if !check.Valid {
		if p.settings.JSON {
			return exitStatus(exitFailed)
		}
		return facegate.NewError(facegate.CodeDatabase, "the audit was tampered with: "+check.Reason, "find out who could write to the database file")
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"facegate"
	"facegate/enroll"
)

type accountsCommand struct {
	List   accountsListCommand   `cmd:"" default:"withargs" help:"List accounts (this is what accounts alone does)."`
	Delete accountsDeleteCommand `cmd:"" help:"Delete accounts and end their sessions."`
}

type accountsListCommand struct{}

// Run lists accounts.
func (c *accountsListCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	accounts, err := (&enroll.Accounts{Store: store.store, Now: time.Now}).List(ctx)
	if err != nil {
		return err
	}
	var t table
	t.add("NAME", "SINCE", "ID")
	for _, a := range accounts {
		if p.settings.JSON {
			if err := p.printJSON(a); err != nil {
				return err
			}
			continue
		}
		t.add(a.Name, day(a.CreatedAt), a.ID)
	}
	switch {
	case p.settings.JSON:
		return nil
	case len(accounts) == 0:
		p.warn("there is no account", "make one: facegate setup")
		return nil
	}
	return t.print(p.Stdout)
}

type accountsDeleteCommand struct {
	Names []string `arg:"" name:"account" help:"Names or ids of the accounts."`
}

// Run deletes accounts: all those named, or none where one is not there or none would
// be left.
func (c *accountsDeleteCommand) Run(ctx context.Context, p *program) error {
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	accounts := &enroll.Accounts{Store: store.store, Now: time.Now}
	all, err := accounts.List(ctx)
	if err != nil {
		return err
	}
	var named []facegate.Account
	for _, name := range c.Names {
		i := slices.IndexFunc(all, func(a facegate.Account) bool { return a.Name == name || a.ID == name })
		if i < 0 {
			return facegate.NewError(facegate.CodeAccountNotFound, fmt.Sprintf("there is no account called %q", name), "see which there are: facegate accounts")
		}
		if !slices.Contains(named, all[i]) {
			named = append(named, all[i])
		}
	}
	if len(named) > 1 && len(named) == len(all) {
		return facegate.NewError(facegate.CodeLastAccount, "these are all accounts: without one nobody could sign in", "leave one out, or make another account first: facegate setup")
	}
	for _, a := range named {
		if err := accounts.Delete(ctx, a.ID); err != nil {
			return err
		}
		if p.settings.JSON {
			err = p.printJSON(a)
		} else {
			err = p.printf("deleted the account %s\n", a.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

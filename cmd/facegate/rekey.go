package main

import (
	"context"
	"path/filepath"

	"facegate"
	"facegate/enroll"
)

type rekeyCommand struct {
	File string `arg:"" help:"The file with the new key."`
}

// Run seals with another key. It is called rekey, for keys are what clients show.
func (c *rekeyCommand) Run(ctx context.Context, p *program) error {
	key, err := enroll.ReadKey("", c.File)
	if err != nil {
		return err
	}
	if err := enroll.EnsureAlone(ctx, filepath.Join(p.settings.Data, databaseFile)); err != nil {
		return err
	}
	store, err := p.openStore(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if p.settings.Key == "" && p.settings.KeyFile == "" && filepath.Clean(c.File) == filepath.Join(filepath.Clean(p.settings.Data), enroll.DefaultKeyFile) {
		return facegate.NewError(facegate.CodeInvalid, "that is the key that is in use", "name another file")
	}
	secrets := &enroll.Secrets{Store: store.store, Key: p.settings.Key, KeyFile: p.settings.KeyFile}
	if err := store.store.Rotate(ctx, secrets, key); err != nil {
		return err
	}
	if p.settings.JSON {
		return p.printJSON(map[string]string{"key_file": c.File})
	}
	return p.printf("encrypted with the new key: from now on give --key-file=%s\n", c.File)
}

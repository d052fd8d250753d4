package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"facegate/detector"

	"github.com/schollz/progressbar/v3"
)

type modelsCommand struct {
	Status modelsStatusCommand `cmd:"" default:"1" help:"Tell which model files are there, whether they verify, and their licences."`
	Pull   modelsPullCommand   `cmd:"" help:"Download the official model files, verified; an interrupted download goes on where it stopped."`
}

type modelsStatusCommand struct{}

// Run prints the state of every model file. It fails, with the code for models,
// where the program could not recognise faces.
func (*modelsStatusCommand) Run(p *program) error {
	dirs := detector.ModelDirs(p.settings.ModelDir)
	report := detector.CheckModels(dirs)
	serves := map[detector.ModelRole]string{}
	for _, s := range report {
		if s.State.Usable() {
			serves[s.Role] = s.Name
		}
	}
	for _, s := range report {
		if p.settings.JSON {
			if err := p.printJSON(s); err != nil {
				return err
			}
			continue
		}
		if err := printModelStatus(p, s, serves[s.Role]); err != nil {
			return err
		}
	}
	_, err := detector.FindModels(dirs)
	return err
}

// printModelStatus prints s for people. instead is the file that fills its role,
// if one does.
func printModelStatus(p *program, s detector.ModelStatus, instead string) error {
	state := string(s.State)
	switch s.State {
	case detector.ModelOfficial:
		state = "ok, the official file"
	case detector.ModelKnown:
		state = "ok, known but not the official file: " + s.Detail
	case detector.ModelDamaged:
		state = "DAMAGED: " + s.Detail
	case detector.ModelMissing:
		state = "MISSING"
		if !s.Needed {
			state = "missing, optional"
		}
	}
	if !s.State.Usable() && instead != "" {
		state = strings.ToLower(state) + "; " + instead + " serves in its place"
	}
	if err := p.printf("%s  %s\n", s.Name, state); err != nil {
		return err
	}
	lines := []string{"what     " + s.Purpose, "licence  " + s.Licence}
	if s.Note != "" {
		lines = append(lines, "note     "+s.Note)
	}
	if s.Path != "" {
		lines = append(lines, "where    "+s.Path)
	}
	if s.Damaged != "" {
		lines = append(lines, "instead  of "+s.Damaged+", which is damaged")
	}
	if s.ID != "" {
		lines = append(lines, "id       "+s.ID)
	}
	for _, line := range lines {
		if err := p.printf("    %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

type modelsPullCommand struct {
	To   string `help:"Folder to download into: that of --models, else facegate/models in the user's data folder." env:"-" placeholder:"DIR"`
	From string `help:"Mirror that serves the files as URL/NAME, instead of their official sources." name:"from" env:"FACEGATE_MODELS_FROM" placeholder:"URL"`
}

// Run downloads what is missing or damaged in the folder.
func (c *modelsPullCommand) Run(ctx context.Context, p *program) error {
	dir := c.To
	for _, fallback := range []string{p.settings.ModelDir, detector.UserModelDir(), "models"} {
		if dir == "" {
			dir = fallback
		}
	}
	var bar *progressbar.ProgressBar
	current := ""
	puller := detector.ModelPuller{BaseURL: c.From, Progress: func(m detector.ModelProgress) {
		if m.Name != current {
			current = m.Name
			bar = p.newProgress(m.Total, m.Name, true)
		}
		_ = bar.Set64(m.Bytes) // a bar that cannot be drawn stops nothing
		if m.Done {
			_ = bar.Finish()
			fmt.Fprintf(p.Stderr, "%s  %.1f MB, verified\n", m.Name, float64(m.Bytes)/1e6)
		}
	}}
	if err := puller.Pull(ctx, dir); err != nil {
		return err
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	if p.settings.JSON {
		for _, s := range detector.CheckModels([]string{dir}) {
			if err := p.printJSON(s); err != nil {
				return err
			}
		}
		return nil
	}
	return p.printf("the model files are in %s\n", dir)
}

package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	kongyaml "github.com/alecthomas/kong-yaml"
	"gopkg.in/yaml.v3"
)

// A fileResolver gives flags their values from the configuration file. Keys are
// flag names, whatever the command.
type fileResolver struct {
	app  *kong.Application
	yaml kong.Resolver
}

// newFileResolver reads content. A key that no command has a setting for is an
// error that names it: a typo must not pass for a setting.
func newFileResolver(app *kong.Application, content []byte) (kong.Resolver, error) {
	var keys map[string]any
	if err := yaml.Unmarshal(content, &keys); err != nil {
		return nil, err
	}
	known := map[string]bool{}
	addSettings(app.Node, known)
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !known[key] {
			unknown = append(unknown, fmt.Sprintf("%q", key))
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("unknown setting %s (there is: %s)", strings.Join(unknown, ", "),
			strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	resolver, err := kongyaml.Loader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return fileResolver{app, resolver}, nil
}

func addSettings(node *kong.Node, known map[string]bool) {
	for _, flag := range node.Flags {
		if isSetting(flag) {
			known[flag.Name] = true
		}
	}
	for _, child := range node.Children {
		addSettings(child, known)
	}
}

func (fileResolver) Validate(*kong.Application) error { return nil }

// Resolve leaves alone what the environment sets: kong itself would prefer the
// file. The path is cut to the application, for kong-yaml would look for a
// command's flag under the command's name.
func (r fileResolver) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !isSetting(flag) || envHas(flag) {
		return nil, nil
	}
	return r.yaml.Resolve(ctx, &kong.Path{App: r.app}, flag)
}

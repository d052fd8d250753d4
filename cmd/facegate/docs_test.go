package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"facegate/internal/testfiles"
)

// docs/cli.md names every command, flag, variable and default there is, and no
// flag that there is not.
func TestDocumentation(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(testfiles.Root(), "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	rows := map[string]string{} // of the table of settings, by flag
	mentioned := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "| `--") && strings.Count(line, "|") == 5 {
			rows[strings.Split(line, "`")[1]] = line
		}
		for i, part := range strings.Split(line, "`") {
			if i%2 == 1 && strings.HasPrefix(part, "--") {
				mentioned[part] = true
			}
		}
	}

	var cli commandLine
	parser, err := newParser(&cli, &program{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{"--config": true, "--help": true}
	var visit func(*kong.Node)
	visit = func(node *kong.Node) {
		if path := commandPath(node); path != "" && node.Leaf() && !strings.Contains(text, "`facegate "+strings.TrimSuffix(path, " list")) {
			t.Errorf("docs/cli.md lacks the command %q", path)
		}
		for _, flag := range node.Flags {
			name := "--" + flag.Name
			there[name] = true
			if !mentioned[name] && name != "--help" {
				t.Errorf("docs/cli.md lacks the flag %s", name)
			}
			if !isSetting(flag) {
				continue
			}
			row, ok := rows[name]
			if !ok {
				t.Errorf("docs/cli.md lacks %s in the table of settings", name)
				continue
			}
			if !strings.Contains(row, "`"+flag.Envs[0]+"`") {
				t.Errorf("docs/cli.md: the row of %s lacks %s", name, flag.Envs[0])
			}
			if flag.Default != "" && !strings.Contains(row, "| "+flag.Default+" |") {
				t.Errorf("docs/cli.md: the row of %s lacks its default %s", name, flag.Default)
			}
		}
		for _, child := range node.Children {
			visit(child)
		}
	}
	visit(parser.Model.Node)
	for name := range mentioned {
		if !there[strings.Fields(name)[0]] {
			t.Errorf("docs/cli.md tells of %s, which there is not", name)
		}
	}
}

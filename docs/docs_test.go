// Package docs_test holds the documents to the truth.
package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"facegate/internal/testfiles"
)

// Documents are checked one by one, so that a failure names its file.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(testfiles.Root(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 3 {
		t.Fatalf("only these documents were found: %v", all)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func golist(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	cmd.Dir = testfiles.Root()
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

var link = regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)\s]*)?\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	for _, doc := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, doc), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", filepath.Base(doc), m[1], err)
			}
		}
	}
}

// named finds files of the repository in backquotes: those with a folder.
var named = regexp.MustCompile("`([a-zA-Z0-9_.-]+/[a-zA-Z0-9_./*-]+)`")

func TestFilesThatDocumentsNameExist(t *testing.T) {
	root := testfiles.Root()
	for _, doc := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, doc), -1) {
			first, _, _ := strings.Cut(m[1], "/")
			if info, err := os.Stat(filepath.Join(root, first)); err != nil || !info.IsDir() || first == "bin" || strings.Trim(first, ".") == "" {
				continue // no path of ours: database/sql, image/jpeg
			}
			if found, err := filepath.Glob(filepath.Join(root, m[1])); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there", filepath.Base(doc), m[1])
			}
		}
	}
}

var target = regexp.MustCompile("make ([a-z][a-z-]*)")

func TestMakeTargetsThatDocumentsNameExist(t *testing.T) {
	makefile := read(t, filepath.Join(testfiles.Root(), "Makefile"))
	for _, doc := range documents(t) {
		for _, code := range regexp.MustCompile("(?m)^( {4}|\t).*$|`[^`\n]+`").FindAllString(read(t, doc), -1) {
			for _, m := range target.FindAllStringSubmatch(code, -1) {
				if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
					t.Errorf("%s says make %s, which the Makefile does not know", filepath.Base(doc), m[1])
				}
			}
		}
	}
}

// Rooms import the root package and not each other; cmd/facegate alone wires
// them together. Migrations are enroll's.
func TestRoomsDoNotImportEachOther(t *testing.T) {
	architecture := read(t, filepath.Join(testfiles.Root(), "docs", "architecture.md"))
	packages := golist(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...")
	for _, line := range packages {
		pkg, imports, _ := strings.Cut(line, " ")
		room := roomOf(pkg)
		if room == "" {
			if pkg == "facegate" && strings.Contains(imports, "facegate/") {
				t.Errorf("the root package imports %s", imports)
			}
			continue
		}
		if !strings.Contains(architecture, "`"+room+"/`") {
			t.Errorf("docs/architecture.md does not know the room %s", room)
		}
		for imported := range strings.FieldsSeq(imports) {
			other := roomOf(imported)
			if other == "" || other == room || room == "enroll" && other == "migrations" {
				continue
			}
			t.Errorf("the room %s imports the room %s (%s imports %s)", room, other, pkg, imported)
		}
	}
	if !slices.ContainsFunc(packages, func(line string) bool { return strings.HasPrefix(line, "facegate/detector ") }) {
		t.Errorf("go list did not find the rooms: %v", packages)
	}
}

// roomOf is the room a package belongs to; empty for the root, for commands and
// for what is internal, and for other modules.
func roomOf(pkg string) string {
	sub, ours := strings.CutPrefix(pkg, "facegate/")
	room, _, _ := strings.Cut(sub, "/")
	if !ours || slices.Contains([]string{"cmd", "internal", "build", "docs"}, room) {
		return ""
	}
	return room
}

// Whoever gets the binary is told the licence of every module in it.
func TestNoticeNamesEveryModule(t *testing.T) {
	notice := strings.Fields(read(t, filepath.Join(testfiles.Root(), "NOTICE")))
	modules := golist(t, "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./cmd/facegate")
	slices.Sort(modules)
	for _, module := range slices.Compact(modules) {
		if module != "" && module != "facegate" && !slices.Contains(notice, module) {
			t.Errorf("NOTICE does not name %s", module)
		}
	}
}

// go.mod keeps apart what is imported here and what comes along with it, so that
// whoever updates a library knows which are ours to choose.
func TestGoModTellsDirectModulesFromIndirectOnes(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = testfiles.Root()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	const format = `{{range .Imports}}{{.}} {{end}}{{range .TestImports}}{{.}} {{end}}{{range .XTestImports}}{{.}} {{end}}`
	imported := strings.Fields(strings.Join(golist(t, "-tags", "matprofile", "-f", format, "./..."), " "))
	if len(mod.Require) == 0 || len(imported) == 0 {
		t.Fatalf("%d modules are required, %d packages imported", len(mod.Require), len(imported))
	}
	for _, m := range mod.Require {
		direct := slices.ContainsFunc(imported, func(pkg string) bool { return pkg == m.Path || strings.HasPrefix(pkg, m.Path+"/") })
		if direct == m.Indirect {
			t.Errorf("go.mod says that %s is indirect: %t; imported here: %t (go mod tidy mends it)", m.Path, m.Indirect, direct)
		}
	}
}

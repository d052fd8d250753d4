package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheProjectsOwnFilesPass(t *testing.T) {
	if err := checkDockerfile(t.Context(), "../../Dockerfile"); err != nil {
		t.Error(err)
	}
	if err := checkCompose(t.Context(), "../../docker-compose.yml"); err != nil {
		t.Error(err)
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, tt := range []struct {
		name    string
		check   func(content string) error
		content string
		want    string
	}{
		{"unknown instruction", dockerfile(t), "FROM debian\nINSTALL curl\n", "does not pass"},
		{"password in the image", dockerfile(t), "FROM debian\nENV PASSWORD=x\n", "does not pass"},
		{"stage that is not there, in a cycle", dockerfile(t), "FROM b AS a\nFROM a AS b\nCOPY --from=c / /\nFROM b AS c\nCMD x\n", "does not pass"},
		{"misspelt key", composeFile(t), "services:\n  a:\n    imag: x\n", "imag"},
		{"volume that is not declared", composeFile(t), "services:\n  a:\n    image: x\n    volumes: [\"gone:/data\"]\n", "gone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.check(tt.content)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want one with %q", err, tt.want)
			}
		})
	}
}

func dockerfile(t *testing.T) func(string) error {
	return func(content string) error {
		return checkDockerfile(t.Context(), write(t, "Dockerfile", content))
	}
}

func composeFile(t *testing.T) func(string) error {
	return func(content string) error {
		return checkCompose(t.Context(), write(t, "docker-compose.yml", content))
	}
}

func write(t *testing.T, name, content string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// parse is the settings of a `serve` with these arguments and this configuration.
func parse(t *testing.T, env map[string]string, yaml string, args ...string) (*commandLine, error) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "FACEGATE_") {
			t.Setenv(name, "") // so that it is put back
			os.Unsetenv(name)
		}
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	if yaml != "" {
		if err := os.WriteFile("facegate.yaml", []byte(yaml), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var cli commandLine
	parser, err := newParser(&cli, &program{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"serve"}, args...))
	return &cli, err
}

func TestPrecedence(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		yaml string
		args []string
		want threshold
	}{
		{name: "default", want: 0},
		{name: "file", yaml: "verify-threshold: 0.51\n", want: 0.51},
		{name: "environment over file", yaml: "verify-threshold: 0.51\n", env: map[string]string{"FACEGATE_VERIFY_THRESHOLD": "0.52"}, want: 0.52},
		{name: "flag over all", yaml: "verify-threshold: 0.51\n", env: map[string]string{"FACEGATE_VERIFY_THRESHOLD": "0.52"}, args: []string{"--verify-threshold=0.53"}, want: 0.53},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cli, err := parse(t, tt.env, tt.yaml, tt.args...)
			if err != nil {
				t.Fatal(err)
			}
			if cli.Serve.VerifyThreshold != tt.want {
				t.Errorf("threshold %v, want %v", cli.Serve.VerifyThreshold, tt.want)
			}
		})
	}
}

// Every kind of value can stand in the file, those of the command and of all.
func TestConfigurationFile(t *testing.T) {
	cli, err := parse(t, nil, `
listen: 127.0.0.1:9999
data: /var/lib/facegate
json: true
log-level: debug
workers: 3
max-photo-bytes: 1000
margin: 0
request-timeout: 1m30s
`)
	if err != nil {
		t.Fatal(err)
	}
	s := cli.Serve
	if s.Listen != "127.0.0.1:9999" || cli.Data != "/var/lib/facegate" || !cli.JSON || cli.LogLevel != "debug" || s.Workers != 3 ||
		s.MaxPhotoBytes != 1000 || s.Margin != 0 || s.RequestTimeout.Seconds() != 90 {
		t.Errorf("not as in the file: %+v, %+v", cli.settings, s)
	}
}

func TestConfigurationErrors(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		yaml string
		args []string
		want string // part of the error
	}{
		{name: "unknown key", yaml: "listen: :1\nlissten: :2\n", want: `facegate.yaml: unknown setting "lissten"`},
		{name: "a one-off flag is no setting", yaml: "person: x\n", want: `unknown setting "person"`},
		{name: "no YAML", yaml: "a: b: c\n", want: "facegate.yaml: yaml:"},
		{name: "no mapping", yaml: "- a\n", want: "facegate.yaml: yaml:"},
		{name: "wrong type", yaml: "workers: many\n", want: "workers"},
		{name: "out of range in file", yaml: "verify-threshold: 7\n", want: "--verify-threshold: must be above 0, up to 2, not 7"},
		{name: "out of range in environment", env: map[string]string{"FACEGATE_MARGIN": "-1"}, want: "--margin"},
		{name: "out of range as flag", args: []string{"--detect-size=0"}, want: "--detect-size"},
		{name: "NaN", args: []string{"--identify-threshold=NaN"}, want: "--identify-threshold"},
		{name: "named file that is not there", args: []string{"--config=none.yaml"}, want: "none.yaml"},
		{name: "level", args: []string{"--log-level=loud"}, want: "--log-level"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(t, tt.env, tt.yaml, tt.args...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestConfigNamed(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.yaml")
	if err := os.WriteFile(other, []byte("listen: 127.0.0.1:2222\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, source := range map[string]struct {
		env  map[string]string
		args []string
	}{
		"flag":        {args: []string{"--config", other}},
		"environment": {env: map[string]string{"FACEGATE_CONFIG": other}},
	} {
		t.Run(name, func(t *testing.T) {
			cli, err := parse(t, source.env, "listen: 127.0.0.1:1111\n", source.args...)
			if err != nil {
				t.Fatal(err)
			}
			if cli.Serve.Listen != "127.0.0.1:2222" {
				t.Errorf("listens on %s: the default file was read, not the one named", cli.Serve.Listen)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	tests := []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{args: nil, code: exitUsage, stderr: "facegate: expected one of"},
		{args: []string{"sing"}, code: exitUsage, stderr: "facegate: unexpected argument sing"},
		{args: []string{"verify", "a.jpg"}, code: exitUsage, stderr: "-> see: facegate verify --help"},
		{args: []string{"people", "delete"}, code: exitUsage, stderr: "-> see: facegate people delete --help"},
		{args: []string{"--help"}, code: exitOK, stdout: "Exit codes: 0 all good; 1 failed; 2 wrong usage; 3"},
		{args: []string{"serve", "--help"}, code: exitOK, stdout: "$FACEGATE_LISTEN"},
		{args: []string{"version"}, code: exitOK, stdout: "facegate "},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			t.Chdir(t.TempDir())
			var stdout, stderr bytes.Buffer
			p := &program{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr}
			if code := p.run(context.Background(), tt.args); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			out := strings.Join(strings.Fields(stdout.String()), " ") // help is wrapped
			if !strings.Contains(out, tt.stdout) {
				t.Errorf("stdout %q lacks %q", out, tt.stdout)
			}
			if !strings.Contains(stderr.String(), tt.stderr) {
				t.Errorf("stderr %q lacks %q", stderr.String(), tt.stderr)
			}
		})
	}
}

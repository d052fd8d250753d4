package enroll_test

import (
	"strings"
	"testing"

	"facegate"
	"facegate/enroll"
)

func TestCleanName(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Ann Smith", "Ann Smith"},
		{"white space", "  Ann \u00a0  Smith\n", "Ann Smith"},
		{"composed", "Rene\u0301e", "Ren\u00e9e"},
		{"other scripts", "王小明", "王小明"},
		{"joiner within", "می\u200cخواهم", "می\u200cخواهم"},
		{"longest", strings.Repeat("é", 100), strings.Repeat("é", 100)},
		{"longest when composed", strings.Repeat("e\u0301", 100), strings.Repeat("é", 100)},
		{"too long", strings.Repeat("é", 101), ""},
		{"empty", "", ""},
		{"blank", " \t ", ""},
		{"invisible", "\u200b\u200d", ""},
		{"line break", "Ann\nSmith", ""},
		{"tab", "Ann\tSmith", ""},
		{"bell", "Ann\x07", ""},
		{"C1 control", "Ann\u0085x", ""},
		{"zero", "Ann\x00", ""},
		{"right-to-left override", "Ann\u202Ehtims", ""},
		{"broken UTF-8", "Ann\xff", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := enroll.CleanName(tt.in)
			if tt.want == "" {
				wantCode(t, err, facegate.CodeInvalid)
			} else if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestCleanSource(t *testing.T) {
	for in, want := range map[string]string{
		"a.jpg":                  "a.jpg",
		"ann/a.jpg":              "a.jpg",
		`C:\Users\ann\a.jpg`:     "a.jpg",
		"../../etc/passwd":       "passwd",
		"":                       "",
		"/":                      "",
		"a\x00b\n.jpg":           "ab.jpg",
		strings.Repeat("ä", 300): strings.Repeat("ä", 255),
	} {
		if got := enroll.CleanSource(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

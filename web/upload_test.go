package web

import (
	"strings"
	"testing"
)

func TestBaseName(t *testing.T) {
	tests := []struct{ sent, want string }{
		{"face.jpg", "face.jpg"},
		{"../../etc/passwd", "passwd"},
		{`C:\Users\ada\Pictures\me.png`, "me.png"},
		{"/", ""},
		{"..", ""},
		{".", ""},
		{"", ""},
		{"  spaced .jpg ", "spaced .jpg"},
		{"two\r\nlines\x1b[31m.jpg", "twolines[31m.jpg"},
		{"gpj.\u202eexe", "gpj.exe"},
		{"bad\xff.jpg", "bad.jpg"},
		{"Ärger.jpg", "Ärger.jpg"},
		{strings.Repeat("ä", 300) + ".jpg", strings.Repeat("ä", 100)},
	}
	for _, tt := range tests {
		if got := baseName(tt.sent); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.sent, got, tt.want)
		}
	}
}

package main

import (
	"math"
	"strings"
	"testing"
)

// FuzzConfiguration starts with any configuration file: an error that names the
// file, the setting or the flag, or settings that lie within their ranges.
func FuzzConfiguration(f *testing.F) {
	for _, text := range []string{
		"listen: 127.0.0.1:9999\ndata: /var/lib/facegate\njson: true\nlog-level: debug\nworkers: 3\nmax-photo-bytes: 1000\nmargin: 0\nrequest-timeout: 1m30s\n",
		"policy: strict\nidentify-threshold: 0.45\nverify-threshold: .inf\n", "workers: many\n", "workers: 1e3\nqueue: 0x10\nmax-pixels: -1\n", "a: b: c\n", "- a\n", "", "---\n", "null\n", "listen:\n",
		"listen: [a, b]\n", "cors-origin: [https://example.com, x]\nallowed-host: a,b\n", "margin: !!float \"1\"\n", "listen: &a x\ndata: *a\n", "a: &a [*a]\n", "? {a: b}\n: c\n", "1: 2\n", "request-timeout: -5s\n",
		"key: 00\nkey-file: /nonexistent\n", "audit-days: 1000001\n", "listen: \"\\u0000\"\n", "<<: {listen: x}\n", "profile: accurate\ndetect-size: 9223372036854775808\n", "config: other.yaml\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cli, err := parse(t, nil, text)
		if err != nil {
			if err.Error() == "" || strings.Contains(err.Error(), "%!") && !strings.Contains(text, "%!") {
				t.Errorf("a muddled message: %v", err)
			}
			return
		}
		s := cli.Serve
		if !(s.VerifyThreshold >= 0 && s.VerifyThreshold <= 2 && s.IdentifyThreshold >= 0 && s.IdentifyThreshold <= 2 && s.Margin >= 0 && s.Margin <= 2) ||
			math.IsNaN(float64(s.MinQuality)) || s.Workers < 0 || s.Queue < 0 || s.DetectSize < 1 || s.MaxPhotoBytes < 1 || s.MaxBodyBytes < 1 ||
			s.RequestTimeout <= 0 || s.ShutdownTimeout <= 0 {
			t.Errorf("settings out of their ranges: %+v", s)
		}
	})
}

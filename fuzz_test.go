package facegate_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"facegate"
)

// FuzzSource shows any source: never the password of a URL, and always in a form
// that the whole source comes back from when it is kept.
func FuzzSource(f *testing.F) {
	for _, s := range []string{"rtsp://joe:hush@cam:554/1?token=hush", "rtsp://joe:hu@sh@cam/a@b", "http://cam/v.cgi?user=joe&pwd=hush;key=x#auth=y", "rtsp://joe:***@cam/1",
		"rtsp://:hush@cam", "http://[::1]:80/?p=hush", "ftp://joe:hush@host/x", "clips/a:b@c.mp4", "push:", "", "rtsp://", "rtsp://@", "http://a:b@", "rtsp://joe:hu%2Fsh@cam/?a=1&&pass=%00",
		"http://cam/?\u017fecret=hush", "//joe:hush@cam", "http://a:b@c:d@e:f/g:h@i"} {
		f.Add(s, "hush-hush")
	}
	f.Fuzz(func(t *testing.T, text, password string) {
		s := facegate.Source(text)
		shown := s.String()
		if kept := facegate.Source(shown).Keep(s); kept != s {
			t.Errorf("%q, shown as %q, is kept as %q", text, shown, kept.Reveal())
		}
		if object, err := json.Marshal(facegate.Camera{Source: s}); err != nil {
			t.Error(err)
		} else if u, err := url.Parse(text); err == nil && u.User != nil && s.Kind() != facegate.SourcePath && s.Kind() != facegate.SourceDevice {
			if word, ok := u.User.Password(); ok && word != "" && word != "***" && !strings.Contains(facegate.Source(text).String(), "***") {
				t.Errorf("the password %q is in %s", word, object)
			}
		}
		// However it is written, as long as it parts no URL.
		if len(password) < 4 || strings.ContainsAny(password, "/?#*") {
			return
		}
		for _, source := range []string{"rtsp://joe:" + password + "@127.0.0.1:554/live", "http://127.0.0.1/v?pwd=" + url.QueryEscape(password) + "&size=2"} {
			out := facegate.Source(source).String()
			if strings.Contains(out, password) && !strings.Contains("rtsp://joe:***@127.0.0.1:554/live http://127.0.0.1/v?pwd=***&size=2", password) {
				t.Errorf("the password %q is in %q", password, out)
			}
		}
	})
}

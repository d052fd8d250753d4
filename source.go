package facegate

import (
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// A Source says where a camera's pictures come from:
//
//	rtsp://user:password@host/path, rtsps://...   a network camera
//	http://host/video.mjpg, https://...           MJPEG, or a video file
//	/dev/video0                                   a device of this machine
//	door.mp4, /var/shots                          a video file, a folder of pictures
//	push:                                         pictures handed in by Cameras.Push
//
// It may hold a password. Printing, logging and JSON show it redacted; only
// [Source.Reveal] tells it.
type Source string

// SourceKind is a way for pictures to come.
type SourceKind string

// Kinds of sources.
const (
	SourceRTSP   SourceKind = "rtsp"
	SourceHTTP   SourceKind = "http"
	SourceDevice SourceKind = "device"
	SourcePath   SourceKind = "path" // a file or a folder
	SourcePush   SourceKind = "push"
	SourceOther  SourceKind = "" // a scheme that is not known
)

const hidden = "***"

var (
	scheme  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	port    = regexp.MustCompile(`:[0-9]*$`)
	secrets = regexp.MustCompile(`(?i)([?&;](?:[a-z0-9_.-]*(?:pass|pwd|secret|token|key|auth|sig|credential)[a-z0-9_.-]*|pw|p)=)([^&;#]*)`)
)

// Kind is how pictures come from s.
func (s Source) Kind() SourceKind {
	t := strings.ToLower(string(s))
	switch {
	case strings.HasPrefix(t, "rtsp://"), strings.HasPrefix(t, "rtsps://"):
		return SourceRTSP
	case strings.HasPrefix(t, "http://"), strings.HasPrefix(t, "https://"):
		return SourceHTTP
	case strings.HasPrefix(t, "/dev/"):
		return SourceDevice
	case strings.HasPrefix(t, "push:"):
		return SourcePush
	case t == "" || scheme.MatchString(t):
		return SourceOther
	}
	return SourcePath
}

// Reveal is s with its password.
func (s Source) Reveal() string { return string(s) }

// String is s with everything secret hidden: the password, and what parameters
// with names such as token or pwd hold.
func (s Source) String() string {
	t := string(s)
	if s.Kind() == SourcePath || s.Kind() == SourceDevice {
		return t
	}
	if start, end := userinfo(t); end > start {
		if name, _, ok := strings.Cut(t[start:end], ":"); ok {
			t = t[:start] + name + ":" + hidden + t[end:]
		}
	}
	return secrets.ReplaceAllString(t, "${1}"+hidden)
}

// userinfo is where "user:password" stands in a URL. It goes up to the last @ of
// the host's part; where a password holds a slash that should have been escaped,
// up to the last @ of all.
func userinfo(t string) (start, end int) {
	start = strings.Index(t, "://") + 3
	if start < 3 {
		return 0, 0
	}
	host := t[start:]
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		return start, start + i
	}
	if i := strings.LastIndexByte(t, '@'); i > start && !port.MatchString(host) && strings.Contains(host, ":") {
		return start, i
	}
	return 0, 0
}

// GoString keeps %#v from telling.
func (s Source) GoString() string { return s.String() }

// MarshalText is String, for JSON and the like.
func (s Source) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String.
func (s Source) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Keep is s with what it hides filled in from old: s may be old as it was shown,
// edited. Hidden parts that old does not have, or that would go to another host,
// stay hidden.
func (s Source) Keep(old Source) Source {
	if !strings.Contains(string(s), hidden) {
		return s
	}
	if string(s) == old.String() {
		return old
	}
	a, errA := url.Parse(string(s))
	b, errB := url.Parse(string(old))
	if errA != nil || errB != nil || a.Scheme != b.Scheme || a.Host != b.Host {
		return s
	}
	changed := false
	if p, ok := a.User.Password(); ok && p == hidden && a.User.Username() == b.User.Username() {
		if _, ok := b.User.Password(); ok {
			a.User, changed = b.User, true
		}
	}
	q, had := a.Query(), b.Query()
	for name, values := range q {
		for i, v := range values {
			if v == hidden && i < len(had[name]) {
				values[i], changed = had[name][i], true
			}
		}
	}
	if !changed {
		return s
	}
	if a.RawQuery != "" {
		a.RawQuery = q.Encode()
	}
	return Source(a.String())
}

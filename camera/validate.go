package camera

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"facegate"
)

const (
	maxName    = 100
	maxZones   = 32
	maxCorners = 100
	maxWindows = 50
)

// tidy brings a camera into its stored form. It fails with CodeInvalid, naming what
// is wrong.
func tidy(c *facegate.Camera) error {
	c.Name = strings.TrimSpace(c.Name)
	c.Source = facegate.Source(strings.TrimSpace(c.Source.Reveal()))
	switch {
	case c.Name == "" || len([]rune(c.Name)) > maxName || strings.IndexFunc(c.Name, unicode.IsControl) >= 0:
		return invalid(fmt.Sprintf("a camera's name has 1 to %d characters", maxName), "name the camera by its place, such as front door")
	case c.Source == "":
		return invalid("the camera has no source", "give an rtsp:// or http:// URL, /dev/video0, a file, a folder, or push:")
	case strings.Contains(c.Source.Reveal(), "***"):
		return invalid("the source's password is hidden", "write the password in the place of ***")
	case strings.IndexFunc(c.Source.Reveal(), unicode.IsControl) >= 0:
		return invalid("the source holds a control character", "")
	}
	switch c.Source.Kind() {
	case facegate.SourceOther:
		return invalid("the source is of no known kind", "give an rtsp:// or http:// URL, /dev/video0, a file, a folder, or push:")
	case facegate.SourceRTSP, facegate.SourceHTTP:
		if u, err := url.Parse(c.Source.Reveal()); err != nil || u.Hostname() == "" {
			return invalid("the source is no URL with a host", "special characters of a password are written as in URLs: @ is %40")
		}
	}
	return checkSettings(&c.CameraSettings)
}

func checkSettings(s *facegate.CameraSettings) error {
	switch {
	case s.Transport != "" && s.Transport != facegate.TCP && s.Transport != facegate.UDP:
		return invalid("transport is tcp or udp", "")
	case s.Pace != "" && s.Pace != facegate.RealPace && s.Pace != facegate.FastPace:
		return invalid("pace is real or fast", "")
	case !(s.FPS == 0 || s.FPS >= 0.1 && s.FPS <= 60):
		return invalid("fps is 0.1 to 60", "leave it out for 10")
	case s.MinFace < 0 || s.MinFace > maxSide:
		return invalid(fmt.Sprintf("min_face is 0 to %d pixels", maxSide), "leave it out for 24")
	case s.Cooldown != nil && !(*s.Cooldown >= 0 && *s.Cooldown <= 86400):
		return invalid("cooldown_seconds is 0 to 86400", "leave it out for 30")
	case s.Liveness != nil && !(*s.Liveness >= 0 && *s.Liveness <= 1):
		return invalid("liveness is 0 to 1", "leave it out not to judge liveness")
	case len(s.Zones) > maxZones:
		return invalid(fmt.Sprintf("a camera has at most %d zones", maxZones), "")
	case len(s.Schedule) > maxWindows:
		return invalid(fmt.Sprintf("a schedule has at most %d windows", maxWindows), "")
	}
	for _, z := range s.Zones {
		if z.Mode != facegate.Include && z.Mode != facegate.Mask {
			return invalid("a zone's mode is include or mask", "")
		}
		if len(z.Points) < 3 || len(z.Points) > maxCorners {
			return invalid(fmt.Sprintf("a zone has 3 to %d points", maxCorners), "")
		}
		for _, p := range z.Points {
			if bad := func(v float64) bool { return math.IsNaN(v) || v < 0 || v > 1 }; bad(p[0]) || bad(p[1]) {
				return invalid("a zone's points lie within 0..1", "divide pixels by the picture's width and height")
			}
		}
	}
	for _, w := range s.Schedule {
		for _, text := range []string{w.From, w.To} {
			if _, err := clock(text); err != nil {
				return invalid(err.Error(), "")
			}
		}
		for _, d := range w.Days {
			if !slices.Contains(weekdays[:], d) {
				return invalid(fmt.Sprintf("%q is no day of the week", d), "days are mon, tue, wed, thu, fri, sat, sun")
			}
		}
	}
	return nil
}

func invalid(detail, next string) error {
	return facegate.NewError(facegate.CodeInvalid, detail, next)
}

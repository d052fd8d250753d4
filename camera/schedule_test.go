package camera

import (
	"testing"
	"time"

	"facegate"
)

func TestSchedule(t *testing.T) {
	office := facegate.Window{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "08:00", To: "18:30"}
	night := facegate.Window{Days: []string{"fri"}, From: "22:00", To: "06:00"}
	for _, c := range []struct {
		name     string
		schedule []facegate.Window
		at       string
		want     bool
	}{
		{"none", nil, "2026-03-07 03:00", true},
		{"within", []facegate.Window{office}, "2026-03-04 08:00", true}, // a Wednesday
		{"before", []facegate.Window{office}, "2026-03-04 07:59", false},
		{"its end is outside", []facegate.Window{office}, "2026-03-04 18:30", false},
		{"another day", []facegate.Window{office}, "2026-03-07 12:00", false},
		{"before midnight", []facegate.Window{night}, "2026-03-06 23:00", true},
		{"after midnight", []facegate.Window{night}, "2026-03-07 05:59", true},
		{"the night before belongs to Thursday", []facegate.Window{night}, "2026-03-06 05:00", false},
		{"over", []facegate.Window{night}, "2026-03-07 06:00", false},
		{"in one of two", []facegate.Window{office, night}, "2026-03-07 01:00", true},
		{"to midnight", []facegate.Window{{From: "20:00", To: "24:00"}}, "2026-03-07 23:59", true},
		{"whole day", []facegate.Window{{From: "00:00", To: "24:00"}}, "2026-03-07 00:00", true},
		{"from and to the same time", []facegate.Window{{From: "06:00", To: "06:00"}}, "2026-03-07 05:00", true},
	} {
		now, err := time.Parse("2006-01-02 15:04", c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := onDuty(c.schedule, now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// Between changes the answer stays: no minute of two weeks is missed.
func TestNextChange(t *testing.T) {
	schedule := []facegate.Window{{Days: []string{"mon", "wed"}, From: "08:10", To: "17:45"}, {Days: []string{"sun"}, From: "23:30", To: "01:15"}}
	now := time.Date(2026, 3, 1, 0, 0, 30, 0, time.UTC)
	for now.Before(time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)) {
		next, ok := nextChange(schedule, now)
		if !ok || !next.After(now) {
			t.Fatalf("after %v comes %v", now, next)
		}
		for m := now; m.Before(next); m = m.Add(time.Minute) {
			if onDuty(schedule, m) != onDuty(schedule, now) {
				t.Fatalf("it changes at %v, and not first at %v", m, next)
			}
		}
		now = next
	}
	if _, ok := nextChange(nil, now); ok {
		t.Error("no schedule changes")
	}
}

func TestClock(t *testing.T) {
	for text, want := range map[string]int{"00:00": 0, "08:30": 510, "23:59": 1439, "24:00": 1440, "8:30": -1, "24:01": -1, "": -1, "noon": -1, "12:60": -1} {
		got, err := clock(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}

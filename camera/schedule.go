package camera

import (
	"fmt"
	"slices"
	"time"

	"facegate"
)

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// onDuty reports whether a camera is looked at now, in now's time zone.
func onDuty(schedule []facegate.Window, now time.Time) bool {
	if len(schedule) == 0 {
		return true
	}
	minute := now.Hour()*60 + now.Minute()
	today := weekdays[now.Weekday()]
	yesterday := weekdays[(now.Weekday()+6)%7]
	for _, w := range schedule {
		from, errFrom := clock(w.From)
		to, errTo := clock(w.To)
		if errFrom != nil || errTo != nil {
			continue
		}
		switch on := func(day string) bool { return len(w.Days) == 0 || slices.Contains(w.Days, day) }; {
		case from < to:
			if on(today) && minute >= from && minute < to {
				return true
			}
		default: // over midnight; from its start to the same time is a whole day
			if on(today) && minute >= from || on(yesterday) && minute < to {
				return true
			}
		}
	}
	return false
}

// nextChange is when onDuty may be another, at the latest: the start of the next
// minute that a window starts or ends at.
func nextChange(schedule []facegate.Window, now time.Time) (time.Time, bool) {
	var next time.Time
	for _, w := range schedule {
		for _, text := range []string{w.From, w.To} {
			minutes, err := clock(text)
			if err != nil {
				continue
			}
			y, m, d := now.Date()
			at := time.Date(y, m, d, 0, minutes, 0, 0, now.Location())
			if !at.After(now) {
				at = time.Date(y, m, d+1, 0, minutes, 0, 0, now.Location())
			}
			if next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return next, !next.IsZero()
}

// clock is "15:04" in minutes; "24:00" is the end of the day.
func clock(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != 5 {
		return 0, fmt.Errorf("%q is no time of day such as 08:30", text)
	}
	return t.Hour()*60 + t.Minute(), nil
}

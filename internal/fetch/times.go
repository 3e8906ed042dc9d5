package fetch

import "time"

// The forms in which the API tells times, and RFC 3339, which IAM uses.
var timeLayouts = []string{
	"2006-01-02T15:04:05.999999999-07:00", // 2022-10-11T08:28:42.000+00:00
	"2006-01-02T15:04:05.999999999-0700",  // 2024-08-12T02:31:01+0800
	time.RFC3339Nano,
}

// parseTime reads a time of the API and returns it in UTC. It is nil for
// whatever can't be one: garbage, a time without a zone, and years before
// 1970 or beyond 2999, which no report could show.
func parseTime(s string) *time.Time {
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		t = t.UTC()
		if t.Year() < 1970 || t.Year() > 2999 {
			return nil
		}
		return &t
	}
	return nil
}

// compareTimes orders times, unknown ones last.
func compareTimes(a, b *time.Time) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return a.Compare(*b)
}

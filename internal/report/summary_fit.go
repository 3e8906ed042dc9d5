package report

import (
	"fmt"
	"slices"
	"strings"
)

// noteRoom is kept for the note on what was left out.
const noteRoom = 1000

// fitParts joins the parts within limit bytes: what is worth least goes first,
// the later before the earlier, and a note says what went. The verdict stays
// as long as it fits at all.
func fitParts(parts []part, limit int64) string {
	total := int64(0)
	for _, p := range parts {
		total += int64(len(p.text))
	}
	if total <= limit {
		return join(parts)
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = len(parts) - 1 - i
	}
	slices.SortStableFunc(order, func(a, b int) int { return parts[a].worth - parts[b].worth })
	gone := map[string]int{}
	for _, i := range order {
		if total+noteRoom <= limit || parts[i].worth == worthVerdict {
			break
		}
		total -= int64(len(parts[i].text))
		if parts[i].what != "" {
			gone[parts[i].what]++
		}
		parts[i].text = ""
	}
	text := join(parts)
	if note := leftOut(gone); total+int64(len(note)) <= limit {
		return text + note
	}
	if total > limit {
		return ""
	}
	return text
}

func join(parts []part) string {
	var out strings.Builder
	for _, p := range parts {
		out.WriteString(p.text)
	}
	return out.String()
}

// leftOut is the note on what went for lack of space.
func leftOut(gone map[string]int) string {
	var said []string
	for what, n := range gone {
		said = append(said, pluralOf(n, what))
	}
	slices.Sort(said)
	return fmt.Sprintf("\nLeft out, since a summary has a size limit: %s. `report.json` in the output directory has everything.\n",
		strings.Join(said, ", "))
}

// pluralOf is plural for a noun that may be followed by "of …".
func pluralOf(n int, noun string) string {
	head, tail, found := strings.Cut(noun, " of ")
	if !found {
		return plural(n, noun)
	}
	return plural(n, head) + " of " + tail
}

package config

import "github.com/agext/levenshtein"

// Nearest is the word among known that takes the fewest edits to make out of
// name, the first of them where several do; "" when known is empty.
func Nearest(name string, known []string) string {
	nearest, least := "", 0
	for _, word := range known {
		edits := levenshtein.Distance(shorten(name, 100), word, nil)
		if nearest == "" || edits < least {
			nearest, least = word, edits
		}
	}
	return nearest
}

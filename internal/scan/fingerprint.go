package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// fingerprint names a cause: it is the same for the same rule, message and file,
// in whatever build and at whatever line, numbers, hashes, temporary paths, durations
// and times apart. It is the first 16 of a SHA-256's 64 hexadecimal digits.
func fingerprint(rule, message, file string) string {
	sum := sha256.Sum256([]byte(rule + "\x00" + normal(message) + "\x00" + normal(file)))
	return hex.EncodeToString(sum[:8])
}

var (
	temporary = regexp.MustCompile(`(?:/private)?/(?:tmp|var/tmp|var/folders)/[^\s:'")\]]+`)
	workspace = regexp.MustCompile(`(?:/[^\s:'"/]+)*/(?:workspace|work|builds?)/[^\s:'"/]+/`)
)

// normal is a text without what differs from one build to the next.
func normal(text string) string {
	if strings.Contains(text, "/tmp/") || strings.Contains(text, "/var/folders/") {
		text = temporary.ReplaceAllString(text, "/tmp/*")
	}
	if strings.Contains(text, "/work") || strings.Contains(text, "/build") {
		text = workspace.ReplaceAllString(text, "")
	}
	var out strings.Builder
	out.Grow(len(text))
	for text != "" {
		end := wordEnd(text)
		switch {
		case end == 0:
			end = 1
			out.WriteByte(text[0])
		case variable(text[:end]):
			out.WriteByte('0')
		default:
			out.WriteString(text[:end])
		}
		text = text[end:]
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

// variable says whether a word is a number, with or without a unit, or a hash.
func variable(word string) bool {
	digits := strings.TrimLeft(word, "0123456789")
	if len(digits) < len(word) && len(digits) <= 3 && strings.Trim(digits, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		return true // 12, 12ms, 3s, 4KiB
	}
	if strings.HasPrefix(word, "0x") {
		return true
	}
	hexadecimal := strings.Trim(word, "0123456789abcdefABCDEF") == ""
	return hexadecimal && len(word) >= 7 && strings.ContainsAny(word, "0123456789")
}

package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxStem bounds the part of a log's file name that comes from the build's
// name, in bytes: with "-2147483647.partial.log" behind it, it stays below the
// 255 that file systems take.
const maxStem = 200

// reserved matches what Windows takes for a device, in a name's part before
// the first dot: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
var reserved = regexp.MustCompile(`^(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])$`)

// stems gives each build's name a stem for its files that no other name has.
type stems struct {
	byName map[string]string // build name → stem
	taken  map[string]bool   // stems as a file system sees them that ignores case
}

func newStems() *stems {
	return &stems{byName: map[string]string{}, taken: map[string]bool{}}
}

// of is the stem of a build's name: the same for the same name, and another
// one for each other name. Where two names come out alike, the later one gets a
// hash of the name behind it, so the stems depend on the order of the calls.
func (s *stems) of(name string) string {
	if stem, ok := s.byName[name]; ok {
		return stem
	}
	stem := safe(name)
	for salt := name; s.taken[folded(stem)]; salt += "\x00" {
		stem = withHash(safe(name), salt)
	}
	s.byName[name] = stem
	s.taken[folded(stem)] = true
	return stem
}

// folded is how a file system sees a name that ignores case and Unicode forms.
func folded(name string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name)))
}

// safe turns a build's name into the start of a file name that every CI's
// artifact store and file system takes: letters, digits and marks of any script
// in NFC, and - _ and single dots; everything else becomes "_". It never starts
// with a dot or dash, is no device of Windows, and is cut to maxStem bytes.
func safe(name string) string {
	var out strings.Builder
	last := rune(0)
	for _, r := range norm.NFC.String(strings.ToValidUTF8(name, "_")) {
		r = safeRune(r)
		if r == '.' && last == '.' {
			continue
		}
		out.WriteRune(r)
		last = r
	}
	stem := out.String()
	if stem == "" {
		return "_"
	}
	first, _ := utf8.DecodeRuneInString(stem)
	if first == '.' || first == '-' || unicode.IsMark(first) {
		stem = "_" + stem
	}
	// The build's number follows the stem, so a device's name is one only where
	// a dot ends it before: "con.api" becomes "con.api-7.log".
	if device, _, dotted := strings.Cut(stem, "."); dotted && reserved.MatchString(folded(device)) {
		stem = "_" + stem
	}
	if len(stem) > maxStem {
		return withHash(stem, name)
	}
	return stem
}

func safeRune(r rune) rune {
	switch {
	case r == '-' || r == '_' || r == '.':
		return r
	case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r), unicode.Is(unicode.Variation_Selector, r):
		return '_' // a letter or a mark to Unicode, but it shows nothing
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return r
	default:
		return '_'
	}
}

// withHash is stem, cut at a character where it must be, with eight hex digits
// of the SHA-256 of name behind it.
func withHash(stem, name string) string {
	sum := sha256.Sum256([]byte(name))
	suffix := "-" + hex.EncodeToString(sum[:4])
	cut := min(len(stem), maxStem-len(suffix))
	for cut < len(stem) && !utf8.RuneStart(stem[cut]) {
		cut--
	}
	return stem[:cut] + suffix
}

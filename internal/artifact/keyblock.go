package artifact

import (
	"bytes"
	"strings"
)

// privateKey is the kind of private keys, whose lines follow the line that
// names them.
const privateKey = "private-key"

// The bounds of a private key in a log.
const (
	maxKeyLine  = 4 << 10 // bytes of one of its lines, with what stands before it
	maxKeyLines = 500
	mostBefore  = 8  // lines between the first one and the key, such as Proc-Type
	leastWidth  = 32 // characters of each of the key's lines but the last
)

// keyBlock follows the lines behind "BEGIN … PRIVATE KEY". Those of the key
// end in a word of Base64, the first of them in a long one; a short one is its
// last. That tells them from a log that only mentions keys.
type keyBlock struct {
	begun  bool // a line of the key has come
	before int
	lines  int
}

// line says which part of a line is the key's, and whether others may follow.
func (k *keyBlock) line(line []byte) (start, end int, more bool) {
	text := bytes.TrimRight(line, " \t\r\n")
	start, end = bytes.LastIndexAny(text, " \t")+1, len(text)
	word := text[start:]
	k.lines++
	switch {
	case k.lines > maxKeyLines || bytes.Contains(text, []byte("-----END")):
		return 0, 0, false
	case bytes.HasPrefix(word, []byte("[redacted:"+privateKey+":")): // by an earlier run
		k.begun = true
		return 0, 0, true
	case !isBase64(word) || !k.begun && len(word) < leastWidth:
		k.before++
		return 0, 0, !k.begun && k.before <= mostBefore
	}
	k.begun = true
	return start, end, len(word) >= leastWidth
}

func isBase64(word []byte) bool {
	for _, b := range word {
		if b == '_' || !isWord(b) && !strings.ContainsRune("+/=", rune(b)) {
			return false
		}
	}
	return len(word) > 0
}

package scan

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/loggate/loggate/internal/build"
)

// Bounds of a comparison with a log that passed.
const (
	mostUnlike     = 10      // findings
	mostUnlikeRun  = 10      // lines of one finding
	mostWords      = 64      // of a line
	leastFilter    = 1 << 16 // bits
	mostFilter     = 1 << 27 // bits: 16 MiB
	filterPerByte  = 2       // bits
	shortLine      = 8       // words that weigh as much as a line's own
	newWordWeight  = 2
	worthTelling   = 3 // as unlike as the first, at least by this part
	compareBuffer  = 256 << 10
	mostVariations = 2 // from letters to digits or back in a word that means something
)

// Passing knows the words of a log that passed, and which of them follow each
// other: numbers, hashes and times apart, and not more exactly than its bounded
// memory allows, so that a few words that aren't in it seem to be.
type Passing struct {
	name string // of the build, for people
	bits []uint64
}

// ReadPassing reads the log of a build that passed. name is what the findings
// call it; size is about how many bytes the log has, for the memory it takes.
func ReadPassing(name string, log io.Reader, size int64) (*Passing, error) {
	wanted := uint64(min(max(size*filterPerByte, leastFilter), mostFilter))
	p := &Passing{name: name, bits: make([]uint64, 1<<bits.Len64(wanted-1)/64)}
	err := eachText(log, func(_ int64, text string) {
		eachWord(text, func(word, pair uint64) {
			p.add(word)
			p.add(pair)
		})
	})
	return p, err
}

// Unlike are the lines of a failed build's log that are most unlike the log
// that passed, most unlike first: findings of kind summary, which never count.
// Where the failing stage has such lines, only those are told.
func (p *Passing) Unlike(log io.Reader, failing *build.Stage) ([]build.Finding, error) {
	inside, anywhere := unlikes{}, unlikes{}
	within := func(no int64) bool {
		return failing != nil && failing.FirstLine != nil && failing.LastLine != nil && *failing.FirstLine <= no && no <= *failing.LastLine
	}
	var current *unlike
	finish := func() {
		if current != nil {
			anywhere.add(current)
			if within(current.best) {
				inside.add(current)
			}
		}
		current = nil
	}
	err := eachText(log, func(no int64, text string) {
		score, fresh, words, sum := p.novelty(text)
		if score == 0 || saysOnlyThat(text) {
			finish()
			return
		}
		if current != nil && len(current.lines) == mostUnlikeRun {
			finish()
		}
		if current == nil {
			current = &unlike{first: no}
		}
		current.lines = append(current.lines, cutBytes(text, maxShown))
		if score > current.score {
			current.best, current.score, current.fresh, current.words, current.sum = no, score, fresh, words, sum
			current.message = cutBytes(text, 4*build.MaxMessage)
		}
	})
	finish()
	found := inside
	if len(found) == 0 {
		found = anywhere
	}
	var findings []build.Finding
	for _, u := range found {
		if u.score*worthTelling >= found[0].score {
			findings = append(findings, p.finding(u))
		}
	}
	return findings, err
}

// saysOnlyThat says whether a line says no more than that something failed.
func saysOnlyThat(text string) bool {
	return jenkinsFinish.MatchString(text) || jenkinsScript.MatchString(text) || codeArtsMark.MatchString(text)
}

// unlike is a run of lines that are unlike a log that passed.
type unlike struct {
	first   int64
	lines   []string
	best    int64   // the line that is most unlike it,
	message string  // what it says,
	score   float64 // how unlike it is,
	fresh   int     // how many of its words are new
	words   int     // of so many,
	sum     uint64  // and what tells these from another line's
}

// unlikes are the runs with the highest scores, highest first.
type unlikes []*unlike

func (all *unlikes) add(u *unlike) {
	same := slices.IndexFunc(*all, func(other *unlike) bool { return other.sum == u.sum })
	if same >= 0 {
		return // the first of them tells it all
	}
	at, _ := slices.BinarySearchFunc(*all, u.score, func(other *unlike, score float64) int {
		return cmp.Or(cmp.Compare(score, other.score), -1) // behind those of the same score
	})
	if at >= mostUnlike {
		return
	}
	*all = slices.Insert(*all, at, u)
	*all = (*all)[:min(len(*all), mostUnlike)]
}

func (p *Passing) finding(u *unlike) build.Finding {
	message := oneLine(u.message)
	return build.Finding{
		Rule: build.Unlike, Severity: build.Notice, Kind: build.Summary, Count: 1, Message: message,
		Fingerprint: fingerprint(build.Unlike, message, ""),
		Line:        u.best, EndLine: u.best, Excerpt: printable(u.lines), ExcerptLine: u.first,
		Why: []string{fmt.Sprintf("unlike anything in the log of %s, which passed (%d of its %d words are new)", p.name, u.fresh, u.words)},
	}
}

// novelty says how unlike the passing log a line is, 0 where all that it says
// is there; how many of its words are new, and what tells it from other lines.
func (p *Passing) novelty(text string) (score float64, fresh, words int, sum uint64) {
	pairs := 0
	eachWord(text, func(word, pair uint64) {
		words++
		sum = mix(sum ^ word)
		if !p.has(word) {
			fresh++
		}
		if !p.has(pair) {
			pairs++
		}
	})
	return float64(newWordWeight*fresh+pairs) / float64(words+shortLine), fresh, words, sum
}

// The passing log's words are in a Bloom filter of two bits a word.

func (p *Passing) add(hash uint64) {
	for _, at := range p.places(hash) {
		p.bits[at/64] |= 1 << (at % 64)
	}
}

func (p *Passing) has(hash uint64) bool {
	for _, at := range p.places(hash) {
		if p.bits[at/64]&(1<<(at%64)) == 0 {
			return false
		}
	}
	return true
}

func (p *Passing) places(hash uint64) [2]uint64 {
	last := uint64(len(p.bits))*64 - 1 // a power of two less one
	return [2]uint64{hash & last, (hash >> 32) & last}
}

// eachText calls do with each line of a log as people see it, from 1.
func eachText(log io.Reader, do func(no int64, text string)) error {
	var lines splitter
	no := int64(0)
	take := func(text string) {
		no++
		do(no, unwrap(text).text)
	}
	buffer := make([]byte, compareBuffer)
	for {
		n, err := log.Read(buffer)
		lines.write(buffer[:n], take)
		if err != nil {
			lines.flush(take)
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// eachWord calls do with each word of a line that isn't a number, a hash or a
// time, and with it and the word before it. Words are hashes.
func eachWord(text string, do func(word, pair uint64)) {
	before, count := uint64(0), 0
	for start := 0; start < len(text) && count < mostWords; {
		if !inWord(text[start]) {
			start++
			continue
		}
		end := start + 1
		for end < len(text) && inWord(text[end]) {
			end++
		}
		if word, ok := meaning(text[start:end]); ok {
			do(word, mix(before^bits.RotateLeft64(word, 21)))
			before = word
			count++
		}
		start = end
	}
}

func inWord(c byte) bool {
	return c >= 0x80 || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// meaning is the hash of a word in which all numbers are alike; ok is false for
// one that differs from one build to the next.
func meaning(word string) (hash uint64, ok bool) {
	const offset, prime = 14695981039346656037, 1099511628211 // of FNV-1a
	hash = offset
	digits, changes := false, 0
	for i := range len(word) {
		c := word[i]
		digit := '0' <= c && c <= '9'
		if i > 0 && digit != digits {
			changes++
		}
		if !digit {
			hash = (hash ^ uint64(c)) * prime
		} else if !digits {
			hash = (hash ^ '0') * prime
		}
		digits = digit
	}
	return mix(hash), changes <= mostVariations && !variable(word)
}

// mix spreads a hash over all its bits (the end of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

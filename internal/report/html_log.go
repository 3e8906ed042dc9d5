package report

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"unicode/utf8"

	"github.com/loggate/loggate/internal/build"
)

// The bounds of what a page holds of the logs.
const (
	maxPageText   = 10 << 20  // bytes of all logs
	maxPageLines  = 400_000   // of a log: browsers can't scroll over much more
	maxPageLine   = 8_000     // bytes of a line
	pageLineNote  = 50        // bytes of it at most that say how much is left out
	pageChunkText = 512 << 10 // bytes unpacked at once by the browser
)

// excerpt says how much of a log that can't be held whole is shown: lines
// around each of the first findings, by rank, and the last lines.
type excerpt struct{ findings, around, last int64 }

// excerpts are tried in order until one fits.
var excerpts = []excerpt{{20, 1000, 500}, {20, 500, 500}, {20, 250, 250}, {20, 100, 100}, {20, 25, 50}, {5, 25, 25}, {1, 15, 15}}

// lineRange is a range of lines, from 1, both ends included.
type lineRange struct{ first, last int64 }

// pageLog is what the page holds of a build's log.
type pageLog struct {
	path  string      // "" where there is no log to read
	lines int64       // of the whole log
	shown int64       // lines that the page holds
	size  int64       // of these, in bytes
	spans []lineRange // of these, in order and apart from each other
}

// leftOut is how many of the log's lines the page doesn't hold.
func (l *pageLog) leftOut() int64 { return l.lines - l.shown }

// planLogs decides which lines of the builds' logs the page holds. The logs of
// builds that passed come last to the space there is; smaller ones come whole
// before larger ones get any more.
func planLogs(r *build.Report, files fs.FS) []pageLog {
	logs := make([]pageLog, len(r.Builds))
	if files == nil {
		return logs
	}
	sizes := make([]int64, len(r.Builds))
	var first, then []int
	for i, b := range r.Builds {
		if b.Log.Path == nil || !fs.ValidPath(*b.Log.Path) {
			continue
		}
		info, err := fs.Stat(files, *b.Log.Path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		logs[i].path, sizes[i] = *b.Log.Path, info.Size()
		if passed(b) {
			then = append(then, i)
		} else {
			first = append(first, i)
		}
	}
	left := int64(maxPageText)
	for _, group := range [][]int{first, then} {
		share := fairShare(sizes, group, left)
		for _, i := range group {
			logs[i] = planLog(files, logs[i].path, r.Builds[i], min(sizes[i], share))
			left -= logs[i].size
		}
	}
	return logs
}

// fairShare is the size up to which each log of the group can be held, so that
// all together stay within total.
func fairShare(sizes []int64, group []int, total int64) int64 {
	low, high := int64(0), total
	for low < high {
		level, sum := (low+high+1)/2, int64(0)
		for _, i := range group {
			sum += min(sizes[i], level)
		}
		if sum <= total {
			low = level
		} else {
			high = level - 1
		}
	}
	return low
}

// planLog reads the log once and finds the lines of it that fit into limit bytes.
func planLog(files fs.FS, path string, b *build.Build, limit int64) pageLog {
	widest := spansAround(b, excerpts[0])
	lengths := map[int64]int64{} // of the lines that an excerpt may have
	recent := make([]int64, excerpts[0].last)
	lines, size, at := int64(0), int64(-1), 0 // the last line needs no end
	err := eachLine(files, path, func(n int64, text []byte) error {
		length := int64(len(text)) + 1
		lines, size = n, size+length
		recent[n%int64(len(recent))] = length
		for at < len(widest) && widest[at].last < n {
			at++
		}
		if at < len(widest) && n >= widest[at].first {
			lengths[n] = length
		}
		return nil
	})
	if err != nil {
		return pageLog{}
	}
	log := pageLog{path: path, lines: lines}
	if size <= limit && lines <= maxPageLines {
		log.spans, log.size = joined([]lineRange{{1, lines}}, lines), size
	} else {
		for n := max(1, lines-int64(len(recent))+1); n <= lines; n++ {
			lengths[n] = recent[n%int64(len(recent))]
		}
		log.spans, log.size = fitting(b, lines, lengths, limit)
	}
	for _, s := range log.spans {
		log.shown += s.last - s.first + 1
	}
	return log
}

// fitting are the lines of the largest excerpt that fits into limit bytes, and
// their size.
func fitting(b *build.Build, lines int64, lengths map[int64]int64, limit int64) (spans []lineRange, size int64) {
	for _, e := range excerpts {
		spans = joined(append(spansAround(b, e), lineRange{max(1, lines-e.last+1), lines}), lines)
		size = -int64(len(spans))
		for _, s := range spans {
			for n := s.first; n <= s.last; n++ {
				size += lengths[n]
			}
		}
		if size <= limit {
			return spans, size
		}
	}
	return nil, 0
}

// spansAround are the lines around the first findings, joined.
func spansAround(b *build.Build, e excerpt) []lineRange {
	var spans []lineRange
	for i := range b.Findings[:min(e.findings, int64(len(b.Findings)))] {
		line := b.Findings[i].Line
		spans = append(spans, lineRange{line - e.around, line + e.around - 1})
	}
	const unbounded = 1 << 62
	return joined(spans, unbounded)
}

// joined puts spans in order, cuts them to the lines from 1 to last and joins
// those that meet.
func joined(spans []lineRange, last int64) []lineRange {
	slices.SortFunc(spans, func(a, b lineRange) int { return cmp.Compare(a.first, b.first) })
	var out []lineRange
	for _, s := range spans {
		s = lineRange{max(1, s.first), min(last, s.last)}
		switch n := len(out); {
		case s.first > s.last:
		case n > 0 && s.first <= out[n-1].last+1:
			out[n-1].last = max(out[n-1].last, s.last)
		default:
			out = append(out, s)
		}
	}
	return out
}

// eachLine calls do with each line of a file, from 1: without its end, and
// with the words "left out" where it is longer than maxPageLine. The text is
// do's only until it returns.
func eachLine(files fs.FS, path string, do func(n int64, text []byte) error) error {
	file, err := files.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 64<<10)
	for n := int64(1); ; n++ {
		text, err := in.ReadSlice('\n')
		cut := int64(0)
		if errors.Is(err, bufio.ErrBufferFull) {
			text = bytes.Clone(text[:maxPageLine+utf8.UTFMax])
			cut = int64(in.Size() - len(text))
			for errors.Is(err, bufio.ErrBufferFull) {
				var more []byte
				more, err = in.ReadSlice('\n')
				cut += int64(len(bytes.TrimSuffix(more, []byte{'\n'})))
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(text) > 0 || cut > 0 {
			if err := do(n, pageLine(text, cut)); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// pageLine is a line as the page holds it, never longer than it was; cut is how
// many of its bytes are not in text.
func pageLine(text []byte, cut int64) []byte {
	if cut == 0 {
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte{'\n'}), []byte{'\r'})
	}
	if len(text) <= maxPageLine && cut == 0 {
		return text
	}
	keep := min(maxPageLine-pageLineNote, len(text))
	for keep > 0 && keep < len(text) && !utf8.RuneStart(text[keep]) {
		keep--
	}
	cut += int64(len(text) - keep)
	return fmt.Appendf(bytes.Clone(text[:keep]), " … (%s left out)", plural(int(cut), "byte"))
}

// logPacker writes lines of logs as data blocks: script elements of a type that
// no browser runs, which hold gzip in base64, so that nothing in a log can be
// read as HTML.
type logPacker struct {
	out io.Writer
	zip *gzip.Writer
}

func newLogPacker(w io.Writer) *logPacker {
	return &logPacker{out: w, zip: gzip.NewWriter(io.Discard)}
}

// pack writes what the page holds of the log of build number index.
func (p *logPacker) pack(index int, files fs.FS, log *pageLog) error {
	if len(log.spans) == 0 {
		return nil
	}
	var chunk bytes.Buffer
	at, from := 0, int64(0)
	flush := func() error {
		defer chunk.Reset()
		if from == 0 {
			return nil
		}
		defer func() { from = 0 }()
		return p.block(index, from, chunk.Bytes())
	}
	err := eachLine(files, log.path, func(n int64, text []byte) error {
		if at == len(log.spans) || n < log.spans[at].first {
			return nil
		}
		if from == 0 {
			from = n
		} else {
			chunk.WriteByte('\n')
		}
		chunk.Write(text)
		ends := n == log.spans[at].last
		if ends {
			at++
		}
		if ends || chunk.Len() >= pageChunkText {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// block writes lines from number first on.
func (p *logPacker) block(index int, first int64, text []byte) error {
	if _, err := fmt.Fprintf(p.out, "<script type=\"application/gzip\" data-build=\"%d\" data-first=\"%d\">", index, first); err != nil {
		return err
	}
	encoder := base64.NewEncoder(base64.StdEncoding, p.out)
	p.zip.Reset(encoder)
	if _, err := p.zip.Write(text); err != nil {
		return err
	}
	if err := errors.Join(p.zip.Close(), encoder.Close()); err != nil {
		return err
	}
	_, err := io.WriteString(p.out, "</script>\n")
	return err
}

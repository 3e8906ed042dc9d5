package fetch

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/loggate/loggate/internal/build"
)

// A log of many pages costs many requests, and requests are what the service
// limits. One download-log request brings an ended build's log as a whole, but
// nothing in it says that it is whole, or the same log. So it is put aside and
// compared with what the pages have told: it must begin with the text of the
// pages so far, and the page asked for where its last lines must be, by its
// length, must hold just these lines and be the last one. Only then is it
// used. In any other case the pages go on where they were. Where reading goes on
// at a Mark, what an earlier run has fetched before it isn't compared again.

// Source is how a log is fetched.
type Source string

// The values of the input source.
const (
	SourceAuto     Source = "auto"
	SourcePages    Source = "pages"
	SourceDownload Source = "download"
)

// Scratch is a place to put a download aside: a file that nobody else sees,
// empty at first. Close removes it.
type Scratch interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Truncate(size int64) error // and writes go on there
}

// The bounds of a download.
const (
	maxDownload   = 16 << 30 // bytes of the file, and of the log in it
	downloadTries = 2        // attempts of the request: the pages are there
	tailBytes     = 8 << 10  // of the log's end that are compared, at most
	tailLines     = 500      // of them, so that a page can hold them
	tailPages     = 8        // that are asked for them, at most
)

// Why a log was fetched as it was: source_reason in the report.
const (
	reasonAsked      = "source: pages"
	reasonRunning    = "the build was still running"
	reasonOnePage    = "its first page held the whole log"
	reasonLimit      = "the limit of downloads was used up until the last page"
	reasonDownloaded = "the build had ended; compared with its first page, its length and its last page"
)

// source is how the log was fetched, and why so.
func (v *visit) source() (Source, string) {
	switch {
	case v.downloaded:
		return SourceDownload, reasonDownloaded
	case v.pager.rest == nil:
		return SourcePages, reasonAsked
	case v.noDownload != "":
		return SourcePages, v.noDownload
	case v.waited || !v.stands.ended:
		return SourcePages, reasonRunning
	case v.notNow != "":
		return SourcePages, v.notNow
	}
	return SourcePages, reasonOnePage
}

// download gets the rest of an ended build's log in one request, if that is
// allowed now. It says whether it has; if not, nothing has been written.
func (v *visit) download(ctx context.Context) (bool, error) {
	switch {
	case v.noDownload != "":
		return false, nil
	case v.waited:
		v.noDownload = reasonRunning
		return false, nil
	}
	if why := v.refusal.Load(); why != nil {
		v.noDownload = *why
		return false, nil
	}
	if v.notNow = v.pager.incomparable(); v.notNow != "" {
		return false, nil // it may be otherwise after the next page
	}
	if ok, err := v.mayDownload(ctx); !ok {
		v.notNow = reasonLimit
		return false, err
	}
	written, err := v.downloadRest(ctx)
	if err == nil {
		v.downloaded = true
		return true, nil
	}
	if written || ctx.Err() != nil {
		return false, err
	}
	v.noDownload = "download-log: " + err.Error()
	if refusedForGood(err) {
		why := v.noDownload
		v.refusal.Store(&why) // for the other builds, too
	}
	v.client.opts.Logger.Debug("pages instead of a download", "build", nameOf(v.ref), "reason", v.noDownload)
	return false, nil
}

// mayDownload says whether the limit leaves a download now; where downloads are
// asked for, it waits until it does. Else the next page may find it less used.
func (v *visit) mayDownload(ctx context.Context) (bool, error) {
	if v.watch.Source != SourceDownload {
		return v.client.limits.take(EndpointDownload), nil
	}
	err := v.client.limits.wait(ctx, EndpointDownload)
	return err == nil, err
}

// incomparable says why the pages so far can't be compared with a download.
func (p *pager) incomparable() string {
	switch {
	case !p.stitch.unesc.real:
		return "its pages have no plain newlines, so a download can't be compared with them"
	case len(p.stitch.tail) > 0:
		return "its pages end inside characters, so a download can't be compared with them"
	}
	return ""
}

// downloadRest downloads, checks and writes. written says that something of the
// log's rest has been written.
func (v *visit) downloadRest(ctx context.Context) (written bool, err error) {
	record := v.record(ctx)
	if record.RecordID == "" {
		return false, errors.New("record-info names no record id")
	}
	scratch, err := v.watch.Scratch()
	if err != nil {
		return false, err
	}
	defer scratch.Close()
	if err := v.client.Download(ctx, v.ref, record.RecordID, scratch); err != nil {
		return false, err
	}
	end, err := v.pager.compare(ctx, scratch)
	if err != nil {
		return false, err
	}
	return true, v.pager.takeRest(scratch, end)
}

// record is the build's record. Where it isn't being asked for in the
// background, since it isn't known yet how the build has ended, it is now.
func (v *visit) record(ctx context.Context) RecordInfo {
	if v.metadata == nil {
		return v.status.metadata(ctx)
	}
	return v.metadata().record
}

// Download asks for the whole log of the build with a record id in one answer
// (DownloadBuildFullLog) and writes the file that comes to a scratch: the log,
// or a gzip or zip file of it. The caller has the limiter's leave already.
func (c *Client) Download(ctx context.Context, ref build.Ref, recordID string, to Scratch) error {
	err := c.downloadFile(ctx, ref, recordID, true, to)
	var refused *APIError
	if errors.As(err, &refused) && refused.Code == codeParameter {
		return c.downloadFile(ctx, ref, recordID, false, to)
	}
	return err
}

func (c *Client) downloadFile(ctx context.Context, ref build.Ref, recordID string, compress bool, to Scratch) error {
	cl := &call{endpoint: EndpointDownload, op: "download the log", build: nameOf(ref), offset: -1, granted: true, tries: downloadTries, stream: true}
	if !pathRE.MatchString(recordID) {
		return fmt.Errorf("%s: %.80q is no record id", cl.where(), recordID)
	}
	u := c.opts.Endpoint.JoinPath("v1", "log", recordID, "download-log")
	u.RawQuery = url.Values{"log_level": {"DEBUG"}, "compress": {strconv.FormatBool(compress)}}.Encode()
	err := c.auth.with(ctx, cl, func() error {
		req, err := retryablehttp.NewRequestWithContext(context.WithValue(ctx, callKey{}, cl), http.MethodGet, u.String(), nil)
		if err != nil {
			return err
		}
		return c.send(req, cl, func(resp *http.Response) error { return c.keep(resp, cl, to) })
	})
	return c.explain(ctx, cl, err)
}

// keep writes the body of an answer to a scratch.
func (c *Client) keep(resp *http.Response, cl *call, to Scratch) error {
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.refusal(resp, cl, readError(resp))
	}
	if err := to.Truncate(0); err != nil {
		return &finalError{err}
	}
	n, err := io.Copy(to, io.LimitReader(resp.Body, maxDownload+1))
	if err != nil {
		return fmt.Errorf("broke off after %d bytes: %w", n, err)
	}
	if n > maxDownload {
		return &finalError{fmt.Errorf("%w: over %d GiB", errTooLarge, maxDownload>>30)}
	}
	return nil
}

// unpack reads the log out of the downloaded file.
func unpack(file Scratch) (io.Reader, error) {
	whole := func() *io.SectionReader { return io.NewSectionReader(file, 0, maxDownload) }
	magic := make([]byte, 4)
	if n, err := file.ReadAt(magic, 0); n == 0 && errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty")
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(whole())
	case !bytes.HasPrefix(magic, []byte("PK\x03\x04")):
		return whole(), nil
	}
	size, err := io.Copy(io.Discard, whole())
	if err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return nil, err
	}
	if n := len(archive.File); n != 1 {
		return nil, fmt.Errorf("it is a zip file of %d files, whose order isn't known", n)
	}
	return archive.File[0].Open()
}

// compare says at which offset a downloaded log ends, or why it can't be shown
// to be the log that the pages are of.
func (p *pager) compare(ctx context.Context, file Scratch) (end int64, err error) {
	log, err := unpack(file)
	if err != nil {
		return 0, err
	}
	if _, err := io.CopyN(io.Discard, log, p.before); err != nil {
		return 0, fmt.Errorf("it breaks off before the text of the pages: %w", err)
	}
	sum := sha256.New()
	if n, err := io.CopyN(sum, log, p.bytes); err != nil {
		return 0, fmt.Errorf("it breaks off after %d bytes, before the text of the pages so far: %w", n, err)
	}
	if !bytes.Equal(sum.Sum(nil), p.sum.Sum(nil)) {
		return 0, errors.New("it doesn't begin with the text of the pages so far")
	}
	rest, err := measure(io.LimitReader(log, maxDownload))
	if err != nil {
		return 0, fmt.Errorf("it breaks off: %w", err)
	}
	return p.compareEnd(ctx, rest)
}

// compareEnd asks for the page that must hold the last lines, in each unit in
// which the offsets so far can have been counted.
func (p *pager) compareEnd(ctx context.Context, rest *measured) (end int64, err error) {
	tail := rest.lastLines(int(min(p.bytes, tailBytes))) // a page has held as much
	if len(tail) == 0 {
		return 0, errors.New("it ends where the pages so far end, though they said that there is more")
	}
	ofTail, _ := lengths(tail)
	err = errors.New("the unit of the offsets isn't known, so its length can't be checked")
	tried := map[int64]bool{}
	for i := range rest.lengths {
		end := p.stitch.next + rest.lengths[i]
		start := end - ofTail[i]
		if p.stitch.units&(1<<i) == 0 || tried[start] {
			continue
		}
		tried[start] = true
		if err = p.askTailEither(ctx, start, end, 1<<i, tail); err == nil {
			p.stitch.units &= 1 << i
			return end, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return 0, err
}

// askTailEither asks in both readings of end_offset=0, as step does.
func (p *pager) askTailEither(ctx context.Context, start, end int64, units unitSet, tail []byte) error {
	err := p.askTail(ctx, start, end, units, tail)
	if err == nil || p.far || p.nearGood || ctx.Err() != nil {
		return err
	}
	p.far = true
	if p.askTail(ctx, start, end, units, tail) == nil {
		return nil
	}
	p.far = false
	return err
}

// askTail asks for the pages from start on: they must hold the tail and nothing
// else, end at end and say that there is no more.
func (p *pager) askTail(ctx context.Context, start, end int64, units unitSet, tail []byte) error {
	check := &stitcher{begun: true, next: start, units: units, unesc: unescaper{real: true}}
	var got []byte
	for range tailPages {
		page, err := p.page(ctx, check.next)
		if err != nil {
			return err
		}
		piece, err := check.add(page)
		switch {
		case err != nil:
			return err
		case piece.problem != "":
			return errors.New(piece.problem)
		}
		if got = append(got, piece.text...); len(got) > len(tail) {
			break
		}
		if piece.caught {
			break
		}
	}
	if check.more || check.next != end || !bytes.Equal(got, tail) {
		return fmt.Errorf("its last %d bytes aren't what the pages have from offset %d on", len(tail), start)
	}
	return nil
}

// takeRest writes what the pages haven't brought of a log that was compared.
func (p *pager) takeRest(file Scratch, end int64) error {
	log, err := unpack(file)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, log, p.before+p.bytes); err != nil {
		return err
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(log, buf)
		if werr := p.write(buf[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	p.stitch.last, p.stitch.next, p.stitch.more = p.stitch.next, end, false
	p.told()
	return nil
}

// measured is a text of which the length, in bytes, UTF-16 units and
// characters, and the end are known.
type measured struct {
	lengths [3]int64
	tail    []byte // tailBytes or more, unless it is shorter
	open    []byte // the start of a character
}

// measure reads a text to its end.
func measure(text io.Reader) (*measured, error) {
	m := &measured{}
	buf := make([]byte, 256<<10)
	for {
		n, err := text.Read(buf)
		m.add(buf[:n])
		if errors.Is(err, io.EOF) {
			m.count(m.open)
			return m, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (m *measured) add(text []byte) {
	m.tail = append(m.tail, text...)
	if extra := len(m.tail) - tailBytes; extra > tailBytes {
		m.tail = append(m.tail[:0], m.tail[extra:]...)
	}
	text = append(m.open, text...)
	whole := len(text) - len(openCharacter(text))
	m.count(text[:whole])
	m.open = bytes.Clone(text[whole:])
}

func (m *measured) count(text []byte) {
	of, _ := lengths(text)
	for i, n := range of {
		m.lengths[i] += n
	}
}

// lastLines is the end of the text in at most so many bytes: whole lines,
// unless the last is too long.
func (m *measured) lastLines(most int) []byte {
	tail := m.tail[max(0, len(m.tail)-most):]
	if int64(len(tail)) < m.lengths[0] {
		tail = fromLine(tail)
	}
	for lines := bytes.Count(tail, []byte{'\n'}); lines > tailLines; lines-- {
		tail = tail[bytes.IndexByte(tail, '\n')+1:]
	}
	return tail
}

// fromLine is a text from its first new line on or, where that would leave
// nothing, from its first new character on.
func fromLine(text []byte) []byte {
	if i := bytes.IndexByte(text, '\n') + 1; i > 0 && i < len(text) {
		return text[i:]
	}
	for len(text) > 0 && !utf8.RuneStart(text[0]) {
		text = text[1:]
	}
	return text
}

// openCharacter is the start of a character that text ends with.
func openCharacter(text []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		end := text[len(text)-n:]
		if utf8.RuneStart(end[0]) {
			if utf8.FullRune(end) {
				return nil
			}
			return end
		}
	}
	return nil
}

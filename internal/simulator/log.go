package simulator

import (
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// defaultSize is how many lines a page has when neither the caller nor a
// reading says.
const defaultSize = 1000

// realTimeLog answers "Obtaining All Run Logs": a page of a build's log.
func (s *Server) realTimeLog(c *call) answer {
	b, m, refusal := s.admit(c)
	if refusal != nil {
		return *refusal
	}
	q, err := s.logQuery(c.query)
	if err != nil {
		return s.invalid(err.Error())
	}
	p, err := s.page(b, m, q)
	if err != nil {
		return s.broken(err)
	}
	data, err := s.pageBody(b, p, q.descending)
	if err != nil {
		return s.broken(err)
	}
	s.stats.page(b.String())
	return body(http.StatusOK, "application/json;charset=UTF-8", data)
}

// broken is the answer when a log can't be read, which its owner must see.
func (s *Server) broken(err error) answer {
	return s.serviceError(http.StatusInternalServerError, codeInternal, "Internal error: "+err.Error())
}

// logQuery checks the parameters of a page.
func (s *Server) logQuery(query url.Values) (q logQuery, err error) {
	r := s.opt.Readings
	if q.start, err = offset(query, "start_offset"); err != nil {
		return q, err
	}
	if q.end, err = offset(query, "end_offset"); err != nil {
		return q, err
	}
	if q.end > 0 && q.end < q.start {
		return q, fmt.Errorf("end_offset %d is less than start_offset %d", q.end, q.start)
	}
	if q.end == 0 && q.start > 0 && r.EndZero == "refused-later" {
		return q, fmt.Errorf("end_offset 0 is less than start_offset %d", q.start)
	}
	size := query.Get("size")
	n, err := strconv.ParseUint(size, 10, 31)
	if !digits(size) || err != nil {
		return q, fmt.Errorf("size %s is not a number from 0 to 2147483647", printable(size))
	}
	if r.Size == "1000" && size != "1000" {
		return q, fmt.Errorf("size %s is not 1000", printable(size))
	}
	q.size = int(n)
	if q.size == 0 {
		q.size = defaultSize
	}
	switch sort := query.Get("sort"); {
	case sort == "DESC":
		q.descending = true
	case sort == "ASC" && r.Sort == "asc", sort == "AES", !query.Has("sort"):
	default:
		return q, fmt.Errorf("sort %s is not AES or DESC", printable(sort))
	}
	return q, nil
}

// offset is a parameter that is an integer from 0, and 0 when it isn't sent.
func offset(query url.Values, name string) (int64, error) {
	if !query.Has(name) {
		return 0, nil
	}
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	if err != nil || !digits(query.Get(name)) {
		return 0, fmt.Errorf("%s %s is not an integer from 0", name, printable(query.Get(name)))
	}
	return n, nil
}

// digits says whether s is nothing but digits, and not empty.
func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// downloadLog answers DownloadBuildFullLog: the whole log, as far as it is
// there, in one body. Both log levels get the same.
func (s *Server) downloadLog(c *call) answer {
	b, m, refusal := s.admit(c)
	if refusal != nil {
		return *refusal
	}
	if level := c.query.Get("log_level"); c.query.Has("log_level") && level != "INFO" && level != "DEBUG" {
		return s.invalid("log_level " + printable(level) + " is not INFO or DEBUG")
	}
	compress := c.query.Get("compress")
	if c.query.Has("compress") && compress != "true" && compress != "false" {
		return s.invalid("compress " + printable(compress) + " is not true or false")
	}
	visible, err := s.visible(b, m)
	if err != nil {
		return s.broken(err)
	}
	if !m.running && b.endedFor(s.elapsed()) < s.opt.Readings.LateLog {
		visible = position{}
	}
	s.stats.download(b.String())
	a := answer{status: http.StatusOK, header: http.Header{}, size: visible.at}
	a.write = func(w io.Writer) error {
		_, err := io.Copy(w, io.NewSectionReader(b.Log, 0, visible.at))
		return err
	}
	name := b.record + ".log"
	if compress == "true" {
		name, a = s.compressed(name, a)
	}
	a.header.Set("Content-Type", "application/octet-stream")
	a.header.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return a
}

// compressed packs an answer's body into a file of the kind that is switched on.
func (s *Server) compressed(name string, plain answer) (string, answer) {
	packed := plain
	packed.size = -1
	if s.opt.Readings.Compressed == "gzip" {
		packed.write = func(w io.Writer) error {
			z := gzip.NewWriter(w)
			if err := plain.write(z); err != nil {
				return err
			}
			return z.Close()
		}
		return name + ".gz", packed
	}
	packed.write = func(w io.Writer) error {
		z := zip.NewWriter(w)
		entry, err := z.Create(name)
		if err != nil {
			return err
		}
		if err := plain.write(entry); err != nil {
			return err
		}
		return z.Close()
	}
	return name + ".zip", packed
}

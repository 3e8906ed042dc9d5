package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// trouble is what the faults do to one request.
type trouble struct {
	wait    time.Duration
	instead string // kind of the fault that answers instead of the service, "" for none
	retry   time.Duration
	body    string // kind of the fault that spoils the body, "" for none
	slow    time.Duration
}

// trouble finds the faults that strike a call. Latencies add up; of those that
// answer, and of those that spoil the body, the first in the list counts.
func (s *Server) trouble(c *call) trouble {
	var t trouble
	for _, f := range s.faults {
		strikes, spread := f.strikes(c)
		if !strikes {
			continue
		}
		switch {
		case f.Kind == "latency":
			t.wait += max(0, f.Delay+time.Duration((2*spread-1)*float64(f.Jitter)))
		case f.Kind == "cut", f.Kind == "cut-chunked", f.Kind == "slow", f.Kind == "badjson":
			if t.body != "" {
				continue
			}
			t.body, t.slow = f.Kind, f.Delay
		case t.instead == "":
			t.instead, t.retry = f.Kind, f.Delay
		default:
			continue
		}
		s.stats.fault(f.Kind)
	}
	return t
}

// handle serves one request: faults first, as a network's are met first.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler) // net/http's way to break a connection off
	}
	defer s.active.Done()
	ctx := r.Context() // done when the client leaves and when the server closes
	c := s.read(r)
	s.stats.request(c.endpoint())
	t := s.trouble(c)
	if !pause(ctx, t.wait) || t.instead == "reset" {
		reset(w)
		return
	}
	a := s.instead(c, t)
	if a.hang {
		<-ctx.Done()
		panic(http.ErrAbortHandler)
	}
	s.stats.status(a.status)
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	w.Header().Set("X-Request-Id", fmt.Sprintf("%032x", mix(uint64(s.now().UnixNano()))))
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if err := deliver(ctx, w, a, t); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// instead is the answer of the fault that answers, else the server's own.
func (s *Server) instead(c *call, t trouble) answer {
	switch t.instead {
	case "429":
		return throttledFor(int(math.Ceil(t.retry.Seconds())))
	case "429-bare":
		return throttled()
	case "cb211":
		return s.serviceError(http.StatusInternalServerError, codeTooMany, "Too many requests. Try again later.")
	case "cb100":
		return s.serviceError(http.StatusInternalServerError, codeBusy, "The network is busy. Try again.")
	case "cb101":
		return s.serviceError(http.StatusInternalServerError, codeInternal, "Internal error.")
	case "502html":
		return badGateway()
	case "expired":
		s.authority.revoke(c.Header.Get(headerToken))
		return gatewayError(http.StatusUnauthorized, codeAuth, "Incorrect IAM authentication information: token has expired")
	case "hang":
		return answer{hang: true}
	default:
		return s.answer(c)
	}
}

// pause waits, and says whether the request is still wanted.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reset breaks the connection off so that the client sees a reset and no end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // at worst the client sees an end instead of a reset
	}
	_ = conn.Close()
}

// deliver sends an answer, spoiled as the trouble wants it. An error means that
// the connection is to be broken off.
func deliver(ctx context.Context, w http.ResponseWriter, a answer, t trouble) error {
	if t.body == "badjson" {
		a = spoil(a)
	}
	if a.size >= 0 && t.body != "cut-chunked" {
		w.Header().Set("Content-Length", strconv.FormatInt(a.size, 10))
	}
	w.WriteHeader(a.status)
	var out io.Writer = w
	switch t.body {
	case "cut", "cut-chunked":
		out = &cutWriter{w: w, left: cutAfter(a.size)}
	case "slow":
		out = &slowWriter{ctx: ctx, w: w, pause: t.slow / slowPieces, piece: int(max(1, a.size/slowPieces+1))}
	}
	err := a.write(out)
	if errors.Is(err, errCut) {
		// What was sent must arrive, so that the client sees a body cut short.
		_ = http.NewResponseController(w).Flush()
	}
	return err
}

// spoil cuts a JSON body in the middle of its text, as if it were all of it.
// Other bodies stay as they are.
func spoil(a answer) answer {
	var whole bytes.Buffer
	if a.size < 0 || a.size > 8*maxPage || a.write(&whole) != nil || !json.Valid(whole.Bytes()) {
		return a
	}
	spoiled := body(a.status, "", whole.Bytes()[:whole.Len()*2/3])
	spoiled.header = a.header
	return spoiled
}

var errCut = errors.New("body cut short on purpose")

// cutAfter is how much of a body of size bytes is sent before it breaks off.
func cutAfter(size int64) int64 {
	if size < 0 {
		return 512
	}
	return size / 2
}

// cutWriter fails after left bytes.
type cutWriter struct {
	w    io.Writer
	left int64
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) < c.left {
		n, err := c.w.Write(p)
		c.left -= int64(n)
		return n, err
	}
	n, err := c.w.Write(p[:c.left])
	c.left = 0
	return n, errors.Join(err, errCut)
}

// slowPieces is how many pauses a slow body takes.
const slowPieces = 16

// slowWriter pauses before each piece, until all pauses are used up.
type slowWriter struct {
	ctx    context.Context
	w      http.ResponseWriter
	pause  time.Duration
	piece  int
	pauses int
}

func (s *slowWriter) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		piece := p[written:]
		if s.pauses < slowPieces {
			piece = piece[:min(s.piece, len(piece))]
			s.pauses++
			if !pause(s.ctx, s.pause) {
				return written, s.ctx.Err()
			}
		}
		n, err := s.w.Write(piece)
		written += n
		if err != nil {
			return written, err
		}
		if err := http.NewResponseController(s.w).Flush(); err != nil {
			return written, err
		}
	}
	return written, nil
}

// Package simulator is a CodeArts Build that runs on loopback, so that loggate
// can be tried, shown and tested without an account or a network. It checks
// signatures, tokens, dates and parameters as strictly as the service is
// documented to, pages logs, keeps the published rate limits, lets running
// builds grow in time and breaks on demand.
//
// What the service's reference leaves open is a switch (Readings); what goes
// wrong in a network is one too (Fault). Time counts from Start. The text that
// all of it follows is codearts-build-api.md.
package simulator

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options say what a Server serves and how.
type Options struct {
	Listen      string // host:port; "" is 127.0.0.1:0, a free port on loopback
	AllowRemote bool   // lets Listen be another address than a loopback one
	Region      string // as build-info and record-info tell it; "" is cn-north-4
	Builds      []Build
	Auth        Auth     // who is let in; without any, nobody
	Limits      float64  // share of the published rate limits: 1 is 100 %, 0 is off
	Faults      []Fault  // what goes wrong, and when
	Seed        int64    // of the faults' chances
	Readings    Readings // of what the reference leaves open
	// Now is the clock of builds, signatures and limits; nil is time.Now.
	// Latencies and slow bodies take real time.
	Now func() time.Time
}

// Bounds that keep one client from holding the server's memory or connections.
const (
	maxRequestBody  = 1 << 20
	maxHeaderBytes  = 64 << 10
	maxHeaderTime   = 10 * time.Second
	maxIdleTime     = time.Minute
	defaultListen   = "127.0.0.1:0"
	defaultRegion   = "cn-north-4"
	maxBuilds       = 10_000
	closingDeadline = 5 * time.Second
)

// Server is one simulated region of CodeArts Build, with the IAM endpoint that
// belongs to it. Its methods may be called from any goroutine.
type Server struct {
	opt       Options
	now       func() time.Time
	routes    []route
	jobs      map[string][]*served // by job id, by number
	records   map[string]*served   // by record id
	authority *authority
	limits    limits
	faults    []*armedFault
	stats     *counters
	http      *http.Server

	mu       sync.Mutex
	listener net.Listener
	started  time.Time
	closed   bool
	active   sync.WaitGroup // requests being answered
}

// New checks the options and makes a Server that isn't listening yet. Its
// errors name the option, build, fault or reading that is wrong.
func New(opt Options) (*Server, error) {
	if opt.Listen == "" {
		opt.Listen = defaultListen
	}
	if opt.Region == "" {
		opt.Region = defaultRegion
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if err := checkListen(opt.Listen, opt.AllowRemote); err != nil {
		return nil, err
	}
	if opt.Limits < 0 {
		return nil, fmt.Errorf("simulator: limits are %v: give a share of 0 (off) or more", opt.Limits)
	}
	if err := opt.Readings.complete(); err != nil {
		return nil, err
	}
	s := &Server{opt: opt, now: opt.Now, stats: newCounters(), limits: newLimits(opt.Limits)}
	s.routes = s.endpoints()
	var err error
	if s.faults, err = arm(opt.Faults, opt.Seed); err != nil {
		return nil, err
	}
	if s.authority, err = newAuthority(opt.Auth, opt.Readings); err != nil {
		return nil, err
	}
	if s.jobs, s.records, err = register(opt.Builds, opt.Readings); err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.handle),
		ReadHeaderTimeout: maxHeaderTime,
		IdleTimeout:       maxIdleTime,
		MaxHeaderBytes:    maxHeaderBytes,
	}
	return s, nil
}

// checkListen refuses an address that others than this machine can reach.
func checkListen(address string, remote bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("simulator: listen address %q: %w", address, err)
	}
	if ip := net.ParseIP(host); remote || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("simulator: listen address %q is not a loopback address such as 127.0.0.1:8080", address)
}

// Start listens and begins to serve; the builds' time counts from here.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("simulator: start: already closed")
	}
	if s.listener != nil {
		return errors.New("simulator: start: already started")
	}
	listener, err := net.Listen("tcp", s.opt.Listen)
	if err != nil {
		return fmt.Errorf("simulator: start: %w", err)
	}
	s.listener, s.started = listener, s.now()
	s.active.Go(func() {
		// Serve only returns when Close has closed the listener.
		_ = s.http.Serve(listener)
	})
	return nil
}

// URL is the base address of the API and of IAM, such as
// http://127.0.0.1:40123; "" before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return "http://" + s.listener.Addr().String()
}

// Close stops listening, breaks every connection off, hanging ones too, and
// waits until no request is being answered any more.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	err := s.http.Close() // ends the contexts of the requests too
	idle := make(chan struct{})
	go func() {
		s.active.Wait()
		close(idle)
	}()
	select {
	case <-idle:
	case <-time.After(closingDeadline):
		return errors.Join(err, fmt.Errorf("simulator: close: requests still running after %v", closingDeadline))
	}
	if err != nil {
		return fmt.Errorf("simulator: close: %w", err)
	}
	return nil
}

// enter counts a request as active, unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.active.Add(1)
	}
	return !s.closed
}

// elapsed is the time since Start.
func (s *Server) elapsed() time.Duration { return s.now().Sub(s.startedAt()) }

// startedAt is the moment of Start.
func (s *Server) startedAt() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started
}

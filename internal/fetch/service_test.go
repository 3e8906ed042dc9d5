package fetch

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loggate/loggate/internal/build"
	"github.com/loggate/loggate/internal/simulator"
)

// newService starts a simulated CodeArts Build with one good build (testRef)
// and a forbidden one of number 6.
func newService(t *testing.T, o simulator.Options) *url.URL {
	t.Helper()
	log := "[2025/06/26 14:23:32.169 GMT+08:00] [INFO] hello\n"
	o.Builds = []simulator.Build{
		{JobID: testJob, Number: 7, Log: strings.NewReader(log), Branch: "main", Stages: []simulator.Stage{{Name: "Maven", Took: time.Second}}},
		{JobID: testJob, Number: 6, Log: strings.NewReader(log), Forbidden: true},
	}
	o.Auth = simulator.Auth{
		Keys:   []simulator.Key{{Access: "AKAK", Secret: "SKSK"}, {Access: "TKTK", Secret: "TSTS", SecurityToken: "st/+=x"}},
		Tokens: []string{"TOKEN"},
		OIDC:   &simulator.OIDC{Provider: "idp", IDTokens: []string{"IDTOKEN"}, Project: "cn-north-4"},
	}
	s, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	endpoint, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// TestTheSimulatorLetsUsIn asks for everything there is with every kind of
// credentials; the simulator was written apart from us, from the same facts.
func TestTheSimulatorLetsUsIn(t *testing.T) {
	endpoint := newService(t, simulator.Options{Readings: simulator.Readings{SignedHost: "required"}})
	for name, creds := range map[string]Credentials{
		"keys":           {AccessKey: "AKAK", SecretKey: "SKSK"},
		"temporary keys": {AccessKey: "TKTK", SecretKey: "TSTS", SecurityToken: "st/+=x"},
		"a token":        {AuthToken: "TOKEN"},
		"OIDC":           {OIDC: &OIDC{Provider: "idp", IDToken: "IDTOKEN", Project: "cn-north-4"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestClient(t, nil, func(o *Options) {
				o.Endpoint, o.IAMEndpoint, o.Credentials, o.ProjectID = endpoint, endpoint, creds, "p1"
			})
			page, err := c.Page(t.Context(), testRef, PageQuery{Sort: "AES"})
			if err != nil || page.HasMore || page.End != 49 || !strings.Contains(string(page.Log), "hello") {
				t.Errorf("page = %+v, %v", page, err)
			}
			info, err := c.BuildInfo(t.Context(), testRef)
			if err != nil || info.Building || info.Result != "SUCCESS" {
				t.Errorf("build-info = %+v, %v", info, err)
			}
			record, err := c.RecordInfo(t.Context(), testRef)
			if err != nil || record.Branch != "main" || record.StartTime == nil {
				t.Errorf("record-info = %+v, %v", record, err)
			}
			stages, err := c.FullStages(t.Context(), record.RecordID)
			if err != nil || len(stages) == 0 {
				t.Errorf("full-stages = %+v, %v", stages, err)
			}
			if _, err := c.RunningStatus(t.Context(), testJob); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheSimulatorsRefusals(t *testing.T) {
	for _, readings := range []simulator.Readings{
		{Errors: "flat"}, {Errors: "nested"}, {Errors: "fail-string"}, {Errors: "fail-object"}, {Missing: "400"},
	} {
		t.Run(readings.Errors+readings.Missing, func(t *testing.T) {
			endpoint := newService(t, simulator.Options{Readings: readings})
			c := newTestClient(t, nil, func(o *Options) {
				o.Endpoint, o.Credentials = endpoint, Credentials{AccessKey: "AKAK", SecretKey: "SKSK"}
			})
			_, err := c.Page(t.Context(), build.Ref{JobID: testJob, Number: 99}, PageQuery{})
			if !IsNotFound(err) {
				t.Errorf("a build that doesn't exist: %v", err)
			}
			_, err = c.Page(t.Context(), build.Ref{JobID: testJob, Number: 6}, PageQuery{})
			var refused *APIError
			if !errors.As(err, &refused) || refused.Code == "" || IsNotFound(err) {
				t.Errorf("a forbidden build: %v", err)
			}
		})
	}
}

// TestEveryFaultIsSurvived asks a service at which much goes wrong for one
// page again and again, by several builds at once.
func TestEveryFaultIsSurvived(t *testing.T) {
	var faults []simulator.Fault
	for _, kind := range simulator.KnownFaults() {
		fault := simulator.Fault{Kind: kind, Chance: 0.02, Delay: 20 * time.Millisecond}
		switch kind {
		case "429", "429-bare", "cb211": // each pauses everything for a second or more
			fault.Chance, fault.Nth, fault.Delay = 0, 40, 0
		case "cb100", "cb101", "502html", "reset", "cut", "cut-chunked", "badjson", "hang", "expired":
			fault.Delay = 0
		}
		faults = append(faults, fault)
	}
	endpoint := newService(t, simulator.Options{Faults: faults, Seed: 1})
	c := newTestClient(t, nil, func(o *Options) {
		o.Endpoint, o.IAMEndpoint = endpoint, endpoint
		o.Credentials = Credentials{OIDC: &OIDC{Provider: "idp", IDToken: "IDTOKEN", Project: "cn-north-4"}}
		o.RequestTimeout = 2 * time.Second
	})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				_, err := c.BuildInfo(t.Context(), testRef)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

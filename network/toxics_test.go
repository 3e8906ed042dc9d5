package network

import (
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/loggate/loggate/internal/simulator"
)

// through puts a Toxiproxy in front of a service and returns it with the
// address to ask.
func through(t *testing.T, server *simulator.Server, toxics ...string) (*toxiproxy.Proxy, string) {
	t.Helper()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(api, t.Name(), "127.0.0.1:0", strings.TrimPrefix(server.URL(), "http://"))
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	for _, toxic := range toxics {
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatalf("%s: %v", toxic, err)
		}
	}
	return proxy, "http://" + proxy.Listen
}

// Whatever a network does to connections, logs come out whole. The toxicity is
// the share of the connections that have the toxic.
func TestToxics(t *testing.T) {
	for name, toxics := range map[string][]string{
		"latency and jitter":       {`{"type":"latency","attributes":{"latency":150,"jitter":100}}`},
		"little bandwidth":         {`{"type":"bandwidth","attributes":{"rate":200}}`},
		"little bandwidth upwards": {`{"type":"bandwidth","stream":"upstream","attributes":{"rate":2}}`},
		"small, late pieces":       {`{"type":"slicer","attributes":{"average_size":4000,"size_variation":3900,"delay":1000}}`},
		"slow close":               {`{"type":"slow_close","attributes":{"delay":700}}`},
		"reset after a while":      {`{"type":"reset_peer","toxicity":0.6,"attributes":{"timeout":150}}`},
		"reset at once":            {`{"type":"reset_peer","toxicity":0.5,"attributes":{"timeout":0}}`},
		"reset of requests":        {`{"type":"reset_peer","stream":"upstream","toxicity":0.5,"attributes":{"timeout":100}}`},
		"nothing, then closed":     {`{"type":"timeout","toxicity":0.5,"attributes":{"timeout":500}}`},
		"closed within a body":     {`{"type":"limit_data","toxicity":0.7,"attributes":{"bytes":60000}}`},
		"closed within headers":    {`{"type":"limit_data","toxicity":0.5,"attributes":{"bytes":100}}`},
		"all at once": {`{"name":"a","type":"latency","attributes":{"latency":30,"jitter":30}}`, `{"name":"b","type":"bandwidth","attributes":{"rate":900}}`,
			`{"name":"c","type":"slicer","attributes":{"average_size":9000,"size_variation":8000,"delay":10}}`, `{"name":"d","type":"limit_data","toxicity":0.5,"attributes":{"bytes":150000}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			builds := someBuilds(3, 300_000)
			server := serve(t, builds, func(o *simulator.Options) { o.Readings.PageBytes = 50_000 })
			_, endpoint := through(t, server, toxics...)
			r := run(t, endpoint, builds, nil)
			r.expectWhole(t, builds)
			retries := int64(0)
			for _, b := range r.report(t).Builds {
				retries += b.Log.Retries + b.Log.Requests
			}
			t.Logf("%v, %d requests and retries", r.took.Round(time.Millisecond), retries)
		})
	}
}

// A service that goes away and comes back in the middle is waited for.
func TestServiceComesBack(t *testing.T) {
	t.Parallel()
	builds := someBuilds(3, 400_000)
	server := serve(t, builds, func(o *simulator.Options) {
		o.Readings.PageBytes = 20_000
		o.Faults = []simulator.Fault{{Kind: "latency", Delay: 50 * time.Millisecond}}
	})
	proxy, endpoint := through(t, server)
	went := make(chan struct{})
	go func() {
		defer close(went)
		for server.Stats().Pages[builds[0].JobID+":7"] < 5 {
			time.Sleep(10 * time.Millisecond)
		}
		listen := proxy.Listen
		proxy.Stop()
		time.Sleep(3 * time.Second)
		proxy.Listen = listen
		if err := proxy.Start(); err != nil {
			t.Error(err)
		}
	}()
	r := run(t, endpoint, builds, nil)
	<-went
	r.expectWhole(t, builds)
	if retries := r.report(t).Builds[0].Log.Retries; retries == 0 {
		t.Error("no retry was needed: the test shows nothing")
	}
}

// A network that stays broken ends the run as incomplete, with what there was.
func TestNetworkStaysBroken(t *testing.T) {
	t.Parallel()
	builds := someBuilds(1, 300_000)
	server := serve(t, builds, func(o *simulator.Options) { o.Readings.PageBytes = 20_000 })
	_, endpoint := through(t, server, `{"type":"limit_data","attributes":{"bytes":10000}}`)
	r := run(t, endpoint, builds, nil, "--timeout", "15s")
	r.expectRefused(t, "")
	if log := r.report(t).Builds[0].Log; log.Complete {
		t.Errorf("the log is %+v", log)
	}
}

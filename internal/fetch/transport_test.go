package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestGzip(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = io.WriteString(zip, goodPage)
	_ = zip.Close()
	service, _ := inTurn(t, answer(200, packed.String(), "Content-Encoding", "gzip"),
		answer(200, packed.String()[:packed.Len()-12], "Content-Encoding", "gzip"))
	c := newTestClient(t, service, nil)
	if page, err := c.Page(t.Context(), testRef, PageQuery{}); err != nil || page.End != 1030 {
		t.Errorf("page = %+v, %v", page, err)
	}
	var broken *BodyError
	if _, err := c.Page(t.Context(), testRef, PageQuery{}); !errors.As(err, &broken) {
		t.Errorf("cut gzip: %v", err)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	service, asked := inTurn(t, func(w http.ResponseWriter, _ *http.Request) {
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range maxAnswer>>20 + 1 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	c := newTestClient(t, service, nil)
	_, err := c.BuildInfo(t.Context(), testRef)
	if !errors.Is(err, errTooLarge) || !strings.Contains(err.Error(), "over 4 MiB") {
		t.Errorf("error %v", err)
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times for what is too large", asked.Load())
	}
	body := strings.Repeat("a", maxError+1)
	c = newTestClient(t, answer(404, body), nil)
	_, err = c.BuildInfo(t.Context(), testRef)
	if len(err.Error()) > 1000 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
	if page, err := readAll(strings.NewReader("12345"), 5); err != nil || string(page) != "12345" {
		t.Errorf("a body at its bound: %q, %v", page, err)
	}
	rest := strings.NewReader(strings.Repeat("a", 1000))
	if _, err := readAll(rest, 5); !errors.Is(err, errTooLarge) || rest.Len() != 994 {
		t.Errorf("beyond the bound %d bytes are left unread, %v", rest.Len(), err)
	}
}

func TestHangingServiceIsGivenUp(t *testing.T) {
	for name, hang := range map[string]func(w http.ResponseWriter){
		"before the answer": func(http.ResponseWriter) {},
		"within the body": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, goodPage[:20])
			w.(http.Flusher).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				hang(w)
				<-r.Context().Done()
			}, func(o *Options) { o.RequestTimeout, o.Attempts = 50*time.Millisecond, 3 })
			_, err := c.BuildInfo(t.Context(), testRef)
			var slow *timeoutError
			if !errors.As(err, &slow) || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no whole answer within 50ms") {
				t.Errorf("error %v", err)
			}
			if asked.Load() != 3 {
				t.Errorf("%d attempts, want 3", asked.Load())
			}
		})
	}
}

func TestCancelEndsAtOnce(t *testing.T) {
	hanging := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, service := range map[string]http.HandlerFunc{
		"while asking":  hanging,
		"while waiting": answer(429, "", "Retry-After", "60"),
		"in the body": func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTestClient(t, service, nil)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			begin := time.Now()
			_, err := c.Page(ctx, testRef, PageQuery{})
			if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "fetch page at offset 0 of build api:7: ") {
				t.Errorf("error %v", err)
			}
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestRedirects(t *testing.T) {
	var leaked atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Store(true) }))
	defer other.Close()
	service, asked := inTurn(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/x?secret", http.StatusFound)
	})
	c := newTestClient(t, service, nil)
	_, err := c.BuildInfo(t.Context(), testRef)
	if err == nil || !strings.Contains(err.Error(), "redirects to "+other.URL+", another host") || asked.Load() != 1 || leaked.Load() {
		t.Errorf("error %v after %d requests, leaked %v", err, asked.Load(), leaked.Load())
	}

	var signatures []string
	c = newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
		signatures = append(signatures, r.Header.Get("Authorization"))
		if r.URL.Path != "/moved" {
			http.Redirect(w, r, "/moved", http.StatusTemporaryRedirect)
			return
		}
		answer(200, goodInfo)(w, r)
	}, nil)
	if _, err := c.BuildInfo(t.Context(), testRef); err != nil {
		t.Fatal(err)
	}
	if len(signatures) != 2 || signatures[0] == signatures[1] {
		t.Errorf("signatures %v", signatures)
	}

	service, asked = inTurn(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	c = newTestClient(t, service, nil)
	if _, err := c.BuildInfo(t.Context(), testRef); err == nil || asked.Load() != maxRedirects+1 {
		t.Errorf("error %v after %d requests", err, asked.Load())
	}
}

func TestWrongCertificateIsFinal(t *testing.T) {
	var asked atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	endpoint, _ := url.Parse(server.URL)
	c := newTestClient(t, nil, func(o *Options) { o.Endpoint = endpoint })
	var tally Tally
	_, err := c.BuildInfo(WithTally(t.Context(), &tally), testRef)
	if err == nil || !strings.Contains(err.Error(), "certificate authority") || tally.Requests.Load() != 1 {
		t.Errorf("error %v after %d requests", err, tally.Requests.Load())
	}
}

func TestUnreachableService(t *testing.T) {
	server := httptest.NewServer(nil)
	endpoint, _ := url.Parse(server.URL)
	server.Close()
	c := newTestClient(t, nil, func(o *Options) { o.Endpoint, o.Attempts = endpoint, 2 })
	_, err := c.BuildInfo(t.Context(), testRef)
	if err == nil || !strings.Contains(err.Error(), "get the status of build api:7: no answer in 2 attempts: ") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error %v", err)
	}
}

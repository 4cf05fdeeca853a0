package weights

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// server is a file server whose answers a test can spoil.
type server struct {
	*httptest.Server
	content []byte
	tag     string

	mu       sync.Mutex
	requests []string                                          // the Range headers
	sent     int                                               // bytes of bodies
	spoil    func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
}

func newServer(t *testing.T, content []byte) *server {
	t.Helper()
	s := &server{content: content, tag: `"v1"`}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Header.Get("Range"))
	spoil, content, tag := s.spoil, s.content, s.tag
	s.mu.Unlock()
	w = &counting{w, s}
	if spoil != nil && spoil(w, r) {
		return
	}
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

type counting struct {
	http.ResponseWriter
	server *server
}

func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *counting) Write(data []byte) (int, error) {
	n, err := c.ResponseWriter.Write(data)
	c.server.mu.Lock()
	c.server.sent += n
	c.server.mu.Unlock()
	return n, err
}

func (s *server) set(spoil func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil, s.requests, s.sent = spoil, nil, 0
}

// log returns the requests and the bytes sent since the last set.
func (s *server) log() ([]string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...), s.sent
}

// withoutRanges answers with the whole file whatever is asked for.
func (s *server) withoutRanges(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Length", strconv.Itoa(len(s.content)))
	w.Write(s.content)
	return true
}

// breaking serves ranges but resets every connection after so many bytes of a body that begins behind the header.
func (s *server) breaking(after int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") == "bytes=0-65535" {
			return false
		}
		w.Header().Set("ETag", s.tag)
		http.ServeContent(&breaker{ResponseWriter: w, left: after}, r, "", time.Time{}, bytes.NewReader(s.content))
		return true
	}
}

type breaker struct {
	http.ResponseWriter
	left int
}

func (b *breaker) Write(data []byte) (int, error) {
	if len(data) >= b.left {
		b.ResponseWriter.Write(data[:b.left])
		http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler) // closes the connection in the middle of the body
	}
	b.left -= len(data)
	return b.ResponseWriter.Write(data)
}

// patience is for a machine that does much else.
const patience = time.Minute

// testOptions are options with a cache of their own, an empty environment, and these sources.
func testOptions(cache string, sources ...Remote) Options {
	options := Default()
	options.CacheDir = cache
	options.Sources = sources
	options.AnswerTimeout = patience
	options.StallTimeout = patience
	options.Retries = 0
	options.Getenv = func(string) string { return "" }
	return options
}

func mustLoad(t *testing.T, options Options) *Loaded {
	t.Helper()
	loaded, err := Load(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

package weights

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits on a download. The whole file has 575 MB, its convolutions 80 MB.
const (
	maxWhole = 1 << 30
	maxConvs = 256 << 20
)

// client asks for files and gives up on servers that don't answer or stand still.
type client struct {
	http          *http.Client
	answer, stall time.Duration
	login         url.URL // its user is sent to its host only
}

// newClient makes a client; a duration of 0 sets no limit.
func newClient(answer, stall time.Duration) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // byte ranges and sizes are those of the file itself
	transport.DisableKeepAlives = true  // net/http prints what a server sends after its answer
	return &client{
		http:   &http.Client{Transport: transport, CheckRedirect: checkRedirect},
		answer: cmp.Or(answer, math.MaxInt64),
		stall:  cmp.Or(stall, math.MaxInt64),
	}
}

func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than 10 redirects")
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errors.New("redirects from https to " + req.URL.Scheme)
	}
	return nil
}

// httpRange is a part of a remote file. to is the first byte after it, 0 for everything from from on.
type httpRange struct{ from, to int64 }

func (r httpRange) header() string {
	if r.to == 0 {
		return fmt.Sprintf("bytes=%d-", r.from)
	}
	return fmt.Sprintf("bytes=%d-%d", r.from, r.to-1)
}

// answer is a server's reply to a request for a range.
type answer struct {
	body    io.ReadCloser
	partial bool   // the body is the range asked for, otherwise the whole file
	tag     string // what the file can be recognized by later, may be empty
	size    int64  // of the whole file, -1 if unknown
}

// get asks for a range of a file; tag, if any, must still be its tag for that.
func (c *client) get(ctx context.Context, address string, wanted httpRange, tag string) (*answer, error) {
	header := http.Header{"Range": {wanted.header()}}
	if tag != "" {
		header.Set("If-Range", tag)
	}
	response, err := c.do(ctx, address, header)
	if err != nil {
		return nil, err
	}
	reply, err := readAnswer(response, wanted)
	if err != nil {
		response.Body.Close()
	}
	return reply, err
}

// do sends a request. The body of its response ends with an error when nothing comes for too long.
func (c *client) do(ctx context.Context, address string, header http.Header) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header = header
	request.Header.Set("User-Agent", "stylebook")
	if c.login.User != nil && request.URL.Host == c.login.Host && request.URL.Scheme == c.login.Scheme {
		password, _ := c.login.User.Password()
		request.SetBasicAuth(c.login.User.Username(), password)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(c.answer, func() { cancel(fmt.Errorf("no answer within %v", c.answer.Round(time.Millisecond))) })
	response, err := c.http.Do(request.WithContext(ctx))
	timer.Stop()
	if err != nil {
		defer cancel(nil)
		return nil, causeOf(ctx, err)
	}
	response.Body = &watchedBody{body: response.Body, ctx: ctx, cancel: cancel, stall: c.stall}
	return response, nil
}

// causeOf says why a request ended, without the address that its caller adds.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if wrapped, is := errors.AsType[*url.Error](err); is {
		return wrapped.Err
	}
	return err
}

func readAnswer(response *http.Response, wanted httpRange) (*answer, error) {
	body := bufio.NewReader(response.Body)
	reply := &answer{tag: tagOf(response.Header), size: response.ContentLength}
	reply.body = struct {
		io.Reader
		io.Closer
	}{body, response.Body}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		reply.partial = true
		var err error
		if reply.size, err = contentRange(response.Header.Get("Content-Range"), wanted); err != nil {
			return nil, err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return nil, errChanged
	default:
		return nil, fmt.Errorf("HTTP %s", response.Status)
	}
	isHTML := strings.HasPrefix(response.Header.Get("Content-Type"), "text/html")
	if !isHTML && wanted.from == 0 {
		head, _ := body.Peek(512) // what is wrong with the body is told by who reads it
		isHTML = looksLikeHTML(head)
	}
	if isHTML {
		return nil, errors.New("sent an HTML page instead of weights (a login page or a proxy?)")
	}
	return reply, nil
}

// errChanged is also the answer to a range that begins behind the file's end.
var errChanged = errors.New("the file changed on the server, or the server stopped serving ranges")

// tagOf returns what If-Range accepts: a strong ETag, otherwise the date of the last change.
func tagOf(header http.Header) string {
	if tag := header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return header.Get("Last-Modified")
}

// contentRange checks that a header such as "bytes 0-9/100" begins where it was asked for and ends no later, and
// returns the size of the whole file.
func contentRange(header string, wanted httpRange) (size int64, err error) {
	var from, last int64
	if _, err := fmt.Sscanf(header, "bytes %d-%d/%d", &from, &last, &size); err != nil {
		return 0, fmt.Errorf("sent an unusable Content-Range %q", header)
	}
	if from != wanted.from || last < from || last >= size || (wanted.to > 0 && last >= wanted.to) {
		return 0, fmt.Errorf("sent another range (%s) than it was asked for (%s)", header, wanted.header())
	}
	return size, nil
}

// watchedBody is a response body that ends with an error when hardly anything comes for too long.
type watchedBody struct {
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  time.Duration
	got    int           // bytes, of the next dripBytes
	waited time.Duration // for them
}

// dripBytes is what must come within a stall's time: less is a server that keeps a reader waiting for ever, byte by byte.
const dripBytes = 16 << 10

func (b *watchedBody) Read(buffer []byte) (int, error) {
	start := time.Now()
	timer := time.AfterFunc(b.stall-b.waited, func() { b.cancel(fmt.Errorf("stood still for %v, or nearly", b.stall)) })
	defer timer.Stop()
	n, err := b.body.Read(buffer)
	b.waited += time.Since(start)
	if b.got += n; b.got >= dripBytes {
		b.got, b.waited = 0, 0
	}
	if err != nil && err != io.EOF {
		err = causeOf(b.ctx, err)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.cancel(nil)
	return b.body.Close()
}

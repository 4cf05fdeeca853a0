// Package fetch asks servers for files, and gives up on those that don't answer or stand still.
package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"time"
)

// Client asks for files.
type Client struct {
	HTTP  *http.Client // its transport, an *[http.Transport], is nobody else's
	Login url.URL      // its user is sent to its host only

	answer, stall time.Duration
}

// New makes a client. answer is how long a server may take until it answers, stall how long its body may bring hardly anything; 0
// sets no limit. At most ten redirects are followed, and none from https to another scheme.
func New(answer, stall time.Duration) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true // byte ranges and sizes are those of the file itself
	transport.DisableKeepAlives = true  // net/http prints what a server sends after its answer
	return &Client{
		HTTP:   &http.Client{Transport: transport, CheckRedirect: checkRedirect},
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

// Do asks for a file. The body of its response ends with an error when nothing comes for too long.
func (c *Client) Do(ctx context.Context, address string, header http.Header) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header = header
	request.Header.Set("User-Agent", "stylebook")
	if c.Login.User != nil && request.URL.Host == c.Login.Host && request.URL.Scheme == c.Login.Scheme {
		password, _ := c.Login.User.Password()
		request.SetBasicAuth(c.Login.User.Username(), password)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(c.answer, func() { cancel(fmt.Errorf("no answer within %v", c.answer.Round(time.Millisecond))) })
	response, err := c.HTTP.Do(request.WithContext(ctx))
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

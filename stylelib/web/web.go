// Package web is a page in the browser that starts trainings, watches them and shows earlier ones. It is for the person at this
// machine alone: it listens on 127.0.0.1, and who has not its address with the token gets nothing.
//
// A [Page] hands on a request of the options that the table has for it; rules and bounds are the request's.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
)

// Paint paints one picture and tells the job how far it is. It ends soon after its context, and keeps the picture so far.
type Paint func(ctx context.Context, job *Job) error

// Page is one page; [Page.Serve] shows it.
type Page struct {
	Store  *runs.Store
	Engine string // what computes, one line

	// Start checks a request, whose pictures are uploads that will be in the run's folder once it has begun, and returns how to paint
	// with them.
	Start func(r request.Request, uploads []string) (Paint, error)

	// Resume returns how to continue a run.
	Resume func(run runs.Summary) (Paint, error)

	token    string
	runner   runner
	starting chan struct{} // holds one while pictures are uploaded
	decoding sync.Mutex    // of photographs to look at: one takes memory enough
}

// Listen opens a port of this machine for pages of its own programs; 0 takes a free one.
func Listen(port int) (net.Listener, error) {
	if port < 0 || port > 65535 {
		return nil, fmt.Errorf("port %d: choose 1 to 65535, or 0 for a free one", port)
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("port %d can't be opened: %w: choose another, or 0 for a free one", port, err)
	}
	return listener, nil
}

// Serve shows the page until ctx ends, and then returns how the job that it ended was saved; nil if there was none. first, if not
// nil, is a job to begin with; if that fails, Serve ends with its error. say gets the address.
func (p *Page) Serve(ctx context.Context, listener net.Listener, first Paint, say func(address string)) error {
	p.prepare()
	dropUploads(p.Store.Dir())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.runner.ctx = ctx
	server := &http.Server{Handler: p.handler(), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 1 << 16,
		ErrorLog: log.New(io.Discard, "", 0)}
	go func() { cancel(server.Serve(listener)) }()
	say(fmt.Sprintf("http://%s/%s/", listener.Addr(), p.token))
	if first != nil {
		p.runner.begin(first, func(err error) {
			if err != nil && !p.runner.stopped() {
				cancel(err)
			}
		})
	}
	<-ctx.Done()
	err := p.runner.close()
	last, done := context.WithTimeout(context.Background(), time.Second)
	defer done()
	if server.Shutdown(last) != nil {
		_ = server.Close()
	}
	if cause := context.Cause(ctx); err == nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

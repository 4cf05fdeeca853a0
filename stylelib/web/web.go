// Package web is a page in the browser that starts trainings, watches them and keeps a gallery of them. It is for the person at this
// machine alone: it listens on 127.0.0.1, and who has not its address with the token gets nothing.
//
// A [Page] hands on a request of the options that the table has for it; rules and bounds are the request's. In static are the page, its scripts
// (page.js sends and watches, gallery.js shows what there is, curves.js draws losses) and small pictures, which scripts/author/examples makes.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"stylebook/stylelib/queue"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
)

// Page is one page; [Page.Serve] shows it.
type Page struct {
	Store  *runs.Store
	Engine string // what computes, one line

	// Behind is the address, or the path alone, under which a proxy on this machine shows the page; nil: none does. Its path ends
	// with a slash. A proxy that hands on the name that the browser asked for needs the address.
	Behind *url.URL

	// Start checks a request, whose pictures are uploads that will be in the run's folder once it has begun, and returns how to paint
	// with them. A preview is not kept.
	Start func(r request.Request, uploads []string, preview bool) (queue.Paint, error)

	// Foresee tells what a request for pictures takes of which only the sizes are known. It may take a second.
	Foresee func(ctx context.Context, r request.Request, pictures transfer.Pictures) (transfer.Forecast, error)

	// Resume returns how to continue a run.
	Resume func(run runs.Summary) (queue.Paint, error)

	token      string
	queue      *queue.Queue
	starting   chan struct{} // holds one while pictures are uploaded
	foreseeing chan struct{} // holds one while an estimate is made
	drawing    sync.Mutex    // held while a small picture is made
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
func (p *Page) Serve(ctx context.Context, listener net.Listener, first queue.Paint, say func(address string)) error {
	p.prepare()
	dropUploads(p.Store.Dir())
	if err := p.Store.Purge(time.Now().Add(-forsaken)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.queue = queue.New(ctx)
	server := &http.Server{Handler: p.handler(), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 1 << 16,
		ErrorLog: log.New(io.Discard, "", 0)}
	go func() { cancel(server.Serve(listener)) }()
	say(p.address(listener.Addr()))
	if first != nil {
		_ = p.queue.Add(queue.Task{Paint: first, Done: func(err error) { // nothing else is there yet
			if err != nil {
				cancel(err)
			}
		}})
	}
	<-ctx.Done()
	err := errors.Join(p.queue.Close(), p.Store.Purge(time.Now()))
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

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/queue"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/web"
	"stylebook/stylelib/weights"
)

const webHelp = `stylize web shows a page on 127.0.0.1 in which pictures are dropped, options chosen, trainings watched, stopped and resumed, and
pictures named, found, seen large, compared, deleted and painted again. With a brush regions are marked, and places that keep their
colours. What is started while another is painted waits. Its address has a token, which
keeps others on this machine out. Ctrl-C ends it, keeps the picture that is being painted, and removes what was deleted.

  stylize web                       the page
  stylize web -content … -out …     with a picture that is painted at once: all options of stylize -help may be given
  stylize web -resume RUN           with a run that goes on

  -port port
    	of the page; 0: a free one
  -base-path path or address
    	where a proxy on this machine, such as JupyterHub's, shows the page: https://hub.example.org/user/me/proxy/8000/

`

// web shows the page, with a picture that is painted at once where one is asked for, or a run that goes on.
func (c *command) web(ctx context.Context, args []string) error {
	asked := request.Request{}
	flags, wrong := asked.Flags("web", request.OfPictures(), c.own...)
	port := flags.Int("port", 0, "")
	base := flags.String("base-path", "", "")
	run := flags.String("resume", "", "")
	s, err := c.read(flags, wrong, asked, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(c.stdout, webHelp)
	}
	if err != nil {
		return err
	}
	if s.Network != "" {
		return &usageError{errors.New("web: what a network paints is there at once: leave -network out")}
	}
	if s.Runs == runsOff {
		return &usageError{errors.New("web: the page shows runs that are kept: leave -runs off out")}
	}
	behind, err := behindOf(*base)
	if err != nil {
		return &usageError{err}
	}
	listener, err := web.Listen(*port)
	if err != nil {
		return &usageError{fmt.Errorf("-%w", err)}
	}
	return withStore(s.Runs, func(store *runs.Store) error {
		first, err := c.first(s, asked, *run, store)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		e, err := c.beginWeb(s, first)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer e.Close()
		return c.serve(ctx, e, s, first, listener, &web.Page{Store: store, Engine: e.Name, Behind: behind})
	})
}

// behindOf reads where a proxy shows the page: an address, or a path, where the proxy asks for this machine by its own name; nil for none.
func behindOf(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	behind, err := url.Parse(text)
	web := err == nil && (behind.Scheme == "http" || behind.Scheme == "https") && behind.Host != ""
	path := err == nil && behind.Scheme == "" && behind.Host == "" && strings.HasPrefix(text, "/")
	if !web && !path || behind.RawQuery != "" || behind.Fragment != "" || behind.User != nil {
		return nil, fmt.Errorf("-base-path: %q is neither a path such as /user/me/proxy/8000/ nor an address such as https://hub.example.org/user/me/proxy/8000/", text)
	}
	behind.Path = strings.TrimSuffix(behind.Path, "/") + "/"
	return behind, nil
}

// first is what the page begins with: a run that goes on, a new picture, or nil.
func (c *command) first(s *settings, asked request.Request, run string, store *runs.Store) (first *settings, err error) {
	switch {
	case run != "":
		for _, o := range request.Table() {
			if asked.Given(o.Name) && !o.GoesOn() {
				return nil, &usageError{ofTheRun(o)}
			}
		}
		first, err = c.resumed(run, s.Settings, store)
	case asked.Given("content") || asked.Given("style") || asked.Given("out"):
		if err := asked.Require("content", "style", "out"); err != nil {
			return nil, &usageError{err}
		}
		if pictures, _, err := s.contents(); err != nil || pictures != nil {
			return nil, &usageError{errors.New("web: is for one picture: give one -content")}
		}
		first = s
	default:
		return nil, nil
	}
	if err == nil {
		err = first.checkOutputs(store)
	}
	return first, err
}

// beginWeb opens the engine, and says what the page begins with.
func (c *command) beginWeb(s, first *settings) (*engine.Engine, error) {
	if first != nil {
		return c.begin(first)
	}
	e, err := engine.Open(s.Backend)
	if err == nil {
		c.say(s.Quiet, "engine   %s", e)
	}
	return e, err
}

// serve shows the page until ctx ends, or the first job, if there is one, fails. What its trainings have in common is kept.
func (c *command) serve(ctx context.Context, e *engine.Engine, s, job *settings, listener net.Listener, page *web.Page) error {
	store, cache := page.Store, transfer.NewCache(e.Backend)
	defer cache.Close()
	painting := func(one *settings) queue.Paint {
		one.Cache = cache
		return c.painting(ctx, e, one, store)
	}
	var first queue.Paint
	if job != nil {
		first = painting(job)
	}
	page.Start = func(r request.Request, uploads []string, preview bool) (queue.Paint, error) {
		one, err := c.settings(r)
		if err != nil {
			return nil, err
		}
		one.Quiet, one.Memory, one.uploads = true, s.Memory, uploads
		if preview {
			if network := networkLike(one.Styles); network != nil {
				return c.atOnce(e, one, network), nil
			}
			one.Cache = cache
			return c.painting(ctx, e, one, nil), nil
		}
		return painting(one), nil
	}
	page.Foresee = func(ctx context.Context, r request.Request, pictures transfer.Pictures) (transfer.Forecast, error) {
		resolved, err := r.Settings(c.own...)
		if err != nil {
			return transfer.Forecast{}, err
		}
		resolved.Cache, resolved.Memory = cache, 0
		return transfer.Foresee(ctx, e.Backend, resolved.Request.With(pictures))
	}
	page.Resume = func(run runs.Summary) (queue.Paint, error) {
		of := *s.Settings
		of.Quiet, of.CheckpointEvery = true, request.CheckpointEvery
		one, err := c.resumed(run.ID, &of, store)
		if err == nil {
			err = one.checkOutputs(store)
		}
		if err != nil {
			return nil, err
		}
		return painting(one), nil
	}
	return page.Serve(ctx, listener, first, func(address string) { c.tell("page     %s", address) })
}

// painting makes a picture that a page watches. That it was stopped there is told here.
func (c *command) painting(page context.Context, e *engine.Engine, s *settings, store *runs.Store) queue.Paint {
	return func(ctx context.Context, job *queue.Job) (err error) {
		s.watch = job
		s.Say = func(line string) { c.sayOf(s, "%s", line) }
		if s.Weights.Progress == nil {
			s.Weights.Progress = downloadLines(job.Say)
		}
		defer c.unsaved.Store(false)
		if err = c.paintOn(ctx, e, s, store); err != nil && ctx.Err() != nil && page.Err() == nil {
			c.tell("page     %v", err)
		}
		return err
	}
}

// downloadLines says how far a download is, in tenths.
func downloadLines(say func(string)) func(weights.Progress) {
	told := int64(-1)
	return func(p weights.Progress) {
		if p.Total <= 0 || p.Done*10/p.Total == told {
			return
		}
		told = p.Done * 10 / p.Total
		say(fmt.Sprintf("download %d0 %%", told))
	}
}

// sayOf tells the user and the page something about a run.
func (c *command) sayOf(s *settings, format string, args ...any) {
	c.say(s.Quiet, format, args...)
	if s.watch != nil {
		s.watch.Say(fmt.Sprintf(format, args...))
	}
}

// What a page has to turn back to: so many pictures of a training beside the first and the last, JPEGs of so many pixels at most in
// height and width.
const (
	pageFrames  = 24
	pageSide    = 480
	pageQuality = 80
)

// tellPage tells the page of an epoch.
func (j *job) tellPage(r sl.Record, left time.Duration) error {
	if j.watch == nil {
		return nil
	}
	return j.watch.Epoch(r, left, func() (image.Image, error) { return j.Picture(r.Image, 8) })
}

// adopt takes the uploads into the run's folder, so that it can be resumed.
func (j *job) adopt() error {
	j.asked = j.asked.Moved(func(path string) string {
		if slices.Contains(j.uploads, path) {
			return j.run.Inside(path)
		}
		return path
	})
	return j.run.Adopt(j.uploads, j.asked)
}

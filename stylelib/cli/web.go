package cli

import (
	"context"
	"fmt"
	"image"
	"io"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/pathlist"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/web"
	"stylebook/stylelib/weights"
)

const webHelp = `stylize web shows a page on 127.0.0.1 in which two pictures are dropped, options chosen, trainings watched, stopped and resumed, and
earlier runs compared. Its address has a token, which keeps others on this machine out. Ctrl-C ends it, and keeps the picture
that is being painted.

`

// web shows the page without a job.
func (c *command) web(ctx context.Context, args []string) error {
	s := c.settings()
	flags := newFlags("web")
	flags.IntVar(&s.port, "port", 0, "`port` of the page; 0: a free one")
	flags.StringVar(&s.runs, "runs", "", "`folder` of the runs")
	flags.StringVar(&s.backend, "backend", "", "`engine`: xla:cpu, xla:cuda or go")
	flags.StringVar(&s.memory, "memory", "", "memory that a run may take, such as `4GB` (default: what is free)")
	flags.BoolVar(&s.quiet, "quiet", false, "print the page's address and errors only")
	if _, err := parseFlags(flags, args, webHelp, c.stdout); err != nil {
		return err
	}
	if err := s.readMemory(); err != nil {
		return &usageError{err}
	}
	return withStore(s.runs, func(store *runs.Store) error {
		e, err := engine.Open(s.backend)
		if err != nil {
			return err
		}
		defer e.Close()
		c.say(s.quiet, "engine   %s", e)
		return c.serve(ctx, e, s, store, nil)
	})
}

// paintBeside makes the picture while a page watches, and then stays for more.
func (c *command) paintBeside(ctx context.Context, e *engine.Engine, s *settings, store *runs.Store) error {
	return c.serve(ctx, e, s, store, s)
}

// serve shows the page until ctx ends, or the first job, if there is one, fails. What its trainings have in common is kept.
func (c *command) serve(ctx context.Context, e *engine.Engine, s *settings, store *runs.Store, job *settings) error {
	cache := transfer.NewCache(e.Backend)
	defer cache.Close()
	painting := func(s *settings) web.Paint {
		s.request.Cache = cache
		return c.painting(ctx, e, s, store)
	}
	var first web.Paint
	if job != nil {
		first = painting(job)
	}
	listener, err := web.Listen(s.port)
	if err != nil {
		return &usageError{fmt.Errorf("-%w", err)}
	}
	page := &web.Page{
		Store: store, Engine: e.String(),
		Start: func(arguments []string, content, style string) (web.Paint, error) {
			one := c.settings()
			one.kept = true
			pictures := []string{"-content=" + content, "-style=" + pathlist.Join([]string{style})}
			if err := one.parse(append(pictures, arguments...), io.Discard); err != nil {
				return nil, err
			}
			one.quiet, one.request.Memory, one.uploads = true, s.request.Memory, []string{content, style}
			return painting(one), nil
		},
		Resume: func(run runs.Summary) (web.Paint, error) {
			asked := c.settings()
			asked.resume, asked.quiet, asked.checkpointEvery, asked.request.Memory = run.ID, true, checkpointEvery, s.request.Memory
			one, err := c.resumed(asked, store)
			if err == nil {
				err = one.checkOutputs(store)
			}
			if err != nil {
				return nil, err
			}
			return painting(one), nil
		},
	}
	return page.Serve(ctx, listener, first, func(address string) { c.tell("page     %s", address) })
}

// painting makes a picture that a page watches. That it was stopped there is told here.
func (c *command) painting(page context.Context, e *engine.Engine, s *settings, store *runs.Store) web.Paint {
	return func(ctx context.Context, job *web.Job) (err error) {
		s.watch = job
		s.request.Say = func(line string) { c.sayOf(s, "%s", line) }
		if s.request.Weights.Progress == nil {
			s.request.Weights.Progress = downloadLines(job.Say)
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
	c.say(s.quiet, format, args...)
	if s.watch != nil {
		s.watch.Say(fmt.Sprintf(format, args...))
	}
}

// tellPage tells the page of an epoch.
func (j *job) tellPage(r sl.Record, left time.Duration) error {
	if j.watch == nil {
		return nil
	}
	return j.watch.Epoch(r, left, func() (image.Image, error) { return j.Picture(r.Image, 8) })
}

// adopt takes the uploads into the run's folder, so that it can be resumed.
func (j *job) adopt() error {
	moved := map[string]string{}
	for _, path := range j.uploads {
		moved[path] = j.run.Inside(path)
	}
	arguments := make([]string, len(j.arguments))
	for i, argument := range j.arguments {
		name, value, _ := strings.Cut(argument, "=")
		switch name {
		case "-content":
			value = moved[value]
		case "-style":
			value = pathlist.Join([]string{moved[j.uploads[1]]})
		}
		arguments[i] = name + "=" + value
	}
	return j.run.Adopt(j.uploads, arguments)
}

// readMemory takes the amount that -memory names.
func (s *settings) readMemory() (err error) {
	if s.memory != "" {
		if s.request.Memory, err = transfer.ParseMemory(s.memory); err != nil {
			err = fmt.Errorf("-%w", err)
		}
	}
	return err
}

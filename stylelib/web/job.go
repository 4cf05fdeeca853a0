package web

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"sync"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
)

// Phases of a job.
const (
	idle      = "idle"
	preparing = "preparing"
	painting  = "painting"
	stopping  = "stopping"
	finished  = "finished"
	stopped   = "stopped"
	failed    = "failed"
)

// errBusy refuses a second job.
var errBusy = errors.New("a picture is being painted: stop it, or wait until it is finished")

// runner does one job at a time.
type runner struct {
	ctx     context.Context // of the page
	state   state
	mu      sync.Mutex
	stop    context.CancelFunc // of the job; nil: there is none
	err     error              // how it ended
	wait    sync.WaitGroup
	closing bool
}

// begin starts a job, unless there is one; done is told how it ended.
func (p *runner) begin(paint Paint, done func(error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil || p.closing {
		return errBusy
	}
	var ctx context.Context
	ctx, p.stop = context.WithCancel(p.ctx)
	p.err = nil
	p.state.restart()
	p.wait.Go(func() {
		err := paint(ctx, &Job{state: &p.state})
		stoppedHere := ctx.Err() != nil
		p.state.end(err, stoppedHere)
		p.mu.Lock()
		p.stop()
		p.stop = nil
		if p.ctx.Err() != nil {
			p.err = err
		}
		p.mu.Unlock()
		done(err)
	})
	return nil
}

// busy says whether there is a job.
func (p *runner) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stop != nil
}

// end stops the job, if there is one.
func (p *runner) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		p.state.phase(stopping)
		p.stop()
	}
}

// stopped says whether the latest job was stopped.
func (p *runner) stopped() bool {
	p.state.mu.Lock()
	defer p.state.mu.Unlock()
	return p.state.Phase == stopped
}

// close waits for the job that the end of the page has stopped, and for those who watch to be told.
func (p *runner) close() error {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.wait.Wait()
	p.state.close()
	return p.err
}

// Job is told how far a training is; it tells all that watch.
type Job struct{ state *state }

// Say shows a line.
func (j *Job) Say(line string) { j.state.say(line) }

// Begin tells that the training begins: the run, the size in pixels, its epochs, and those that earlier sessions did.
func (j *Job) Begin(run string, height, width, epochs int, earlier []sl.Record) {
	j.state.change(func(b *state) {
		b.Phase, b.Run, b.Height, b.Width, b.Epochs = painting, run, height, width, epochs
		for _, r := range earlier {
			b.add(r)
		}
	})
}

// Between two pictures is at least this time, and so many times as long as one takes to make.
const (
	pictureEvery = 500 * time.Millisecond
	pictureRest  = 20
)

// Epoch tells of an epoch, and for how long the others will take, 0 where that is not known yet. picture makes the picture so far;
// it is called where somebody watches.
func (j *Job) Epoch(r sl.Record, left time.Duration, picture func() (image.Image, error)) error {
	b, begin := j.state, time.Now()
	var file []byte
	if b.wantsPicture(begin) {
		drawn, err := picture()
		if err != nil {
			return err
		}
		var buffer bytes.Buffer
		if err := jpeg.Encode(&buffer, drawn, &jpeg.Options{Quality: 90}); err != nil {
			return err
		}
		file = buffer.Bytes()
	}
	b.change(func(b *state) {
		b.Left = left.Seconds()
		r.Image = nil // valid during the callback only
		b.add(r)
		if file != nil {
			b.picture = file
			b.pictures++
			b.Picture = b.pictures
			b.next = time.Now().Add(max(pictureEvery, pictureRest*time.Since(begin)))
		}
	})
	return nil
}

// restart clears the state for a new job.
func (b *state) restart() {
	b.change(func(b *state) {
		b.progress = progress{Phase: preparing}
		b.records, b.picture, b.next, b.stride = nil, nil, time.Time{}, 1
		b.generation++
	})
}

// end says how the job ended.
func (b *state) end(err error, stoppedHere bool) {
	b.change(func(b *state) {
		b.Left = 0
		switch {
		case err == nil:
			b.Phase = finished
		case stoppedHere:
			b.Phase = stopped
		default:
			b.Phase, b.Error = failed, oneline.Short(oneline.First(err))
		}
	})
}

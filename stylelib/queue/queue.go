// Package queue paints one picture after another, and tells who watches how far each is.
//
//	q := queue.New(ctx)
//	err := q.Add(queue.Task{Title: "a lake", Paint: paint, Done: func(error) {}})
//	err = q.Close() // after the context's end
package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
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

// MaxWaiting is how many tasks can wait behind the job.
const MaxWaiting = 20

const maxBytes = 1 << 30 // of the pictures that wait

// Why a task is not taken.
var (
	ErrFull  = fmt.Errorf("as many pictures wait as may, %d: remove one, or wait until one is finished", MaxWaiting)
	ErrEnded = errors.New("the page has ended")
)

// Paint paints one picture and tells the job how far it is. It ends soon after its context, and keeps the picture so far.
type Paint func(ctx context.Context, job *Job) error

// Task is a picture to paint.
type Task struct {
	Title   string
	Preview bool  // it is not kept, and comes before others that wait
	Bytes   int64 // of its pictures
	Paint   Paint
	Done    func(error) // is told how it ended; nil: it was stopped, too

	id int
}

// Waiting is a task that waits.
type Waiting struct {
	ID    int    `json:"id"`
	Title string `json:"title"`
}

// Queue does one task after another. Its methods may be called at once.
type Queue struct {
	ctx     context.Context
	state   state
	mu      sync.Mutex
	stop    context.CancelFunc // of the job; nil: there is none
	waiting []Task
	tasks   int   // so far
	err     error // how the job ended that the context's end stopped
	wait    sync.WaitGroup
	closing bool
}

// New returns a queue whose jobs end with ctx.
func New(ctx context.Context) *Queue {
	q := &Queue{ctx: ctx}
	q.state.changed = make(chan struct{})
	q.state.Phase = idle
	return q
}

// Add begins a task, or lets it wait for the others; a preview for the job only. The error is [ErrFull] or [ErrEnded].
func (q *Queue) Add(t Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	bytes := t.Bytes
	for _, other := range q.waiting {
		bytes += other.Bytes
	}
	switch {
	case q.closing:
		return ErrEnded
	case len(q.waiting) >= MaxWaiting || len(q.waiting) > 0 && bytes > maxBytes:
		return ErrFull
	}
	q.tasks++
	t.id = q.tasks
	switch {
	case q.stop == nil:
		q.state.change(func(b *state) { b.Missed = nil })
		q.begin(t)
	case t.Preview:
		q.waiting = slices.Insert(q.waiting, 0, t)
	default:
		q.waiting = append(q.waiting, t)
	}
	q.tellWaiting()
	return nil
}

func (q *Queue) tellWaiting() {
	all := []Waiting{}
	for _, t := range q.waiting {
		all = append(all, Waiting{t.id, t.Title})
	}
	q.state.change(func(b *state) { b.Waiting = all })
}

// begin starts a task, and the next when it has ended. It is called with the lock held.
func (q *Queue) begin(t Task) {
	var ctx context.Context
	ctx, q.stop = context.WithCancel(q.ctx)
	q.state.restart(t)
	q.wait.Go(func() {
		err := t.Paint(ctx, &Job{state: &q.state})
		stoppedHere := ctx.Err() != nil
		q.mu.Lock()
		defer q.mu.Unlock()
		q.state.end(err, stoppedHere)
		q.stop()
		q.stop = nil
		switch {
		case q.ctx.Err() != nil:
			q.err = err
		case len(q.waiting) > 0:
			next := q.waiting[0]
			q.waiting = q.waiting[1:]
			q.begin(next)
			q.tellWaiting()
		}
		if stoppedHere {
			err = nil
		}
		t.Done(err)
	})
}

// Stop stops the job, if there is one; the next that waits begins.
func (q *Queue) Stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stop != nil {
		q.state.phase(stopping)
		q.stop()
	}
}

// Remove takes a task out of those that wait; false: it does not.
func (q *Queue) Remove(id int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.waiting, func(t Task) bool { return t.id == id })
	if i < 0 {
		return false
	}
	q.waiting[i].Done(nil)
	q.waiting = slices.Delete(q.waiting, i, i+1)
	q.tellWaiting()
	return true
}

// Close waits, after the context's end, for the job that it has stopped, drops those that wait, and lets those who watch be told. It returns how the
// job ended, nil if there was none.
func (q *Queue) Close() error {
	q.mu.Lock()
	q.closing = true
	for _, t := range q.waiting {
		t.Done(ErrEnded)
	}
	q.waiting = nil
	q.mu.Unlock()
	q.wait.Wait()
	q.state.close()
	return q.err
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
	if b.wantsPicture(begin, r.Epoch) {
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
func (b *state) restart(t Task) {
	b.change(func(b *state) {
		b.Progress = Progress{Phase: preparing, Title: t.Title, Preview: t.Preview, Waiting: b.Waiting, Missed: b.Missed}
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
			b.Missed = append(b.Missed[max(0, len(b.Missed)-maxMissed+1):len(b.Missed):len(b.Missed)], b.Title+": "+b.Error)
		}
	})
}

package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tasks are a queue whose tasks note that they run, and end when they are told to.
type tasks struct {
	*Queue
	begun chan string
	next  chan error
	ended chan string
}

func newTasks(ctx context.Context) *tasks {
	return &tasks{New(ctx), make(chan string, MaxWaiting), make(chan error), make(chan string, 2*MaxWaiting)}
}

func (q *tasks) put(name string, bytes int64, preview bool) error {
	return q.Add(Task{Title: name, Bytes: bytes, Preview: preview, Done: func(error) { q.ended <- name }, Paint: func(ctx context.Context, _ *Job) error {
		q.begun <- name
		select {
		case err := <-q.next:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
}

func (q *tasks) titles() (titles []string) {
	q.state.mu.Lock()
	defer q.state.mu.Unlock()
	for _, w := range q.state.Waiting {
		titles = append(titles, w.Title)
	}
	return titles
}

func want(t *testing.T, from chan string, wanted string) {
	t.Helper()
	select {
	case got := <-from:
		if got != wanted {
			t.Fatalf("got %s, want %s", got, wanted)
		}
	case <-time.After(time.Minute):
		t.Fatalf("waited in vain for %s", wanted)
	}
}

// One job runs at a time, the others wait in their order, a preview before them; one can be taken out; one that fails is told of and
// doesn't keep the next from beginning; at the page's end all are told.
func TestQueue(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	q := newTasks(ctx)
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := q.put(name, 1, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.put("preview", 1, true); err != nil {
		t.Fatal(err)
	}
	want(t, q.begun, "a")
	if diff := cmp.Diff([]string{"preview", "b", "c", "d"}, q.titles()); diff != "" {
		t.Error(diff)
	}
	if !q.Remove(3) || q.Remove(3) || q.Remove(99) { // c
		t.Error("what waits can be removed once")
	}
	want(t, q.ended, "c")
	q.next <- errors.New("no memory")
	want(t, q.ended, "a")
	want(t, q.begun, "preview")
	q.next <- nil
	want(t, q.ended, "preview")
	want(t, q.begun, "b")
	q.Stop()
	want(t, q.ended, "b")
	want(t, q.begun, "d")
	q.state.mu.Lock()
	if missed := strings.Join(q.state.Missed, "; "); missed != "a: no memory" {
		t.Errorf("missed %q", missed)
	}
	q.state.mu.Unlock()
	if err := q.put("e", 1, false); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := q.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("the job ended with %v", err)
	}
	left := []string{<-q.ended, <-q.ended}
	if slices.Sort(left); !slices.Equal(left, []string{"d", "e"}) {
		t.Errorf("told %v", left)
	}
	if err := q.put("f", 1, false); !errors.Is(err, ErrEnded) {
		t.Errorf("a job after the end: %v", err)
	}
}

// A thousand starts don't take the disk: neither many nor large ones.
func TestQueueIsBounded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	q := newTasks(ctx)
	refused := 0
	for i := range 1000 {
		if err := q.put(fmt.Sprint(i), 1, false); errors.Is(err, ErrFull) {
			refused++
		}
	}
	if len(q.titles()) != MaxWaiting || refused != 1000-MaxWaiting-1 {
		t.Errorf("%d wait, %d were refused", len(q.titles()), refused)
	}
	q.Remove(2)
	q.Remove(3)
	if err := q.put("large", maxBytes, false); !errors.Is(err, ErrFull) {
		t.Errorf("more than all may have: %v", err)
	}
	cancel()
	_ = q.Close()
}

package web

import (
	"context"
	"errors"
	"testing"
)

// Two who begin at the same moment get one job; after the page's end there is none.
func TestOneJobAtATime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := runner{ctx: ctx, state: state{changed: make(chan struct{})}}
	wait := func(ctx context.Context, _ *Job) error {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := p.begin(wait, func(error) {}); err != nil {
		t.Fatal(err)
	}
	if err := p.begin(wait, func(error) {}); !errors.Is(err, errBusy) {
		t.Errorf("a second job: %v", err)
	}
	cancel()
	if err := p.close(); !errors.Is(err, context.Canceled) {
		t.Errorf("the job ended with %v", err)
	}
	if err := p.begin(wait, func(error) {}); !errors.Is(err, errBusy) {
		t.Errorf("a job after the end: %v", err)
	}
}

// Package pace says in one line how far a training is.
package pace

import (
	"fmt"
	"time"

	sl "stylebook/stylelib"
)

// Pace goes with a training from its first epoch to its last.
type Pace struct {
	Epochs int    // planned
	Begin  int    // that an earlier session has done
	Of     string // what is counted, "epoch" or "step"

	// Expected is what each epoch is thought to take, where they differ. It counts for less, the longer the training has gone on.
	Expected []time.Duration

	first time.Time // when the first epoch of this session, which compiles, was done
}

// Details are an epoch's losses and seconds, and the time that is left once there is something to go by.
func (p *Pace) Details(r sl.Record) (text string) {
	for _, l := range r.Losses {
		text += fmt.Sprintf("%s %.3f  ", l.Name, l.Value)
	}
	text += fmt.Sprintf("%.2f s/%s", r.Seconds, p.Of)
	if left := p.Left(r.Epoch); left > 0 {
		text += fmt.Sprintf("  %s left", left.Round(time.Second))
	}
	return text
}

// Line tells of a finished epoch, with its details. It is called for each epoch.
func (p *Pace) Line(r sl.Record) string {
	if p.first.IsZero() {
		p.first = time.Now()
	}
	return fmt.Sprintf("%s %d/%d  %s", p.Of, r.Epoch, p.Epochs, p.Details(r))
}

// Left is how long what comes after an epoch will take, once there is something to go by, else 0.
func (p *Pace) Left(epoch int) time.Duration {
	if epoch <= p.Begin+1 {
		return 0
	}
	took, expected, rest := time.Since(p.first), p.expected(p.Begin+1, epoch), p.expected(epoch, p.Epochs)
	if p.Expected != nil {
		belief := p.expected(0, p.Epochs) / 10
		took, expected = took+time.Duration(belief), expected+belief
	}
	return time.Duration(float64(took) * rest / expected)
}

// expected is what the epochs after one, up to another, are thought to take: 1 each where nothing is known of them.
func (p *Pace) expected(after, to int) (sum float64) {
	if p.Expected == nil {
		return float64(to - after)
	}
	for _, one := range p.Expected[after:to] {
		sum += float64(one)
	}
	return sum
}

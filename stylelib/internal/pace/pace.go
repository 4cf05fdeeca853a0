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

	first time.Time // when the first epoch of this session, which compiles, was done
}

// Losses are an epoch's losses and seconds.
func (p *Pace) Losses(r sl.Record) (text string) {
	for _, l := range r.Losses {
		text += fmt.Sprintf("%s %.3f  ", l.Name, l.Value)
	}
	return text + fmt.Sprintf("%.2f s/%s", r.Seconds, p.Of)
}

// Line tells of a finished epoch, and of the time that is left once there is something to go by. It is called for each epoch.
func (p *Pace) Line(r sl.Record) string {
	left := ""
	if p.first.IsZero() {
		p.first = time.Now()
	}
	if rest := p.Left(r.Epoch); rest > 0 {
		left = fmt.Sprintf("  %s left", rest.Round(time.Second))
	}
	return fmt.Sprintf("%s %d/%d  %s%s", p.Of, r.Epoch, p.Epochs, p.Losses(r), left)
}

// Left is how long what comes after an epoch will take, once there is something to go by, else 0.
func (p *Pace) Left(epoch int) time.Duration {
	if epoch <= p.Begin+1 {
		return 0
	}
	return time.Since(p.first) / time.Duration(epoch-p.Begin-1) * time.Duration(p.Epochs-epoch)
}

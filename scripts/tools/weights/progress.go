package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"stylebook/stylelib/weights"
)

// progress shows a download in a line that is written over on a terminal, and now and then anew elsewhere.
type progress struct {
	w    *os.File
	last time.Time
	open bool // the line on the terminal has not ended
}

func (p *progress) report(now weights.Progress) {
	pause := 10 * time.Second
	terminal := term.IsTerminal(int(p.w.Fd()))
	if terminal {
		pause = 200 * time.Millisecond
	}
	if p.last.IsZero() && !terminal {
		p.last = time.Now() // a short download needs no line
	}
	finished := now.Total > 0 && now.Done == now.Total
	if time.Since(p.last) < pause && !(terminal && finished) {
		return
	}
	p.last = time.Now()
	text := fmt.Sprintf("%d of %d MB", now.Done/1e6, now.Total/1e6)
	if now.Waiting {
		text = "another program is downloading: waiting for it"
	}
	if !terminal {
		fmt.Fprintln(p.w, "       "+text)
		return
	}
	fmt.Fprintf(p.w, "\r       %s\x1b[K", text)
	p.open = !finished
	if finished {
		fmt.Fprintln(p.w)
	}
}

func (p *progress) end() {
	if p.open {
		fmt.Fprintln(p.w)
	}
}

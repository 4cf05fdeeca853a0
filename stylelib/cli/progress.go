package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/pace"
	"stylebook/stylelib/weights"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far the training is: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil if w is no terminal
	quiet bool
	pace  pace.Pace
	spoke time.Time
}

// speakEvery is how often progress prints a line where it can't draw a bar.
const speakEvery = 10 * time.Second

func newProgress(w io.Writer, of string, begin, epochs int, quiet bool) *progress {
	p := &progress{w: w, quiet: quiet, pace: pace.Pace{Epochs: epochs, Begin: begin, Of: of}, spoke: time.Now()}
	if !quiet && isTerminal(w) {
		p.bar = progressbar.NewOptions(epochs, progressbar.OptionSetWriter(w), progressbar.OptionSetPredictTime(false),
			progressbar.OptionShowCount(), progressbar.OptionSetWidth(20), progressbar.OptionFullWidth(),
			progressbar.OptionThrottle(100*time.Millisecond))
		_ = p.bar.Set(begin)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// report shows one finished epoch. Trouble in drawing a bar is no reason to end a training.
func (p *progress) report(r sl.Record) {
	line := p.pace.Line(r)
	switch {
	case p.quiet:
	case p.bar != nil:
		p.bar.Describe(p.pace.Details(r))
		_ = p.bar.Add(1)
	case r.Epoch == p.pace.Begin+1 || r.Epoch == p.pace.Epochs || time.Since(p.spoke) >= speakEvery:
		p.spoke = time.Now()
		fmt.Fprintln(p.w, line)
	}
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Exit()
		fmt.Fprintln(p.w)
	}
}

// newDownloadProgress returns a listener that shows downloads.
func newDownloadProgress(w io.Writer) func(weights.Progress) {
	var bar *progressbar.ProgressBar
	of := ""
	return func(p weights.Progress) {
		if bar == nil || p.URL != of {
			of = p.URL
			bar = progressbar.NewOptions64(p.Total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription("download"), progressbar.OptionSetPredictTime(true),
				progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(w) }))
		}
		_ = bar.Set64(p.Done)
	}
}

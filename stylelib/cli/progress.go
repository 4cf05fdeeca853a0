package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/weights"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far the training is: a bar on a terminal, a line now and then elsewhere.
type progress struct {
	w      io.Writer
	bar    *progressbar.ProgressBar // nil if w is no terminal
	quiet  bool
	epochs int
	begin  int       // epochs that an earlier session has done
	first  time.Time // when the first epoch of this session, which compiles, was done
	spoke  time.Time
}

// speakEvery is how often progress prints a line where it can't draw a bar.
const speakEvery = 10 * time.Second

func newProgress(w io.Writer, begin, epochs int, quiet bool) *progress {
	p := &progress{w: w, quiet: quiet, epochs: epochs, begin: begin, spoke: time.Now()}
	if !quiet && isTerminal(w) {
		p.bar = progressbar.NewOptions(epochs, progressbar.OptionSetWriter(w), progressbar.OptionSetPredictTime(true),
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
	if r.Epoch == p.begin+1 {
		p.first = time.Now()
	}
	losses := ""
	for _, l := range r.Losses {
		losses += fmt.Sprintf("%s %.3f  ", l.Name, l.Value)
	}
	losses += fmt.Sprintf("%.2f s/epoch", r.Seconds)
	switch {
	case p.quiet:
	case p.bar != nil:
		p.bar.Describe(losses)
		_ = p.bar.Add(1)
	case r.Epoch == p.begin+1 || r.Epoch == p.epochs || time.Since(p.spoke) >= speakEvery:
		p.spoke = time.Now()
		left := ""
		if rest := p.left(r.Epoch); rest > 0 {
			left = fmt.Sprintf("  %s left", rest.Round(time.Second))
		}
		fmt.Fprintf(p.w, "epoch %d/%d  %s%s\n", r.Epoch, p.epochs, losses, left)
	}
}

// left is how long the rest will take, once there is something to go by, else 0.
func (p *progress) left(epoch int) time.Duration {
	if epoch == p.begin+1 {
		return 0
	}
	perEpoch := time.Since(p.first) / time.Duration(epoch-p.begin-1)
	return perEpoch * time.Duration(p.epochs-epoch)
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Exit()
		fmt.Fprintln(p.w)
	}
}

// newDownloadProgress returns a listener that shows a download of weights.
func newDownloadProgress(w io.Writer) func(weights.Progress) {
	var bar *progressbar.ProgressBar
	return func(p weights.Progress) {
		if bar == nil {
			bar = progressbar.NewOptions64(p.Total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription("download"), progressbar.OptionSetPredictTime(true),
				progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionOnCompletion(func() { fmt.Fprintln(w) }))
		}
		_ = bar.Set64(p.Done)
	}
}

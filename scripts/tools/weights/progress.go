package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"stylebook/stylelib/weights"
)

// progress shows downloads: a bar on a terminal, a line now and then elsewhere, of which a short download has none.
func progress(w *os.File) func(weights.Progress) {
	var bar *progressbar.ProgressBar
	terminal, spoke := term.IsTerminal(int(w.Fd())), time.Now()
	return func(now weights.Progress) {
		switch {
		case now.Waiting:
			fmt.Fprintln(w, "       another program is downloading: waiting for it")
		case terminal && (bar == nil || bar.GetMax64() != now.Total): // another source may come after one that failed
			bar = progressbar.NewOptions64(now.Total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription("      "), progressbar.OptionOnCompletion(func() { fmt.Fprintln(w) }))
		case terminal:
			_ = bar.Set64(now.Done)
		case time.Since(spoke) >= 10*time.Second:
			spoke = time.Now()
			fmt.Fprintf(w, "       %d of %d MB\n", now.Done/1e6, now.Total/1e6)
		}
	}
}

// Command quality is what scripts/quality starts: it lets contenders paint the same pairs of pictures, judges the results
// under VGG-16's features and by measures that none of them optimizes, and writes tables and a contact sheet.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"stylebook/stylelib/quality"
	"stylebook/stylelib/session"
	"stylebook/stylelib/weights"
)

// settings are the command line.
type settings struct {
	plan  string
	pairs string // names, comma separated; "" for all
	side  int
	work  string // folder of runs, and of what others painted
	out   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "quality:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var s settings
	flags := flag.NewFlagSet("quality", flag.ContinueOnError)
	flags.StringVar(&s.plan, "plan", "scripts/tools/quality/plan.yaml", "`file` of pairs and contenders")
	flags.StringVar(&s.pairs, "pairs", "", "`names` of the pairs to take, comma separated, such as content-style (default: all)")
	flags.IntVar(&s.side, "side", 0, "`pixels` of a result's longer side (default: the plan's)")
	flags.StringVar(&s.work, "work", ".stylebook/quality", "`folder` that keeps the runs")
	flags.StringVar(&s.out, "out", "out", "`folder` for quality.md and its pictures")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	p, err := readPlan(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	laboratory, err := open(ctx, filepath.Join(s.work, "runs")) // before hours of painting
	if err != nil {
		return err
	}
	defer laboratory.Close()
	results, err := p.paint(ctx, laboratory, s.work)
	if err != nil {
		return err
	}
	return p.report(results, s.out)
}

// open opens a folder of runs, with a judge under VGG-16, which must be in a cache.
func open(ctx context.Context, folder string) (*session.Laboratory, error) {
	laboratory, err := session.OpenLaboratory(folder)
	if err != nil {
		return nil, err
	}
	laboratory.Judge.Close()
	if laboratory.Judge, err = quality.Open(ctx, laboratory.Engine.Backend, weights.VGG16); err != nil {
		laboratory.Close()
		return nil, err
	}
	return laboratory, nil
}

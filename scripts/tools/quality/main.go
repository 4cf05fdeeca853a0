// Command quality is what scripts/quality starts: it lets contenders paint the same pairs of pictures, judges the results
// under VGG-16's features and by measures that none of them optimizes, and writes tables, curves and a contact sheet.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
)

// settings are the command line.
type settings struct {
	plan  string
	pairs string // names, comma separated; "" for all
	quick bool
	area  int
	work  string // folder of runs and sweep files
	out   string
}

// quickPairs is how many pairs a quick look takes.
const quickPairs = 3

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

const usage = `quality [options] lets all contenders paint, judges and reports.
quality judge CONTENT STYLE PICTURE... judges pictures.

Options:
`

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == "judge" {
		return judgeFiles(ctx, args[1:])
	}
	var s settings
	flags := flag.NewFlagSet("quality", flag.ContinueOnError)
	flags.StringVar(&s.plan, "plan", "scripts/tools/quality/plan.yaml", "`file` of pairs and contenders")
	flags.StringVar(&s.pairs, "pairs", "", "`names` of the pairs to take, comma separated, such as content-style (default: all)")
	flags.BoolVar(&s.quick, "quick", false, fmt.Sprintf("the first %d pairs only, without the ends of the dials", quickPairs))
	flags.IntVar(&s.area, "area", 0, "`pixels` of a result (default: the plan's)")
	flags.StringVar(&s.work, "work", ".stylebook/quality", "`folder` that keeps the runs")
	flags.StringVar(&s.out, "out", "out", "`folder` for quality.md and its pictures")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
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
	network, err := loadVGG16(ctx) // before hours of painting
	if err != nil {
		return err
	}
	results, err := p.paint(ctx, s.work)
	if err != nil {
		return err
	}
	if err := judgeAll(results, network); err != nil {
		return err
	}
	return p.report(results, s.out)
}

// judgeAll fills in the measures of all results.
func judgeAll(results []result, network *sl.Network) error {
	e, err := engine.Open("")
	if err != nil {
		return err
	}
	defer e.Close()
	j, err := newJudge(e.Backend, network)
	if err != nil {
		return err
	}
	defer j.close()
	for i := range results {
		if err := j.judge(&results[i]); err != nil {
			return fmt.Errorf("%s, %s: %w", results[i].pair.name(), results[i].contender.Name, err)
		}
	}
	return nil
}

// judgeFiles judges pictures of any origin, each at its own size.
func judgeFiles(ctx context.Context, paths []string) error {
	if len(paths) < 3 {
		return errors.New("judge: want a photograph, a painting, and pictures made of them")
	}
	var results []result
	for _, path := range paths[2:] {
		picture, err := sl.ReadImage(path)
		if err != nil {
			return err
		}
		size := picture.Bounds()
		results = append(results, result{pair: pair{paths[0], paths[1]}, height: size.Dy(), width: size.Dx(), picture: path})
	}
	network, err := loadVGG16(ctx)
	if err != nil {
		return err
	}
	if err := judgeAll(results, network); err != nil {
		return err
	}
	fmt.Println("style   content texture structure grain")
	for _, r := range results {
		fmt.Printf("%.4f  %.4f  %.4f  %.4f    %.2f   %s\n", r.style, r.content, r.texture, r.structure, r.grain, r.picture)
	}
	return nil
}

package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/sweep"
)

// newFlags returns a flag set whose help is text and then its flags.
func newFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parseFlags reads the flags and wants so many arguments after them, each named in names.
func parseFlags(flags *flag.FlagSet, args []string, help string, stdout io.Writer, names ...string) error {
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp {
			fmt.Fprint(stdout, help)
			flags.SetOutput(stdout)
			flags.PrintDefaults()
			return err
		}
		return &usageError{fmt.Errorf("%s: %w", flags.Name(), err)}
	}
	if flags.NArg() != len(names) {
		return &usageError{fmt.Errorf("%s: want %s", flags.Name(), cmp.Or(strings.Join(names, " "), "no further arguments"))}
	}
	return nil
}

// printJSON prints an object a line.
func printJSON[T any](w io.Writer, objects []T) error {
	for _, object := range objects {
		text, err := json.Marshal(object)
		if err != nil {
			return err
		}
		printLine(w, "%s", text)
	}
	return nil
}

// look runs f on the store that the flag -runs names, which must be there.
func look(dir string, f func(*runs.Store) error) error {
	if err := mustBeThere(dir); err != nil {
		return err
	}
	return withStore(dir, f)
}

// mustBeThere refuses a folder of runs that would only be made.
func mustBeThere(dir string) error {
	if _, err := os.Stat(dir); err != nil && dir != "" && dir != runsOff {
		return &usageError{fmt.Errorf("-runs: no runs are kept in %s: %w", dir, errors.Unwrap(err))}
	}
	return nil
}

// withStore runs f on the store that the flag -runs names.
func withStore(dir string, f func(*runs.Store) error) error {
	store, err := openRuns(dir)
	if err != nil {
		return err
	}
	if store == nil {
		return &usageError{errors.New("-runs off keeps no runs to look at")}
	}
	defer store.Close()
	return f(store)
}

func (c *command) list(_ context.Context, args []string) error {
	flags := newFlags("runs")
	dir := flags.String("runs", "", "`folder` of the runs")
	asJSON := flags.Bool("json", false, "one JSON object for each run")
	if err := parseFlags(flags, args, "stylize runs lists all runs, the latest first.\n\n", c.stdout); err != nil {
		return err
	}
	return look(*dir, func(store *runs.Store) error {
		records, err := store.List()
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.stdout, records)
		}
		if len(records) == 0 {
			printLine(c.stdout, "no runs in %s", store.Dir())
			return nil
		}
		table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "RUN\tBEGUN\tSTATUS\tEPOCH\tSIZE\tENGINE\tTOTAL\tTIME")
		for _, r := range records {
			fmt.Fprintf(table, "%s\t%s\t%s\t%d/%d\t%d × %d\t%s\t%.4g\t%s\n", r.ID, r.Created.Local().Format("2006-01-02 15:04"), r.Status,
				r.Epoch, r.Spec.Options.Epochs, r.Spec.Height, r.Spec.Width, r.Spec.Engine, r.Last.Total, sweep.Duration(r.Seconds))
		}
		return table.Flush()
	})
}

func (c *command) show(_ context.Context, args []string) error {
	flags := newFlags("show")
	dir := flags.String("runs", "", "`folder` of the runs")
	losses := flags.Bool("losses", false, "only the losses of each epoch, one JSON object a line")
	if err := parseFlags(flags, args, "stylize show RUN tells all about one run; the beginning of its name is enough.\n\n", c.stdout, "RUN"); err != nil {
		return err
	}
	return look(*dir, func(store *runs.Store) error {
		r, err := store.Find(flags.Arg(0))
		if err != nil {
			return err
		}
		if *losses {
			all, err := store.Losses(r.ID)
			if err != nil {
				return err
			}
			return printJSON(c.stdout, all)
		}
		spec, err := json.MarshalIndent(r.Spec, "", "  ")
		if err != nil {
			return err
		}
		versions, err := json.Marshal(r.Versions) // sorted by key
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "run       %s, %s, begun %s\n", r.ID, r.Status, r.Created.Local().Format(time.DateTime))
		fmt.Fprintf(c.stdout, "epochs    %d of %d in %s\n", r.Epoch, r.Spec.Options.Epochs, sweep.Duration(r.Seconds))
		fmt.Fprint(c.stdout, "losses    ")
		for _, l := range r.Last.Losses {
			fmt.Fprintf(c.stdout, "%s %.4g  ", l.Name, l.Value)
		}
		fmt.Fprintf(c.stdout, "total %.4g\n", r.Last.Total)
		fmt.Fprintf(c.stdout, "memory    %.2f GB at most\n", float64(r.PeakBytes)/1e9)
		printLine(c.stdout, "folder    %s", r.Folder)
		if r.Error != "" {
			printLine(c.stdout, "error     %s", r.Error)
		}
		printLine(c.stdout, "command   stylize %s", strings.Join(r.Arguments, " "))
		printLine(c.stdout, "versions  %s", versions)
		for line := range strings.Lines("spec      " + string(spec)) {
			printLine(c.stdout, "%s", strings.TrimSuffix(line, "\n"))
		}
		return nil
	})
}

func (c *command) compare(_ context.Context, args []string) error {
	flags := newFlags("compare")
	dir := flags.String("runs", "", "`folder` of the runs")
	if err := parseFlags(flags, args, "stylize compare RUN RUN tells in what two runs differ.\n\n", c.stdout, "RUN", "RUN"); err != nil {
		return err
	}
	return look(*dir, func(store *runs.Store) error {
		var both [2]runs.Summary
		for i := range both {
			var err error
			if both[i], err = store.Find(flags.Arg(i)); err != nil {
				return err
			}
		}
		a, b := both[0], both[1]
		differences := b.Spec.Differences(a.Spec)
		if len(differences) == 0 {
			fmt.Fprintln(c.stdout, "both compute the same")
		}
		for _, line := range differences {
			printLine(c.stdout, "%s", line)
		}
		table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
		terms := runs.TermNames(both[:]...)
		fmt.Fprintf(table, "RUN\tEPOCH\t%s\tTOTAL\tTIME\tPICTURE\n", strings.ToUpper(strings.Join(terms, "\t")))
		for _, r := range both {
			fmt.Fprintf(table, "%s\t%d", r.ID, r.Epoch)
			for _, term := range terms {
				fmt.Fprintf(table, "\t%.6g", r.Last.Loss(term))
			}
			fmt.Fprintf(table, "\t%.6g\t%s\t%s\n", r.Last.Total, sweep.Duration(r.Seconds), oneline.Escape(picturePath(r)))
		}
		return table.Flush()
	})
}

func picturePath(r runs.Summary) string {
	if _, err := os.Stat(r.Picture()); err != nil {
		return "none yet"
	}
	return r.Picture()
}

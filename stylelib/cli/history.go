package cli

import (
	"context"
	"encoding/json"
	"errors"
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
	return keeping(dir, func(store *runs.Store) error {
		if store == nil {
			return &usageError{errors.New("-runs off keeps no runs to look at")}
		}
		return f(store)
	})
}

func (c *command) list(_ context.Context, args []string) error {
	flags := newFlags("runs")
	dir := flags.String("runs", "", "`folder` of the runs")
	asJSON := flags.Bool("json", false, "one JSON object for each run")
	if _, err := parseFlags(flags, args, "stylize runs lists all runs, the latest first.\n\n", c.stdout); err != nil {
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
	names, err := parseFlags(flags, args, "stylize show RUN tells all about one run; the beginning of its name is enough.\n\n", c.stdout, "RUN")
	if err != nil {
		return err
	}
	return look(*dir, func(store *runs.Store) error {
		r, err := store.Find(names[0])
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
		if len(r.Request) > 0 {
			words := r.Request.Words()
			if r.Spec.Network != nil {
				words = append([]string{"train-network"}, words...)
			}
			printLine(c.stdout, "command   stylize %s", strings.Join(words, " "))
		}
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
	names, err := parseFlags(flags, args, "stylize compare RUN RUN [RUN...] tells in what runs differ.\n\n", c.stdout, "RUN", "RUN", "[RUN...]")
	if err != nil {
		return err
	}
	return look(*dir, func(store *runs.Store) error {
		var records []runs.Summary
		for _, name := range names {
			record, err := store.Find(name)
			if err != nil {
				return err
			}
			records = append(records, record)
		}
		if err := c.printDifferences(records); err != nil {
			return err
		}
		return c.printOutcomes(records)
	})
}

// printDifferences tells in what runs differ: of two the second against the first, of more the value of each.
func (c *command) printDifferences(records []runs.Summary) error {
	if len(records) == 2 {
		differences := records[1].Spec.Differences(records[0].Spec)
		if len(differences) == 0 {
			fmt.Fprintln(c.stdout, "both compute the same")
		}
		for _, line := range differences {
			printLine(c.stdout, "%s", line)
		}
		return nil
	}
	header, specs := []string{"DIFFERENCE"}, []runs.Spec{}
	for _, r := range records {
		header, specs = append(header, r.ID), append(specs, r.Spec)
	}
	differing := runs.Differing(specs...)
	if len(differing) == 0 {
		fmt.Fprintln(c.stdout, "all compute the same")
		return nil
	}
	if err := oneline.Table(c.stdout, append([][]string{header}, differing...)); err != nil {
		return err
	}
	fmt.Fprintln(c.stdout)
	return nil
}

// printOutcomes tells what came of runs.
func (c *command) printOutcomes(records []runs.Summary) error {
	terms := runs.TermNames(records...)
	header := append([]string{"RUN", "EPOCH"}, strings.Fields(strings.ToUpper(strings.Join(terms, " ")))...)
	rows := [][]string{append(header, "TOTAL", "TIME", "PICTURE")}
	for _, r := range records {
		row := []string{r.ID, fmt.Sprint(r.Epoch)}
		for _, term := range terms {
			row = append(row, fmt.Sprintf("%.6g", r.Last.Loss(term)))
		}
		rows = append(rows, append(row, fmt.Sprintf("%.6g", r.Last.Total), sweep.Duration(r.Seconds).String(), picturePath(r)))
	}
	return oneline.Table(c.stdout, rows)
}

func picturePath(r runs.Summary) string {
	if _, err := os.Stat(r.Picture()); err != nil {
		return "none yet"
	}
	return r.Picture()
}

package cli

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"stylebook/stylelib/internal/nearest"
)

// newFlags returns a flag set that says nothing by itself.
func newFlags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// parseFlags reads the flags of a sub-command, which may stand before, between and after its arguments, and returns these. It wants
// one for each name; a last one such as [RUN...] stands for any number more.
func parseFlags(flags *flag.FlagSet, args []string, help string, stdout io.Writer, names ...string) ([]string, error) {
	given, err := parseMixed(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return nil, err
	}
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", flags.Name(), err)}
	}
	least, more := len(names), len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...]")
	if more {
		least--
	}
	if len(given) < least || len(given) > least && !more {
		return nil, &usageError{fmt.Errorf("%s: want %s", flags.Name(), cmp.Or(strings.Join(names, " "), "no further arguments"))}
	}
	return given, nil
}

// parseMixed reads flags wherever they stand, and returns what else there is; after -- nothing is a flag.
func parseMixed(flags *flag.FlagSet, args []string) (others []string, err error) {
	for len(args) > 0 {
		if err := parseStart(flags, args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if read := len(args) - len(rest); read > 0 && args[read-1] == "--" {
			return append(others, rest...), nil
		}
		if len(rest) == 0 {
			break
		}
		others, args = append(others, rest[0]), rest[1:]
	}
	return others, nil
}

// parseStart reads the flags at the start of the arguments. Of one that there is not, the error names the nearest that there is.
func parseStart(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return err
	}
	var known []string
	flags.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
	return &noOptionError{name, didYouMean("-", name, known)}
}

// noOptionError reports an option that a command does not have.
type noOptionError struct{ name, hint string }

func (e *noOptionError) Error() string { return "-" + e.name + ": there is no such option" + e.hint }

// didYouMean asks for the name that is nearest to one that there is not; "" where none is near.
func didYouMean(prefix, name string, known []string) string {
	if name = nearest.To(name, known); name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s%s?", prefix, name)
}

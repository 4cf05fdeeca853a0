package cli

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"stylebook/stylelib/transfer"
)

// printHelp prints the options of the command with what holds without them: what would run, and what the presets have where they
// differ.
func (s *settings) printHelp(stdout io.Writer) error {
	choice := s.choice
	if s.fast {
		choice.Optimizer = transfer.Fast
	}
	flags, err := flagsOf(choice)
	if err != nil {
		return err
	}
	told, err := elsewhere(choice)
	if err != nil {
		return err
	}
	flags.VisitAll(func(f *flag.Flag) { f.Usage += told[f.Name] })
	fmt.Fprint(stdout, usage)
	flags.SetOutput(stdout)
	flags.PrintDefaults()
	return nil
}

// flagsOf are the command's flags, whose defaults are those of a choice.
func flagsOf(choice transfer.Choice) (*flag.FlagSet, error) {
	options, err := transfer.Choose(choice)
	if err != nil {
		return nil, err
	}
	s := settings{request: transfer.NewRequest("", ""), choice: choice}
	s.request.Options = options
	s.choice.Optimizer, s.choice.NormalizeLayers = options.Optimizer, options.NormalizeLayers
	s.choice.ContentLoss, s.choice.StyleLoss = options.ContentLoss, options.StyleLoss
	flags := newFlags("stylize")
	s.register(flags)
	return flags, nil
}

// elsewhere says of each option whose default is not the same with all presets what it is with each, and with the optimizers that
// bring a default of their own: "; 150 with painting and -fast; 500 with pytorch".
func elsewhere(of transfer.Choice) (map[string]string, error) {
	defaults := map[string][]*flag.FlagSet{}
	optimizers := map[string]transfer.Optimizer{"": "", "-fast": transfer.Fast, "-optimizer lbfgs": transfer.LBFGS}
	for name, optimizer := range optimizers {
		for _, preset := range transfer.Presets() {
			flags, err := flagsOf(transfer.Choice{Preset: preset, Optimizer: optimizer, Own: of.Own})
			if err != nil {
				return nil, err
			}
			defaults[name] = append(defaults[name], flags)
		}
	}
	told := map[string]string{}
	defaults[""][0].VisitAll(func(f *flag.Flag) {
		var list byValue
		for i, preset := range transfer.Presets() {
			list.add(defaults[""][i].Lookup(f.Name).DefValue, preset)
		}
		if len(list) == 1 || f.Name == "preset" {
			return
		}
		for _, name := range []string{"-fast", "-optimizer lbfgs"} {
			if value, all := common(defaults[name], f.Name); all && f.Name != "optimizer" {
				list.add(value, name)
			}
		}
		told[f.Name] = list.String()
	})
	return told, nil
}

// common is the default of an option in all sets of flags, if it is the same in all.
func common(all []*flag.FlagSet, name string) (value string, same bool) {
	value = all[0].Lookup(name).DefValue
	return value, !slices.ContainsFunc(all, func(flags *flag.FlagSet) bool { return flags.Lookup(name).DefValue != value })
}

// byValue are names by what they have in common, in the order in which they came.
type byValue []struct {
	value string
	names []string
}

func (b *byValue) add(value, name string) {
	for i := range *b {
		if one := &(*b)[i]; one.value == value {
			one.names = append(one.names, name)
			return
		}
	}
	*b = append(*b, struct {
		value string
		names []string
	}{value, []string{name}})
}

func (b byValue) String() (text string) {
	for _, one := range b {
		names := one.names[len(one.names)-1]
		if before := one.names[:len(one.names)-1]; len(before) > 0 {
			names = strings.Join(before, ", ") + " and " + names
		}
		text += fmt.Sprintf("; %s with %s", one.value, names)
	}
	return text
}

package cli

import (
	"flag"
	"fmt"
	"io"
	"maps"
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
	optimizers := map[string]string{"": "", "-fast": transfer.Fast, "-optimizer lbfgs": transfer.LBFGS}
	for _, name := range slices.Sorted(maps.Keys(optimizers)) {
		optimizer := optimizers[name]
		for i, preset := range transfer.Presets() {
			flags, err := flagsOf(transfer.Choice{Preset: preset, Optimizer: optimizer, Own: of.Own})
			if err != nil {
				return nil, err
			}
			if own := defaults[""]; name != "" && flags.Lookup("optimizer").DefValue == own[i].Lookup("optimizer").DefValue {
				flags = nil // the preset's own, which brings nothing
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
			value, all, others := brings(defaults[""], defaults[name], f.Name)
			switch {
			case !all || f.Name == "optimizer":
			case others:
				list.add(value, name+" with the others")
			default:
				list.add(value, name)
			}
		}
		told[f.Name] = list.String()
	})
	return told, nil
}

// brings is the default of an option that an optimizer brings with it: the same with all presets but those whose own it is, of which
// its flags are nil, and another than some of these have without it. others says that presets whose own it is have another.
func brings(without, with []*flag.FlagSet, name string) (value string, all, others bool) {
	changed, owners := false, []string{}
	for i, flags := range with {
		before := without[i].Lookup(name).DefValue
		if flags == nil {
			owners = append(owners, before)
			continue
		}
		holds := flags.Lookup(name).DefValue
		if value != "" && holds != value {
			return "", false, false
		}
		value, changed = holds, changed || holds != before
	}
	return value, changed, slices.ContainsFunc(owners, func(own string) bool { return own != value })
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

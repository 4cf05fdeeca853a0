package request

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"stylebook/stylelib/transfer"
)

// usage splits the help into the name of the value, "" for one that is true or false, and the text.
func (o Option) usage() (value, text string) {
	before, rest, quoted := strings.Cut(o.Help, "`")
	if !quoted {
		return "", o.Help
	}
	value, after, _ := strings.Cut(rest, "`")
	return value, before + value + after
}

// Flags returns options as flags of a command, those for which with says so. A value that can't be read is kept for the error that
// wrong returns after parsing, in the words of the table: "-lr: "x" is not a number".
func (r Request) Flags(name string, with func(Option) bool) (flags *flag.FlagSet, wrong func() error) {
	var first error
	flags = flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, o := range table {
		if !with(o) {
			continue
		}
		set := func(text string) error {
			if err := r.Set("", o.Name, text); err != nil && first == nil {
				first = fmt.Errorf("-%s: %w", o.Name, err)
			}
			return nil
		}
		if _, ok := o.keep(&Settings{}).(truth); ok {
			flags.BoolFunc(o.Name, o.Help, set)
		} else {
			flags.Func(o.Name, o.Help, set)
		}
	}
	return flags, func() error { return first }
}

// All takes every option for [Request.Flags], OfCalls those of the process that computes.
func All(Option) bool { return true }

// OfCalls takes the options for [Request.Flags] with which any run can go on.
func OfCalls(o Option) bool { return o.OfCall && o.Name != "backend" }

// PrintHelp prints the options by their groups, with what holds without them: what would run, and what the presets have where they
// differ.
func (r Request) PrintHelp(out io.Writer, own ...transfer.Term) error {
	s, err := r.resolve(own)
	if err != nil {
		return err
	}
	told, err := elsewhere(own)
	if err != nil {
		return err
	}
	group := Group("")
	for _, o := range table {
		if o.Hidden {
			continue
		}
		if o.list != nil {
			o.Help = fmt.Sprintf(o.Help, o.list(own))
		}
		if o.Group != group {
			if group != "" {
				fmt.Fprintln(out)
			}
			group = o.Group
			fmt.Fprintf(out, "%s:\n\n", group)
		}
		value, text := o.usage()
		holds := ""
		if v := o.keep(s).String(); v != "" && v != "false" && v != "0" {
			holds = fmt.Sprintf(" (default %s)", v)
		}
		if value != "" {
			value = " " + value
		}
		fmt.Fprintf(out, "  -%s%s\n    \t%s%s%s\n", o.Name, value, text, told[o.Name], holds)
	}
	return nil
}

// elsewhere says of each option whose default is not the same with all presets what it is with each, and with the optimizers that
// bring a default of their own: "; 150 with painting and -optimizer fast; 500 with pytorch".
func elsewhere(own []transfer.Term) (map[string]string, error) {
	optimizers := []string{"", string(transfer.Fast), string(transfer.LBFGS)}
	defaults := map[string][]*Settings{} // by optimizer, for each preset; nil where it is the preset's own
	for _, optimizer := range optimizers {
		for i, preset := range transfer.Presets() {
			r := Request{}
			err := r.Set("", "preset", preset)
			if err == nil && optimizer != "" {
				err = r.Set("", "optimizer", optimizer)
			}
			if err != nil {
				return nil, err
			}
			s, err := r.resolve(own)
			if err != nil {
				return nil, err
			}
			if optimizer != "" && s.Options.Optimizer == defaults[""][i].Options.Optimizer {
				s = nil
			}
			defaults[optimizer] = append(defaults[optimizer], s)
		}
	}
	told := map[string]string{}
	for _, o := range table {
		values := map[string][]string{} // names by what they have in common
		var order []string
		add := func(value, name string) {
			if values[value] == nil {
				order = append(order, value)
			}
			values[value] = append(values[value], name)
		}
		for i, preset := range transfer.Presets() {
			add(o.keep(defaults[""][i]).String(), preset)
		}
		if len(order) == 1 || o.Name == "preset" {
			continue
		}
		for _, optimizer := range optimizers[1:] {
			value, brings, others := o.broughtBy(defaults[""], defaults[optimizer])
			name := "-optimizer " + optimizer
			if others {
				name += " with the others"
			}
			if brings && o.Name != "optimizer" {
				add(value, name)
			}
		}
		for _, value := range order {
			told[o.Name] += fmt.Sprintf("; %s with %s", value, enumerate(values[value]))
		}
	}
	return told, nil
}

func enumerate(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// broughtBy is the default of an option that an optimizer brings with it: the same with all presets but those whose own it is, of
// which its settings are nil, and another than some of these have without it. others says that presets whose own it is have another.
func (o Option) broughtBy(without, with []*Settings) (value string, brings, others bool) {
	values, owners := map[string]bool{}, map[string]bool{}
	for i, s := range with {
		before := o.keep(without[i]).String()
		if s == nil {
			owners[before] = true
			continue
		}
		value = o.keep(s).String()
		values[value] = true
		brings = brings || value != before
	}
	delete(owners, value)
	return value, brings && len(values) == 1, len(owners) > 0
}

// Names returns the names of all options, sorted.
func Names() (names []string) {
	for _, o := range table {
		names = append(names, o.Name)
	}
	return slices.Sorted(slices.Values(names))
}

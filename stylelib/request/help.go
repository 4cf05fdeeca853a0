package request

import (
	"cmp"
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

// Flags returns options as flags of a command. A value that can't be read is kept for the error that
// wrong returns after parsing, in the words of the table: "-lr: "x" is not a number".
func (r Request) Flags(name string, options []Option, own ...transfer.Extension) (flags *flag.FlagSet, wrong func() error) {
	var first error
	flags = flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, o := range options {
		set := func(text string) error {
			if err := r.Set("", o.Name, text, own...); err != nil && first == nil {
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

// OfPictures are the options of a picture.
func OfPictures() []Option {
	return slices.DeleteFunc(Table(), func(o Option) bool { return o.Group == Training })
}

// OfNetworks are the options of a network's training, with the help that they have there.
func OfNetworks() (all []Option) {
	for _, of := range ofNetworks {
		o, err := Find(of.name)
		if err == nil { // a test looks for each
			o.Help, o.Group = cmp.Or(of.help, o.Help), Training
			all = append(all, o)
		}
	}
	return all
}

// OfCalls are the options with which any run can go on.
func OfCalls() []Option {
	return slices.DeleteFunc(Table(), func(o Option) bool { return !o.GoesOn() })
}

// PrintHelp prints options by their groups with what holds without them: what would run, and what the presets have where they
// differ.
func (r Request) PrintHelp(out io.Writer, options []Option, own ...transfer.Extension) error {
	s, err := r.resolve(own)
	if err != nil {
		return err
	}
	told, err := elsewhere(own)
	if err != nil {
		return err
	}
	group := Group("")
	for _, o := range options {
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
		if o.Group == Training {
			told = nil // of presets
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

// elsewhere says of each option whose default is not always the same what it is when: "; 150 with painting; 500 with pytorch".
func elsewhere(own []transfer.Extension) (map[string]string, error) {
	var names []string
	var all []*Settings
	for _, name := range append(transfer.Presets(), "pytorch -optimizer "+transfer.Fast, "pytorch -optimizer "+transfer.LBFGS) {
		preset, optimizer, _ := strings.Cut(name, " -optimizer ")
		s, err := defaultsOf(preset, optimizer, own)
		if err != nil {
			return nil, err
		}
		names, all = append(names, name), append(all, s)
	}
	told := map[string]string{}
	for _, o := range table {
		with := map[string][]string{} // names by the value that they have in common
		var values []string
		for i, s := range all {
			value := o.keep(s).String()
			if strings.HasPrefix(names[i], "pytorch ") && value == o.keep(all[slices.Index(names, "pytorch")]).String() {
				continue // the optimizer brings nothing
			}
			if with[value] == nil {
				values = append(values, value)
			}
			with[value] = append(with[value], names[i])
		}
		if len(values) == 1 || o.Name == "preset" || o.Name == "optimizer" {
			continue
		}
		for _, value := range values {
			told[o.Name] += fmt.Sprintf("; %s with %s", value, enumerate(with[value]))
		}
	}
	return told, nil
}

// defaultsOf are the settings of a preset, with another optimizer than its own where one is named.
func defaultsOf(preset, optimizer string, own []transfer.Extension) (*Settings, error) {
	r := Request{}
	err := r.Set("", "preset", preset)
	if err == nil && optimizer != "" {
		err = r.Set("", "optimizer", optimizer)
	}
	if err != nil {
		return nil, err
	}
	return r.resolve(own)
}

func enumerate(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

package request

import (
	"fmt"
	"slices"
	"strings"

	"stylebook/stylelib/transfer"
)

// setTerm makes a further term part of the loss: NAME[:WEIGHT[@LAYERS]], with its own weight and layers where none are given.
func setTerm(o *transfer.Options, text string) error {
	text, layers, named := strings.Cut(text, "@")
	name, weight, weighted := strings.Cut(text, ":")
	var known []string
	for _, term := range o.Known() {
		known = append(known, term.Name)
	}
	if !slices.Contains(known, name) {
		return fmt.Errorf("there is no term %q: choose one of %s", name, strings.Join(known, ", "))
	}
	term := o.Term(name)
	if weighted {
		if err := (decimal{&term.Weight}).Set(weight); err != nil {
			return fmt.Errorf("%s: the weight %w", name, err)
		}
	}
	if !named {
		return nil
	}
	found, factors, err := transfer.ParseLayers(layers)
	if err == nil && factors != nil {
		err = fmt.Errorf("layers of further terms have no weights of their own")
	}
	if err != nil {
		return fmt.Errorf("%s: %q: %w", name, layers, err)
	}
	term.Layers = found
	return nil
}

// termsOf names the terms that look at a picture, own ones too.
func termsOf(source transfer.Source) func(own []transfer.Term) string {
	return func(own []transfer.Term) string {
		return strings.Join(transfer.Options{Own: own}.Names(source), "|")
	}
}

// describeTerms says what all terms compare and which weight suits them, own ones too.
func describeTerms(own []transfer.Term) string {
	var all []string
	for _, term := range (transfer.Options{Own: own}).Known() {
		all = append(all, fmt.Sprintf("%s:%v, %s", term.Name, term.Weight, term.About))
	}
	return strings.Join(all, "; ")
}

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
	if err != nil && !(o.Network != nil && ofLayer(err)) {
		return fmt.Errorf("%s: %q: %w", name, layers, err)
	}
	term.Layers, term.LayerWeights = found, factors
	return nil
}

// with are options that know what the caller has of its own.
func with(own []transfer.Extension) (o transfer.Options) {
	for _, one := range own {
		o.Add(one)
	}
	return o
}

// methods names the optimizers, own ones too.
func methods(own []transfer.Extension) string {
	var names []string
	for _, m := range with(own).KnownMethods() {
		names = append(names, m.Name)
	}
	return strings.Join(names, "|")
}

// termsOf names the terms that look at a picture, own ones too.
func termsOf(source transfer.Source) func(own []transfer.Extension) string {
	return func(own []transfer.Extension) string {
		return strings.Join(with(own).Names(source), "|")
	}
}

// describeTerms says what all terms compare and which weight suits them, own ones too.
func describeTerms(own []transfer.Extension) string {
	var all []string
	for _, term := range with(own).Known() {
		all = append(all, fmt.Sprintf("%s:%v, %s", term.Name, term.Weight, term.About))
	}
	return strings.Join(all, "; ")
}

package transfer

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	sl "stylebook/stylelib"
)

// Validate reports the first option that can't be used, as a *[sl.OptionError] or *[sl.LayerError]. styles is how many
// style images there are.
func (o Options) Validate(styles int) error {
	if err := o.checkNetwork(); err != nil {
		return err
	}
	if err := o.Options.Validate(o.networks()...); err != nil {
		return err
	}
	for _, check := range []error{
		oneOf("init", o.Init, append(Inits(), InitFile)...),
		oneOf("pooling", o.Pooling, PoolingOfWeights, sl.MaxPooling, sl.AveragePooling),
		oneOf("colours", o.Colours, ColoursOfStyle, ColoursLuminance, ColoursMeanCovariance, ColoursMatched),
		o.checkColours(styles),
		layerWeights("content layer weights", o.ContentLayerWeights, o.ContentLayers),
		layerWeights("style layer weights", o.StyleLayerWeights, o.StyleLayers),
		o.checkBlend(styles),
		o.checkStyles(styles),
		o.checkNumbers(),
		o.checkNeighbours(),
		o.checkMethods(),
		o.checkOwn(),
		o.checkTerms(),
		o.checkEffect(),
	} {
		if check != nil {
			return check
		}
	}
	return nil
}

func oneOf[T ~string](name string, value T, known ...T) error {
	if slices.Contains(known, value) {
		return nil
	}
	return &sl.OptionError{Option: name, Reason: fmt.Sprintf("there is no %q: choose one of %v", string(value), known)}
}

func layerWeights(name string, weights map[string]float64, layers []string) error {
	for _, layer := range slices.Sorted(maps.Keys(weights)) {
		if weight := weights[layer]; !slices.Contains(layers, layer) {
			return &sl.OptionError{Option: name, Reason: fmt.Sprintf("layer %s has one and is not used", layer)}
		} else if !notNegative(weight) {
			return &sl.OptionError{Option: name, Reason: fmt.Sprintf("%g of layer %s is not a number of at least 0", weight, layer)}
		}
	}
	return nil
}

func notNegative(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

func (o Options) checkColours(styles int) error {
	if o.Colours == ColoursMatched && styles > 1 {
		return &sl.OptionError{Option: "colours", Reason: fmt.Sprintf("those of %d style images can't all be the result's: give one", styles)}
	}
	return nil
}

func (o Options) checkBlend(styles int) error {
	if o.Blend == nil {
		return nil
	}
	if len(o.Blend) != styles {
		return &sl.OptionError{Option: "blend", Reason: fmt.Sprintf("%d weights for %d style images", len(o.Blend), styles)}
	}
	sum := 0.0
	for _, share := range o.Blend {
		if !notNegative(share) {
			return &sl.OptionError{Option: "blend", Reason: fmt.Sprintf("%g is not a number of at least 0", share)}
		}
		sum += share
	}
	switch {
	case sum == 0:
		return &sl.OptionError{Option: "blend", Reason: "at least one style image needs a weight above 0"}
	case math.IsInf(sum, 0):
		return &sl.OptionError{Option: "blend", Reason: "the weights are too large to be added up"}
	}
	return nil
}

// Bounds of numbers that cost memory or time before anything else could refuse them.
const (
	maxEpochs     = 1_000_000
	maxScales     = 12 // the coarsest is then a fiftieth of the size
	maxHistory    = 1000
	maxStyleScale = 20
	maxSamples    = 4096

	maxFinerEpochs = 10
)

func (o Options) checkNumbers() error {
	between := func(option string, value, low, high int) error {
		if value < low || value > high {
			return &sl.OptionError{Option: option, Reason: fmt.Sprintf("%d is not from %d to %d", value, low, high)}
		}
		return nil
	}
	for _, err := range []error{
		between("epochs", o.Epochs, 0, maxEpochs),
		between("history", o.History, 1, maxHistory),
		between("scales", o.Scales, 1, maxScales),
		between("renew", o.Renew, 1, maxEpochs),
		between("samples", o.Samples, 2, maxSamples),
		between("coarsest", o.Coarsest, 0, math.MaxInt32),
		between("tile", o.Tile, TileAsNeeded, math.MaxInt32),
	} {
		if err != nil {
			return err
		}
	}
	if !(o.FinerEpochs > 0 && o.FinerEpochs <= maxFinerEpochs) {
		return &sl.OptionError{Option: "finer epochs", Reason: fmt.Sprintf("%g is not a number above 0 and at most %d", o.FinerEpochs, maxFinerEpochs)}
	}
	if o.Epochs > 0 && o.Coarsest == 0 && o.Scales > o.Epochs {
		return &sl.OptionError{Option: "scales", Reason: fmt.Sprintf("%d epochs do not suffice for %d scales", o.Epochs, o.Scales)}
	}
	return nil
}

// checkOwn refuses a term of the caller's that is called like one of the library's, which would be taken in its stead.
func (o Options) checkOwn() error {
	for _, own := range o.Own {
		if slices.ContainsFunc(Terms(), func(t Term) bool { return t.Name == own.Name }) {
			return &sl.OptionError{Option: own.Name, Reason: "the library has a term of this name: call yours otherwise"}
		}
	}
	return nil
}

// takenError refuses a further term that has its place in the loss already.
func takenError(term, role string) error {
	return &sl.OptionError{Option: term, Reason: fmt.Sprintf("is the %s loss already, and counts once: set the %[1]s weight and the %[1]s layers instead of its own", role)}
}

// checkEffect refuses a loss that is 0 whatever the picture.
func (o Options) checkEffect() error {
	if slices.ContainsFunc(o.terms(), weighted.counts) {
		return nil
	}
	return &sl.OptionError{Option: "weights", Reason: "all terms of the loss have weight 0 or no layers, so there is nothing to minimize: give one a weight"}
}

// checkTerms looks whether the terms fit their places, and whether they can be had with tiles, masks and blends.
func (o Options) checkTerms() error {
	for _, role := range []struct {
		option, name string
		of           Source
	}{{"content loss", o.ContentLoss, ContentImage}, {"style loss", o.StyleLoss, StyleImages}} {
		term, err := o.term(role.name)
		if err != nil || term.Of != role.of {
			return &sl.OptionError{Option: role.option, Reason: fmt.Sprintf("there is no %q: choose one of %s", role.name, strings.Join(o.Names(role.of), ", "))}
		}
	}
	seen := map[string]bool{"network": true, "content": true, "style": true, "tv": true, "total": true, "epoch": true, "lr": true, "seconds": true}
	for _, t := range o.Terms {
		term, err := o.term(t.Name)
		if err == nil {
			err = term.check()
		}
		switch {
		case err != nil:
			return err
		case t.Name == o.ContentLoss:
			return takenError(t.Name, "content")
		case t.Name == o.StyleLoss:
			return takenError(t.Name, "style")
		case seen[t.Name]:
			return &sl.OptionError{Option: t.Name, Reason: "is named twice in the loss, or has the name of another column"}
		case !notNegative(t.Weight):
			return &sl.OptionError{Option: t.Name + " weight", Reason: fmt.Sprintf("%g is not a number of at least 0", t.Weight)}
		case term.Image == nil && term.Loss == nil && len(t.Layers) == 0:
			return &sl.OptionError{Option: t.Name + " layers", Reason: "it looks at layers and none is named"}
		}
		if err := (sl.Options{StyleLayers: t.Layers}).Validate(o.networks()...); err != nil {
			return err
		}
		if err := layerWeights(t.Name+" layer weights", t.LayerWeights, t.Layers); err != nil {
			return err
		}
		seen[t.Name] = true
	}
	for _, term := range o.terms() {
		if err := term.Term.check(); err != nil {
			return err
		}
		for _, layer := range term.layers {
			if factor, ok := term.weights[layer]; ok && term.layersAtOnce() && factor != 0 && factor != 1 {
				return &sl.OptionError{Option: term.name + " layers", Reason: fmt.Sprintf(
					"%s looks at all its layers at once, so that they have no weights of their own: leave the factor of %s out", term.Name, layer)}
			}
		}
	}
	if name := o.whole(); o.Tile > 0 && name != "" {
		return &sl.OptionError{Option: "tile", Reason: fmt.Sprintf("%s is no sum over positions, so it can't be computed in pieces: leave one of them out", name)}
	}
	return nil
}

// whole is the name of a term that can't be computed in pieces; "" where all can be.
func (o Options) whole() string {
	for _, term := range o.terms() {
		if !term.overPositions() && term.Image == nil && (term.Loss == nil || len(term.layers) > 0) {
			return term.Name
		}
	}
	return ""
}

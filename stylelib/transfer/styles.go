package transfer

import (
	"fmt"
	"math"
	"slices"

	sl "stylebook/stylelib"
)

// checkStyles looks at what each style image has of its own.
func (o Options) checkStyles(styles int) error {
	for _, scale := range append([]float64{o.StyleScale}, o.StyleScales...) {
		if !(scale > 0 && scale <= maxStyleScale) {
			return &sl.OptionError{Option: "style scale", Reason: fmt.Sprintf("%g is not a number above 0 and at most %d", scale, maxStyleScale)}
		}
	}
	if o.StyleScales != nil && len(o.StyleScales) != styles {
		return &sl.OptionError{Option: "style scale", Reason: fmt.Sprintf("%d for %d style images", len(o.StyleScales), styles)}
	}
	if o.LayersOfStyles == nil {
		return nil
	}
	if len(o.LayersOfStyles) != styles {
		return &sl.OptionError{Option: "style layers", Reason: fmt.Sprintf("%d lists for %d style images", len(o.LayersOfStyles), styles)}
	}
	if term, err := o.term(o.StyleLoss); err == nil && term.Statistic == nil {
		return &sl.OptionError{Option: "style layers", Reason: fmt.Sprintf(
			"%s looks at all layers of a style image at once, so the images can't have layers of their own: give one list", term.Name)}
	}
	return o.checkLayersOfStyles()
}

// checkLayersOfStyles wants every layer to have a style image, and every style image a layer.
func (o Options) checkLayersOfStyles() error {
	for i, layers := range o.LayersOfStyles {
		if len(layers) == 0 {
			return &sl.OptionError{Option: "style layers", Reason: fmt.Sprintf("style image %d has none", i+1)}
		}
		for _, layer := range layers {
			if !slices.Contains(o.StyleLayers, layer) {
				return &sl.OptionError{Option: "style layers", Reason: fmt.Sprintf("%s of style image %d is not among those of all", layer, i+1)}
			}
		}
	}
	shares := o.shares(len(o.LayersOfStyles))
	for _, layer := range o.StyleLayers {
		total := 0.0
		for i, layers := range o.LayersOfStyles {
			if slices.Contains(layers, layer) {
				total += shares[i]
			}
		}
		if total == 0 {
			return &sl.OptionError{Option: "style layers", Reason: fmt.Sprintf("no style image with a blend weight above 0 has %s", layer)}
		}
	}
	return nil
}

// styleHas says whether the style in a layer is compared with style image i. Options must be resolved.
func (o Options) styleHas(i int, layer string) bool {
	return o.LayersOfStyles == nil || slices.Contains(o.LayersOfStyles[i], layer)
}

// styleSize is the size of style image i for a result of some size.
func (o Options) styleSize(of size, i int) size {
	scale := o.StyleScale
	if o.StyleScales != nil {
		scale = o.StyleScales[i]
	}
	scaled := func(length int) int { return max(1, int(math.Round(float64(length)*scale))) }
	return size{scaled(of.height), scaled(of.width)}
}

// shares returns the blend weights of n style images with a sum of 1.
func (o Options) shares(n int) []float64 {
	shares, sum := make([]float64, n), 0.0
	for i := range shares {
		shares[i] = 1
		if o.Blend != nil {
			shares[i] = o.Blend[i]
		}
		sum += shares[i]
	}
	for i := range shares {
		shares[i] /= sum
	}
	return shares
}

package transfer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	sl "stylebook/stylelib"
)

// Layers returns the layers that the options name, those of weight 0 among them: the network ends after the last of them, and
// [sl.TapsInPlace] makes its last layer another.
func (o Options) Layers() []string {
	layers := slices.Concat(o.ContentLayers, o.StyleLayers)
	for _, t := range o.Terms {
		layers = append(layers, t.Layers...)
	}
	return layers
}

// computed returns the layers whose features are looked at.
func (o Options) computed() (layers []string) {
	for _, t := range o.terms() {
		layers = append(layers, t.looksAt()...)
	}
	return layers
}

// Resolve returns the options with the names that layers have in a network, in its order, each once. A layer that the
// network lacks is a *[sl.LayerError].
func (o Options) Resolve(network sl.Chain) (Options, error) {
	var err error
	names := func(layers []string) (named []string) {
		found, findErr := sl.FindLayers(network, layers...)
		if findErr != nil && err == nil {
			err = findErr
		}
		for _, layer := range found {
			named = append(named, layer.Name)
		}
		return named
	}
	weights := func(given map[string]float64) map[string]float64 {
		var named map[string]float64
		for layer, weight := range given {
			for _, name := range names([]string{layer}) {
				if named == nil {
					named = map[string]float64{}
				}
				named[name] = weight
			}
		}
		return named
	}
	o.ContentLayers, o.StyleLayers = names(o.ContentLayers), names(o.StyleLayers)
	o.ContentLayerWeights, o.StyleLayerWeights = weights(o.ContentLayerWeights), weights(o.StyleLayerWeights)
	o.LayersOfStyles = slices.Clone(o.LayersOfStyles)
	for i := range o.LayersOfStyles {
		o.LayersOfStyles[i] = names(o.LayersOfStyles[i])
	}
	o.Terms = slices.SortedFunc(slices.Values(o.Terms), func(a, b TermOptions) int { return strings.Compare(a.Name, b.Name) })
	for i := range o.Terms {
		o.Terms[i].Layers, o.Terms[i].LayerWeights = names(o.Terms[i].Layers), weights(o.Terms[i].LayerWeights)
	}
	return o, err
}

// ParseLayers reads a comma-separated list of layers, with a factor after a colon where a layer's is not 1:
// "conv1_1:2,conv2_1,10:0.5". A layer that no network of the VGG family has is a *[sl.LayerError], which comes with what was
// read: a network of the caller's may have it.
func ParseLayers(list string) (layers []string, weights map[string]float64, err error) {
	layers = []string{}
	for field := range strings.SplitSeq(list, ",") {
		name, factor, weighted := strings.Cut(field, ":")
		if name = strings.TrimSpace(name); name == "" && !weighted {
			continue
		}
		layers = append(layers, name)
		if !weighted {
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(factor), 64)
		if err != nil || !notNegative(weight) || name == "" {
			return nil, nil, &sl.OptionError{Option: strings.TrimSpace(field), Reason: fmt.Sprintf("%q is not a weight of at least 0", factor)}
		}
		if weights == nil {
			weights = map[string]float64{}
		}
		weights[name] = weight
	}
	return layers, weights, sl.Options{StyleLayers: layers}.Validate()
}

// ParseStyleLayers is [ParseLayers] for lists of several style images, separated by semicolons: "conv1_1,conv2_1;conv4_1:2". all are
// the layers of all lists; each are those of one image, nil where there is one list for all. A factor is a layer's, whatever
// images have it.
func ParseStyleLayers(list string) (all []string, weights map[string]float64, each [][]string, err error) {
	lists := strings.Split(list, ";")
	if len(lists) == 1 {
		all, weights, err = ParseLayers(list)
		return all, weights, nil, err
	}
	for _, one := range lists {
		layers, factors, listErr := ParseLayers(one)
		if layers == nil {
			return nil, nil, nil, listErr
		}
		err = cmp.Or(err, listErr)
		for layer, factor := range factors {
			if before, ok := weights[layer]; ok && before != factor {
				return nil, nil, nil, &sl.OptionError{Option: layer, Reason: fmt.Sprintf("has the factors %g and %g: a layer has one, for all style images", before, factor)}
			}
		}
		if weights == nil {
			weights = factors
		} else {
			maps.Copy(weights, factors)
		}
		each = append(each, layers)
		for _, layer := range layers {
			if !slices.Contains(all, layer) {
				all = append(all, layer)
			}
		}
	}
	return all, weights, each, err
}

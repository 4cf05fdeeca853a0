package transfer

import (
	"fmt"
	"slices"

	sl "stylebook/stylelib"
)

// Network is a feature network of the caller's, in the place of one that is loaded, with the layers that the two losses look at
// unless the options say otherwise. [Options.Add] takes it.
type Network struct {
	sl.FeatureNetwork
	ContentLayers, StyleLayers []string
}

// addTo takes the network. Terms that look at layers that it lacks look at its own.
func (n Network) addTo(o *Options) {
	o.Network = &n
	o.ContentLayers, o.StyleLayers = o.layersFor(o.ContentLayers), o.layersFor(o.StyleLayers)
	o.Terms = slices.Clone(o.Terms) // which other options may share
	for i := range o.Terms {
		o.Terms[i].Layers = o.layersFor(o.Terms[i].Layers)
	}
}

// layersFor are the layers that a term has in the network: its own, or where the network lacks one of them those of the role that
// the chapter's network has them for.
func (o Options) layersFor(layers []string) []string {
	if o.Network == nil {
		return slices.Clone(layers)
	}
	if _, err := sl.FindLayers(o.Network, layers...); err == nil {
		return slices.Clone(layers)
	}
	if slices.Equal(layers, contentRole) {
		return slices.Clone(o.Network.ContentLayers)
	}
	return slices.Clone(o.Network.StyleLayers)
}

// networks are what layers may be of: the caller's network, or nil for any of the VGG family.
func (o Options) networks() []sl.Chain {
	if o.Network == nil {
		return nil
	}
	return []sl.Chain{o.Network.FeatureNetwork}
}

// checkNetwork refuses options that do not go with a network of the caller's.
func (o Options) checkNetwork() error {
	switch {
	case o.Network == nil:
		return nil
	case o.Network.FeatureNetwork == nil:
		return &sl.OptionError{Option: "network", Reason: "it is missing: set its FeatureNetwork"}
	case o.Pooling != PoolingOfWeights:
		return &sl.OptionError{Option: "pooling", Reason: fmt.Sprintf("%v has its own: leave it out", o.Network)}
	}
	return nil
}

// checkReach refuses tiles where a layer looks at more than a piece of the picture.
func (t *Transfer) checkReach() error {
	for _, layer := range t.Extractor.Layers {
		if t.Options.Tile > 0 && layer.Reach < 0 {
			return &sl.OptionError{Option: "tile", Reason: fmt.Sprintf(
				"%s of %v looks at the whole picture, so it can't be computed in pieces: leave it out, or use layers before %[1]s", layer.Name, t.Network)}
		}
	}
	return nil
}

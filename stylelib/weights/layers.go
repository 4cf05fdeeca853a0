package weights

import (
	"fmt"
	"slices"

	sl "stylebook/stylelib"
)

// convsOf returns an architecture's convolutions in order.
func convsOf(a sl.Architecture) []sl.Layer {
	return slices.DeleteFunc(a.Layers(), func(l sl.Layer) bool { return l.Kind != sl.ConvLayer })
}

// needed returns the convolutions of an architecture that a run with these layers needs: those up to the last of the
// layers, all where there are none. A layer that the architecture lacks gives a *sl.LayerError.
func needed(a sl.Architecture, layers []string) ([]sl.Layer, error) {
	found, err := a.Find(layers...)
	if err != nil || len(found) == 0 {
		return convsOf(a), err
	}
	last := found[len(found)-1].Index
	return slices.DeleteFunc(convsOf(a), func(l sl.Layer) bool { return l.Index > last }), nil
}

// slug returns the short name of an architecture that stands in file names and metadata, such as vgg19.
func slug(a sl.Architecture) string { return fmt.Sprintf("vgg%d", int(a)) }

func checkArchitecture(a sl.Architecture) error {
	if !slices.Contains(sl.Architectures(), a) {
		return fmt.Errorf("%s is none of %s", a, listed(sl.Architectures()))
	}
	return nil
}

package transfer

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
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
		layers, factors, err := ParseLayers(one)
		if err != nil {
			return nil, nil, nil, err
		}
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
	return all, weights, each, nil
}

// StyleNoise returns an image [1, height, width, 3] of noise whose colours are distributed as those of normalized style images, each
// [1, h, w, 3], mixed by shares with the sum 1.
//
//	x = m + C^½·z,  m = Σ shareᵢ·mᵢ,  C = Σ shareᵢ·(Cᵢ + (mᵢ - m)·(mᵢ - m)ᵀ)
//
// z is [Noise] of the seed; mᵢ and Cᵢ are mean and covariance of the pixels of image i.
func StyleNoise(styles []*tensors.Tensor, shares []float64, seed int64, height, width int) (*tensors.Tensor, error) {
	var mean [3]float64
	var square [9]float64 // mean of p·pᵀ
	for i, style := range styles {
		values, err := tensors.CopyFlatData[float32](style)
		if err != nil {
			return nil, err
		}
		share := shares[i] / float64(len(values)/3)
		for at := 0; at < len(values); at += 3 {
			for a := range 3 {
				mean[a] += share * float64(values[at+a])
				for b := range 3 {
					square[3*a+b] += share * float64(values[at+a]) * float64(values[at+b])
				}
			}
		}
	}
	for a := range 3 {
		for b := range 3 {
			square[3*a+b] -= mean[a] * mean[b]
		}
	}
	root, err := squareRoot(square[:], 3)
	if err != nil {
		return nil, err
	}
	noise := tensors.MustCopyFlatData[float32](Noise(seed, height, width))
	values := make([]float32, len(noise))
	for at := 0; at < len(noise); at += 3 {
		for a := range 3 {
			v := mean[a]
			for b := range 3 {
				v += root[3*a+b] * float64(noise[at+b])
			}
			values[at+a] = float32(v)
		}
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3), nil
}

// Gray returns a normalized image [1, height, width, 3] that is halfway between black and white.
func Gray(height, width int) *tensors.Tensor {
	values := make([]float32, height*width*3)
	for i := range values {
		values[i] = (0.5 - sl.RGBMean[i%3]) / sl.RGBStd[i%3]
	}
	return tensors.FromFlatDataAndDimensions(values, 1, height, width, 3)
}

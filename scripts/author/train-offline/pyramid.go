package main

import "slices"

// The pyramid is a second, wholly analytic network beside the one with orthogonal filters: colours and edges at four
// scales, as in steerable pyramids. It keeps the colours of the style at every scale, and at the content layer it keeps
// where the content picture has edges of which direction and size. The orthogonal filters mix what is left.
//
// Portilla, Simoncelli 2000 describe textures by such channels alone.

// lift is added to a carrier, a channel that brings a colour down unchanged, so that no ReLU cuts it off.
const lift = 5

// quiet is the root mean square of a carrier in the finished network; that of all other channels is 1. Carriers say
// nothing that others don't, and a Gram matrix full of their lift would say little else.
const quiet = 0.05

// edgeNames are the four directions in which brightness can change.
var edgeNames = []string{"dx", "dy", "da", "db"}

// blobs are spots of a colour that their surroundings don't have.
var blobs = map[string]string{"rgpeak": "rg", "bypeak": "by"}

// strengths are what each scale keeps the strength of.
var strengths = append(slices.Clone(edgeNames), "rgpeak", "bypeak")

// fineNames are grain that the edges don't see: pixels that differ from both neighbours, across, down, and both. They
// are taken of all three colours, and what is found is added up on its way down.
var fineNames = []string{"px", "py", "pp"}

var colourNames = []string{"lum", "rg", "by"}

// source is what a channel gets from one channel of the layer before.
type source struct {
	name   string
	kernel [9]float64
}

// channel is a channel of the pyramid. Its name begins with + or - where a ReLU keeps one sign, with new where it holds
// the strength found at the present scale, and with old where it holds that of all finer scales; the carriers' names are
// plain.
type channel struct {
	name    string
	sources []source
	bias    float64
}

var unchanged = [9]float64{4: 1}

// pyramidAt lists the pyramid's channels of a convolution after conv1_1. thresholds are the biases of conv1_1's
// analytic channels by name.
func pyramidAt(conv int, thresholds map[string]float64) (channels []channel) {
	block, first := blockOf(conv), blockOf(conv) != blockOf(conv-1)
	if conv > contentConv {
		return nil
	}
	kernel := unchanged
	if !first && conv < tapConvs[3] {
		// Pooling drops an odd last row or column. Blurred, it is still seen in its neighbours: what no deep layer sees
		// would be free for whatever colour the style asks for.
		kernel = grayKernels()["blur"]
	}
	add := func(name string, from ...string) {
		c := channel{name: name}
		for _, f := range from {
			c.sources = append(c.sources, source{f, kernel})
		}
		channels = append(channels, c)
	}
	if conv < tapConvs[3] { // conv4_1 is the last to take something off the carriers
		for _, name := range colourNames {
			channels = append(channels, channel{name: name, sources: []source{{name, unchanged}}})
		}
	}
	for _, name := range fineNames {
		if conv == 1 {
			add(name, "lum"+name, "rg"+name, "by"+name)
		} else {
			add(name, name)
		}
	}
	for _, name := range strengths {
		switch {
		case first && block == 1:
			add("old"+name, "new"+name)
		case first:
			add("old"+name, "old"+name, "new"+name)
		case block > 0:
			add("old"+name, "old"+name)
		}
		switch {
		case conv == 1 && blobs[name] != "":
			add("new"+name, blobs[name]+"px", blobs[name]+"py")
		case slices.Contains(tapConvs[:], conv-1):
			add("new"+name, "+"+name, "-"+name)
		case !first:
			add("new"+name, "new"+name)
		}
	}
	if block == blockOf(contentConv) && !first { // what is bright stays bright
		add("+lum", "+lum")
		add("-lum", "-lum")
	}
	if first {
		channels = append(channels, newScale(thresholds)...)
	}
	return channels
}

// newScale takes colours, edges and blobs off the carriers, at the scale that a block sees.
func newScale(thresholds map[string]float64) (channels []channel) {
	kernels := grayKernels()
	for _, sign := range []float64{1, -1} {
		prefix := map[float64]string{1: "+", -1: "-"}[sign]
		for _, colour := range colourNames {
			channels = append(channels, channel{prefix + colour, []source{{colour, scaled(kernels["blur"], sign)}},
				thresholds[prefix+colour] - sign*lift})
		}
		for _, name := range strengths {
			from, shape := "lum", name
			if blobs[name] != "" {
				from, shape = blobs[name], "peak"
			}
			channels = append(channels, channel{prefix + name, []source{{from, scaled(kernels[shape], sign)}}, 0})
		}
	}
	return channels
}

func scaled(kernel [9]float64, by float64) [9]float64 {
	for i := range kernel {
		kernel[i] *= by
	}
	return kernel
}

// withCarriers appends grain and carriers to conv1_1, whose analytic channels are its last, and returns the names of all that
// is not learned.
func withCarriers(first layer, learned int) (layer, []string) {
	names, kernels := analyticNames(), [][27]float64{}
	for colour := range colourNames {
		for _, fine := range fineNames {
			kernels = append(kernels, coloured(colour, fine))
			names = append(names, colourNames[colour]+fine)
		}
	}
	names = append(names, colourNames...)
	wide := layer{in: first.in, bias: slices.Clone(first.bias)}
	for row := range 9 * first.in {
		values := first.filter[row*first.out:][:first.out]
		wide.filter = append(wide.filter, values...)
		for _, kernel := range kernels {
			wide.filter = append(wide.filter, float32(kernel[row]))
		}
		wide.filter = append(wide.filter, values[learned:learned+len(colourNames)]...)
	}
	wide.bias = append(wide.bias, make([]float32, len(kernels))...)
	for range colourNames {
		wide.bias = append(wide.bias, lift)
	}
	wide.out = len(wide.bias)
	return wide, names
}

// withPyramid appends the pyramid to all layers. learned are the numbers of learned channels.
func withPyramid(layers []layer) []layer {
	learned := layers[0].out - analyticChannels
	thresholds := map[string]float64{}
	for i, name := range analyticNames() {
		thresholds[name] = float64(layers[0].bias[learned+i])
	}
	extended := slices.Clone(layers)
	var names []string
	extended[0], names = withCarriers(layers[0], learned)
	for k := 1; k < len(layers); k++ {
		channels := pyramidAt(k, thresholds)
		extended[k] = layers[k].extended(learned, names, channels)
		learned, names = layers[k].out, nil
		for _, c := range channels {
			names = append(names, c.name)
		}
	}
	return extended
}

// extended returns the layer with the pyramid's channels after its own. before are the names of the pyramid's channels
// in the layer before, which follow its learned ones.
func (l layer) extended(learned int, before []string, channels []channel) layer {
	wide := layer{in: learned + len(before), out: l.out + len(channels), bias: slices.Clone(l.bias)}
	wide.filter = make([]float32, 9*wide.in*wide.out)
	for tap := range 9 {
		for i := range l.in {
			copy(wide.filter[(tap*wide.in+i)*wide.out:], l.filter[(tap*l.in+i)*l.out:][:l.out])
		}
	}
	for n, c := range channels {
		wide.bias = append(wide.bias, float32(c.bias))
		for _, s := range c.sources {
			i := learned + slices.Index(before, s.name)
			for tap, v := range s.kernel {
				wide.filter[(tap*wide.in+i)*wide.out+l.out+n] = float32(v)
			}
		}
	}
	return wide
}

// calm makes the carriers quiet; every other channel already has its size.
func calm(layers []layer, learned []int) {
	thresholds := map[string]float64{}
	for k := range tapConvs[3] {
		first := learned[k]
		names := pyramidAt(k, thresholds)
		if k == 0 {
			first += analyticChannels + len(colourNames)*len(fineNames)
			names = []channel{{name: "lum"}, {name: "rg"}, {name: "by"}}
		}
		for i, c := range names {
			if slices.Contains(colourNames, c.name) {
				layers[k].scaleOut(first+i, quiet)
				layers[k+1].scaleIn(first+i, 1/quiet)
			}
		}
	}
}

package transfer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	sl "stylebook/stylelib"
)

// Init says what the synthesized image is at first.
type Init string

const (
	InitContent Init = "content" // the content image, as in the chapter
	InitStyle   Init = "style"   // the first style image, at the size of the content image
	InitNoise   Init = "noise"   // each value drawn from a normal distribution with mean 0 and variance 1, after normalization
	InitFile    Init = "file"    // a picture of the caller's
	InitGray    Init = "gray"    // halfway between black and white everywhere

	// InitStatistics is noise with the style images' mean and covariance of colour: see [styleNoise].
	InitStatistics Init = "style-statistics"
)

// Inits returns what an image can start from without a picture of the caller's.
func Inits() []Init { return []Init{InitContent, InitStyle, InitNoise, InitGray, InitStatistics} }

// PoolingOfWeights lets the file of weights say how the network halves its maps: by the maximum, if it says nothing.
const PoolingOfWeights sl.Pooling = "weights"

// Colours says whose colours the result has.
type Colours string

const (
	ColoursOfStyle        Colours = "style"     // as they come, as in the chapter
	ColoursLuminance      Colours = "luminance" // the content image's chroma under the result's luminance
	ColoursMeanCovariance Colours = "histogram" // the style images get the content image's mean and covariance of colour first
	ColoursMatched        Colours = "painting"  // the result gets the style image's mean and covariance of colour at last
)

// Options are the chapter's and more. Every field means what it says, 0 included. Start from [Default].
type Options struct {
	sl.Options

	ContentLayerWeights map[string]float64 // factor on the loss of a layer, by name or index; 1 for one not named
	StyleLayerWeights   map[string]float64
	NormalizeLayers     bool // divide each layer's loss by its scale: see [NormalizedStyleWeight]

	ContentLoss string        // name of the term in the place of the chapter's content loss
	StyleLoss   string        // and of its style loss: [Options.UseStyleLoss] chooses one with the weight that goes with it
	Terms       []TermOptions // further terms of the loss
	Own         []Term        `json:"-"` // terms that the library doesn't have, for Terms, ContentLoss and StyleLoss to name
	Renew       int           // epochs for which an optimal transport of the style's features serves (see transport.go); 1: the loss of each epoch is exact
	Samples     int           // positions that terms on sampled positions take of each picture

	Blend      []float64 // share of each style image, of any sum; nil gives all the same
	StyleScale float64   // size of the style images as a multiple of the result's

	// StyleScales and LayersOfStyles are of each style image alone; nil: all have StyleScale and StyleLayers. In a layer that not
	// all have, those that have it are blended: the strokes of one image, the forms of another (Gatys et al. 2017, section 6).
	// StyleLayers are then all of them. [ParseStyleLayers] makes both.
	StyleScales    []float64
	LayersOfStyles [][]string

	Init Init
	Seed int64 // of noise and of sampled positions

	Network *Network `json:"-"` // of the caller's; nil: the one of the weights
	Pooling sl.Pooling
	Colours Colours

	Optimizer  string   // name of a method: [Options.Use] chooses one with the numbers that go with it
	History    int      // steps that L-BFGS remembers
	OwnMethods []Method `json:"-"` // that the library doesn't have, for Optimizer to name

	ContentShare float64 // share of the photograph in what neighbours are sought for, from 0 to 1; the rest is the picture so far
	Rotations    int     // quarter turns of the style images, from 1 to 4, in which neighbours are sought; 1: as they stand

	Scales      int     // trainings one after the other, each √2 times as high and wide as the one before; 1 is the chapter's
	Coarsest    int     // longer side of the coarsest scale, in pixels: scales follow from it, each twice as high and wide as the one before; 0: Scales says
	FinerEpochs float64 // with Coarsest: epochs of a scale as a multiple of those of the one before
	Tile        int     // height and width of the pieces in which the loss is computed, in pixels; 0 computes it whole; or [TileAsNeeded]
}

// TermOptions are a further term of the loss.
type TermOptions struct {
	Name   string
	Weight float64
	Layers []string

	LayerWeights map[string]float64 `json:",omitempty"` // factor on the loss of a layer; 1 for one not named
}

// Default returns the chapter's PyTorch variant.
func Default() Options { return From(sl.Default()) }

// From returns the chapter's way with the given options.
func From(options sl.Options) Options {
	return Options{
		Options:     options,
		ContentLoss: contentTerm.Name,
		StyleLoss:   gramTerm.Name,
		Renew:       1,
		Samples:     1024,
		StyleScale:  1,
		Init:        InitContent,
		Pooling:     PoolingOfWeights,
		Colours:     ColoursOfStyle,
		Optimizer:   Adam,
		History:     20,
		Rotations:   1,
		Scales:      1,
		FinerEpochs: 1,
	}
}

// Seeded says whether the seed has a say, whatever the weights are.
func (o Options) Seeded() bool {
	return o.Init == InitNoise || o.Init == InitStatistics || slices.ContainsFunc(o.terms(), func(t weighted) bool { return t.Sampled != nil || t.bind != nil })
}

// Constants are the numbers that decide a result beside the options.
func (o Options) Constants() map[string]float64 {
	constants := map[string]float64{}
	if m, err := o.method(); err == nil {
		maps.Copy(constants, m.Optimizer(o, o.Epochs).Constants)
	}
	if o.Renew > 1 {
		constants["relax"] = relax
	}
	for _, t := range o.terms() {
		if t.Statistic != nil && t.Statistic.transport {
			constants["noise"] = noise
		}
		if t.Statistic != nil && t.Statistic.Relative && !o.NormalizeLayers {
			constants[t.name+" relative"] = 1
		}
	}
	return constants
}

// Term returns the options of a further term of the loss, which it adds with the layers and the weight that go with it if it
// is none yet.
func (o *Options) Term(name string) *TermOptions {
	for i := range o.Terms {
		if o.Terms[i].Name == name {
			return &o.Terms[i]
		}
	}
	term, _ := o.term(name)
	o.Terms = append(o.Terms, TermOptions{Name: name, Weight: term.Weight, Layers: o.layersFor(term.Layers)})
	return &o.Terms[len(o.Terms)-1]
}

// Known returns the terms that the options can name: the library's and the caller's own.
func (o Options) Known() []Term { return append(Terms(), o.Own...) }

func (o Options) term(name string) (Term, error) {
	var names []string
	for _, term := range o.Known() {
		if term.Name == name {
			return term, nil
		}
		names = append(names, term.Name)
	}
	return Term{}, &sl.OptionError{Option: "loss", Reason: fmt.Sprintf("there is no term %q: choose one of %s", name, strings.Join(names, ", "))}
}

// Names returns the names of the terms that compare with a picture.
func (o Options) Names(of Source) (names []string) {
	for _, term := range o.Known() {
		if term.Of == of {
			names = append(names, term.Name)
		}
	}
	return names
}

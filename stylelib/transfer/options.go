package transfer

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	sl "stylebook/stylelib"

	"github.com/gomlx/gomlx/core/tensors"
)

// Init says what the synthesized image is at first.
type Init string

const (
	InitContent Init = "content" // the content image, as in the chapter
	InitStyle   Init = "style"   // the first style image, at the size of the content image
	InitNoise   Init = "noise"   // each value drawn from a normal distribution with mean 0 and variance 1, after normalization
	InitFile    Init = "file"    // a picture of the caller's
	InitGray    Init = "gray"    // halfway between black and white everywhere

	// InitStatistics is noise with the style images' mean and covariance of colour: see [StyleNoise].
	InitStatistics Init = "style-statistics"
)

// Inits returns what an image can start from without a picture of the caller's.
func Inits() []Init { return []Init{InitContent, InitStyle, InitNoise, InitGray, InitStatistics} }

// PoolingOfWeights lets the file of weights say how the network halves its maps: by the maximum, if it says nothing.
const PoolingOfWeights sl.Pooling = "weights"

// Optimizer says how the image follows the gradient. [Options.Use] chooses one with the numbers that go with it.
type Optimizer string

const (
	Adam  Optimizer = "adam"  // the chapter's
	Fast  Optimizer = "fast"  // Adam at several resolutions at once, with a schedule of its own: see fast.go
	LBFGS Optimizer = "lbfgs" // limited-memory BFGS with steps of fixed length, as in torch.optim.LBFGS
)

// Colours says whose colours the result has.
type Colours string

const (
	ColoursOfStyle        Colours = "style"     // as they come, as in the chapter
	ColoursLuminance      Colours = "luminance" // the content image's chroma under the result's luminance
	ColoursMeanCovariance Colours = "histogram" // the style images get the content image's mean and covariance of colour first
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

	Pooling sl.Pooling
	Colours Colours

	Optimizer Optimizer
	History   int // steps that L-BFGS remembers

	Scales int // trainings one after the other, each √2 times as high and wide as the one before; 1 is the chapter's
	Tile   int // height and width of the pieces in which the loss is computed, in pixels; 0 computes it whole
}

// TermOptions are a further term of the loss.
type TermOptions struct {
	Name   string
	Weight float64
	Layers []string
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
		Scales:      1,
	}
}

// Painting is the preset for people who want a picture, whatever two pictures they have: relative losses, the style's by
// [Wasserstein], and the fast optimizer.
const Painting = "painting"

// Presets returns the names that [Choice.Preset] takes: [Painting], and the variants of the chapter.
func Presets() []string { return append([]string{Painting}, sl.Presets()...) }

// Choice names what brings numbers of its own: options are chosen first, and other numbers laid over them. "" is what goes with
// the preset.
type Choice struct {
	Preset          string // one of [Presets]; "": the chapter's PyTorch version
	Optimizer       Optimizer
	ContentLoss     string
	StyleLoss       string
	NormalizeLayers bool
	Own             []Term // of the caller, each part of the loss with its own layers and weight
}

// Choose returns the options that go with a choice. An unknown name is an *[sl.OptionError].
func Choose(c Choice) (Options, error) {
	chapter := sl.Default()
	switch c.Preset {
	case "":
	case Painting:
		c.StyleLoss = cmp.Or(c.StyleLoss, wassersteinTerm.Name)
		c.Optimizer = cmp.Or(c.Optimizer, Fast)
		c.NormalizeLayers = true
	default:
		var err error
		if chapter, err = sl.Preset(c.Preset); err != nil {
			return Options{}, &sl.OptionError{Option: "preset", Reason: fmt.Sprintf("there is no %q: choose %s", c.Preset, strings.Join(Presets(), ", "))}
		}
	}
	o := From(chapter)
	for _, term := range c.Own {
		o.Add(term)
	}
	for _, role := range []struct {
		name string
		use  func(name string)
	}{{c.ContentLoss, o.UseContentLoss}, {c.StyleLoss, o.UseStyleLoss}} {
		if role.name == "" {
			continue
		}
		if _, err := o.term(role.name); err != nil {
			return Options{}, err
		}
		role.use(role.name)
	}
	if c.NormalizeLayers {
		o.Normalize()
	}
	o.Use(cmp.Or(c.Optimizer, Adam))
	if c.Preset == Painting && c.StyleLoss == wassersteinTerm.Name {
		o.StyleWeight, o.Renew = paintingStyleWeight, paintingRenew
		if o.Optimizer == Fast {
			o.LearningRate = paintingLearningRate
		}
	}
	return o, nil
}

// The default preset's own numbers, chosen with VGG-16 on ten pairs at 96 × 144 and three at 300 × 450 (height × width).
const (
	// paintingStyleWeight leaves the scene in the picture: at three times as much, motifs of the style take its place.
	paintingStyleWeight = 0.34

	// paintingRenew takes a tenth of the roots that exact losses take. Transports hold a little on to what is there: with the style
	// weight 0.3, the rate 0.05 and exact losses, pictures are as far from painting and photograph as with these numbers.
	paintingRenew        = 10
	paintingLearningRate = 0.1
)

// Strengthen is the dial for how much style: it multiplies the style weight by the square of strength, from 0, no style, to
// [MaxStrength]; 1 leaves it. Another number is an *[sl.OptionError].
func (o *Options) Strengthen(strength float64) error {
	if !(strength >= 0 && strength <= MaxStrength) {
		return &sl.OptionError{Option: "strength", Reason: fmt.Sprintf("%g is not a number from 0 to %d", strength, MaxStrength)}
	}
	o.StyleWeight *= strength * strength
	return nil
}

// MaxStrength is the largest strength; the style weight is then a hundred times as large.
const MaxStrength = 10

// Use chooses an optimizer and sets the numbers that go with it: L-BFGS has learning rate 1 and no decay, the fast one
// its own learning rate and number of epochs.
func (o *Options) Use(optimizer Optimizer) {
	o.Optimizer = optimizer
	switch optimizer {
	case LBFGS:
		o.LearningRate, o.LRDecayEvery = 1, 0
	case Fast:
		o.LearningRate, o.Epochs = fastLearningRate, fastEpochs
	}
}

// UseContentLoss chooses the term in the place of the content loss, and sets the weight and the layers that go with it: weight 1
// where the term names none. It is then no further term.
func (o *Options) UseContentLoss(name string) {
	o.ContentLoss = name
	if term, err := o.take(name); err == nil {
		o.ContentWeight, o.ContentLayers = cmp.Or(term.Weight, 1), slices.Clone(term.Layers)
	}
}

// UseStyleLoss does for the style loss what [Options.UseContentLoss] does for the content loss.
func (o *Options) UseStyleLoss(name string) {
	o.StyleLoss = name
	if term, err := o.take(name); err == nil {
		o.StyleWeight, o.StyleLayers = cmp.Or(term.Weight, 1), slices.Clone(term.Layers)
	}
}

// take returns a term that gets another place than among the further ones: a term has one place, so that it counts once.
func (o *Options) take(name string) (Term, error) {
	others := slices.Clone(o.Terms) // which other options may share
	o.Terms = slices.DeleteFunc(others, func(t TermOptions) bool { return t.Name == name })
	return o.term(name)
}

// Normalize makes the loss of each layer relative, and sets the style weight that goes with it: [NormalizedStyleWeight], but
// for a style loss that is no statistic, which has a scale of its own.
func (o *Options) Normalize() {
	o.NormalizeLayers = true
	if term, err := o.term(o.StyleLoss); err == nil && term.Statistic != nil {
		o.StyleWeight = NormalizedStyleWeight
	}
}

// Add makes one of the caller's terms part of the loss, with its own layers and weight.
func (o *Options) Add(term Term) {
	o.Own = append(o.Own, term)
	o.Terms = append(o.Terms, TermOptions{Name: term.Name, Weight: term.Weight, Layers: term.Layers})
}

// seeded says whether the seed has a say.
func (o Options) seeded() bool {
	return o.Init == InitNoise || o.Init == InitStatistics || slices.ContainsFunc(o.terms(), func(t weighted) bool { return t.Sampled != nil })
}

// Constants are the numbers that decide a result beside the options.
func (o Options) Constants() map[string]float64 {
	constants := map[string]float64{}
	if o.Optimizer == Fast {
		constants = map[string]float64{"hold": fastHold, "beta1": fastBeta1, "beta2": fastBeta2, "levels": fastLevels, "gain": fastGain}
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
	o.Terms = append(o.Terms, TermOptions{Name: name, Weight: term.Weight, Layers: slices.Clone(term.Layers)})
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

// Validate reports the first option that can't be used, as a *[sl.OptionError] or *[sl.LayerError]. styles is how many
// style images there are.
func (o Options) Validate(styles int) error {
	if err := o.Options.Validate(); err != nil {
		return err
	}
	for _, check := range []error{
		oneOf("init", o.Init, append(Inits(), InitFile)...),
		oneOf("pooling", o.Pooling, PoolingOfWeights, sl.MaxPooling, sl.AveragePooling),
		oneOf("colours", o.Colours, ColoursOfStyle, ColoursLuminance, ColoursMeanCovariance),
		oneOf("optimizer", o.Optimizer, Adam, Fast, LBFGS),
		layerWeights("content layer weights", o.ContentLayerWeights, o.ContentLayers),
		layerWeights("style layer weights", o.StyleLayerWeights, o.StyleLayers),
		o.checkBlend(styles),
		o.checkStyles(styles),
		o.checkNumbers(),
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
		between("tile", o.Tile, 0, math.MaxInt32),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case o.Epochs > 0 && o.Scales > o.Epochs:
		return &sl.OptionError{Option: "scales", Reason: fmt.Sprintf("%d epochs do not suffice for %d scales", o.Epochs, o.Scales)}
	case o.Optimizer == LBFGS && o.LRDecayEvery != 0:
		return &sl.OptionError{Option: "optimizer", Reason: "the learning rate of L-BFGS does not decay: choose it with Use, which sets the numbers that go with it"}
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
	seen := map[string]bool{"content": true, "style": true, "tv": true, "total": true, "epoch": true, "lr": true, "seconds": true}
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
		case term.Image == nil && len(t.Layers) == 0:
			return &sl.OptionError{Option: t.Name + " layers", Reason: "it looks at layers and none is named"}
		}
		if err := (sl.Options{StyleLayers: t.Layers}).Validate(); err != nil {
			return err
		}
		seen[t.Name] = true
	}
	for _, term := range o.terms() {
		if err := term.Term.check(); err != nil {
			return err
		}
		if o.Tile > 0 && !term.overPositions() && term.Image == nil {
			return &sl.OptionError{Option: "tile", Reason: fmt.Sprintf("%s is no sum over positions, so it can't be computed in pieces: leave one of them out", term.Name)}
		}
	}
	return nil
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
func (o Options) Resolve(architecture sl.Architecture) (Options, error) {
	var err error
	names := func(layers []string) (named []string) {
		found, findErr := architecture.Find(layers...)
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
		o.Terms[i].Layers = names(o.Terms[i].Layers)
	}
	return o, err
}

// ParseLayers reads a comma-separated list of layers, with a factor after a colon where a layer's is not 1:
// "conv1_1:2,conv2_1,10:0.5". A layer that no network of the family has is a *[sl.LayerError].
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

// size is the height and width of an image in pixels.
type size struct{ height, width int }

func sizeOf(image *tensors.Tensor) size { return size{image.Shape().Dim(1), image.Shape().Dim(2)} }

// halved is the size of a map that was pooled so many times.
func (s size) halved(times int) size { return size{s.height >> times, s.width >> times} }

// sizes returns the size of each scale, coarsest first.
func (o Options) sizes(height, width int) []size {
	sizes := make([]size, o.Scales)
	for i := range sizes {
		factor := math.Pow(2, -float64(o.Scales-1-i)/2)
		sizes[i] = size{max(1, int(math.Round(float64(height)*factor))), max(1, int(math.Round(float64(width)*factor)))}
	}
	return sizes
}

// epochsOf returns how many epochs each scale has; the finest has what is left over.
func (o Options) epochsOf() []int {
	epochs := make([]int, o.Scales)
	for i := range epochs {
		epochs[i] = o.Epochs / o.Scales
	}
	epochs[o.Scales-1] += o.Epochs % o.Scales
	return epochs
}

// EpochsBefore returns how many epochs the scales before one have.
func (o Options) EpochsBefore(scale int) (epochs int) {
	for _, n := range o.epochsOf()[:scale] {
		epochs += n
	}
	return epochs
}

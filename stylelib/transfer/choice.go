package transfer

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	sl "stylebook/stylelib"
)

// Painting is the preset for who wants the colours and textures of a painting in one training of the whole picture: relative losses,
// the style's by [Wasserstein], and the fast optimizer.
const Painting = "painting"

// NNST is the preset for people who want a picture, whatever two pictures they have: every stroke is one of the painting's, by neural
// neighbours.
const NNST = "nnst"

// DefaultPreset is what the command and its page take where none is named.
const DefaultPreset = NNST

// Presets returns the names that [Choice.Preset] takes: [NNST], [Painting], and the variants of the chapter.
func Presets() []string { return append([]string{NNST, Painting}, sl.Presets()...) }

// Choice names what brings numbers of its own: options are chosen first, and other numbers laid over them. "" is what goes with
// the preset.
type Choice struct {
	Preset          string // one of [Presets]; "": the chapter's PyTorch version
	Optimizer       string // name of a method
	ContentLoss     string
	StyleLoss       string
	NormalizeLayers bool
	Own             []Extension // of the caller: each is used, but for a method where Optimizer names another
}

// Choose returns the options that go with a choice. An unknown name is an *[sl.OptionError].
func Choose(c Choice) (Options, error) {
	chapter := sl.Default()
	method := cmp.Or(c.Optimizer, ownMethod(c.Own))
	switch c.Preset {
	case "":
	case NNST:
		c.StyleLoss = cmp.Or(c.StyleLoss, neighboursTerm.Name)
		method = cmp.Or(method, Fast)
		c.NormalizeLayers = c.NormalizeLayers || c.StyleLoss != neighboursTerm.Name // another loss is as in [Painting]
	case Painting:
		c.StyleLoss = cmp.Or(c.StyleLoss, wassersteinTerm.Name)
		method = cmp.Or(method, Fast)
		c.NormalizeLayers = true
	default:
		var err error
		if chapter, err = sl.Preset(c.Preset); err != nil {
			return Options{}, &sl.OptionError{Option: "preset", Reason: fmt.Sprintf("there is no %q: choose %s", c.Preset, strings.Join(Presets(), ", "))}
		}
	}
	o := From(chapter)
	for _, own := range c.Own {
		if m, ok := own.(Method); ok {
			o.OwnMethods = append(o.OwnMethods, m) // used below, if it is the one
			continue
		}
		o.Add(own)
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
	o.Use(cmp.Or(method, Adam))
	if _, err := o.method(); err != nil {
		return Options{}, err
	}
	if c.Preset == NNST && o.byNeighbours() {
		o.useNNST()
	}
	if c.Preset == Painting && c.StyleLoss == wassersteinTerm.Name {
		o.StyleWeight, o.Renew = paintingStyleWeight, paintingRenew
		if o.Optimizer == Fast {
			o.LearningRate = paintingLearningRate
		}
	}
	return o, nil
}

// ownMethod is the name of the latest method among the caller's own; "" where there is none.
func ownMethod(own []Extension) (name string) {
	for _, one := range own {
		if m, ok := one.(Method); ok {
			name = m.Name
		}
	}
	return name
}

// Numbers of [Painting], chosen with VGG-16 on ten pairs at 96 × 144 and three at 300 × 450 (height × width).
const (
	// paintingStyleWeight leaves the scene in the picture: at three times as much, motifs of the style take its place.
	paintingStyleWeight = 0.34

	// paintingRenew takes a tenth of the roots that exact losses take. Transports hold a little on to what is there: with the style
	// weight 0.3, the rate 0.05 and exact losses, pictures are as far from painting and photograph as with these numbers.
	paintingRenew        = 10
	paintingLearningRate = 0.1
)

// useNNST sets the numbers of neural neighbours. The picture is as far from the photograph as the learning rate and the epochs let
// it go: further, and contrasts are hard and detail finer than the painting's; at six times as far a cat's face is hardly found.
func (o *Options) useNNST() {
	o.ContentWeight, o.StyleRepeat, o.TVWeight = 0, 1, 0
	o.ContentShare, o.Rotations = 0.75, 4
	o.Coarsest, o.FinerEpochs, o.Tile = 64, 0.75, TileAsNeeded
	if o.Optimizer == Fast {
		o.Epochs, o.LearningRate = nnstEpochs, 0.022
	}
}

const (
	nnstEpochs = 200

	// coarserReach is how much further a scale goes than the next finer one. The palette arrives at coarse scales, hard contrasts at
	// fine ones: with 1 a cat under a starry night is greyer than it, with 2 its colours are purer than the painting's.
	coarserReach = 1.25

	// largestStep bounds how many times as large as the learning rate the steps of few epochs are: larger ones leave noise.
	largestStep = 5
)

// ofStage are the options of the i-th of several trainings. With neural neighbours and [Fast] the learning rate is for [nnstEpochs] in
// each, which it shares among them by [coarserReach]: fewer epochs go as far, by larger steps, up to [largestStep].
func (o Options) ofStage(i int, stages []stage) Options {
	if o.byNeighbours() && o.Optimizer == Fast {
		sum := 0.0
		for _, s := range stages {
			sum += s.reach()
		}
		o.LearningRate *= min(largestStep, nnstEpochs*stages[i].reach()/(sum*float64(max(1, stages[i].epochs))))
	}
	return o
}

// reach is how far a stage goes, as a multiple of one of the finest scale.
func (s stage) reach() float64 { return math.Pow(coarserReach, float64(s.finer)) }

// Strengthen is the dial for how much style, from 0, no style, to [MaxStrength]; 1 leaves it. It multiplies the style weight by the
// square of strength; with neural neighbours, whose loss is alone, the learning rate and the share of the picture so far in what
// neighbours are sought for by strength, beyond 1 the rate by 1 + ln(strength): what goes further is noise. Another number is an
// *[sl.OptionError].
func (o *Options) Strengthen(strength float64) error {
	if !(strength >= 0 && strength <= MaxStrength) {
		return &sl.OptionError{Option: "strength", Reason: fmt.Sprintf("%g is not a number from 0 to %d", strength, MaxStrength)}
	}
	if o.byNeighbours() {
		o.LearningRate *= min(strength, 1+math.Log(max(1, strength)))
		o.ContentShare = max(0, 1-(1-o.ContentShare)*strength)
		return nil
	}
	o.StyleWeight *= strength * strength
	return nil
}

// MaxStrength is the largest strength; the style weight is then a hundred times as large.
const MaxStrength = 10

// UseContentLoss chooses the term in the place of the content loss, and sets the weight and the layers that go with it: weight 1
// where the term names none. It is then no further term.
func (o *Options) UseContentLoss(name string) {
	o.ContentLoss = name
	if term, err := o.take(name); err == nil {
		o.ContentWeight, o.ContentLayers = cmp.Or(term.Weight, 1), o.layersFor(term.Layers)
	}
}

// UseStyleLoss does for the style loss what [Options.UseContentLoss] does for the content loss.
func (o *Options) UseStyleLoss(name string) {
	o.StyleLoss = name
	if term, err := o.take(name); err == nil {
		o.StyleWeight, o.StyleLayers = cmp.Or(term.Weight, 1), o.layersFor(term.Layers)
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

// Extension is what a caller has of its own: a [Term], a [Method] or a [Network].
type Extension interface {
	addTo(o *Options)
}

// Add makes what the caller has of its own known, and uses it: a term is part of the loss, with its own layers and weight, a
// method's optimizer follows the gradient, with the numbers that go with it, and a network's features are compared, on its own layers
// where those of the terms are another's.
func (o *Options) Add(own Extension) { own.addTo(o) }

func (t Term) addTo(o *Options) {
	o.Own = append(o.Own[:len(o.Own):len(o.Own)], t)
	o.Terms = append(o.Terms[:len(o.Terms):len(o.Terms)], TermOptions{Name: t.Name, Weight: t.Weight, Layers: o.layersFor(t.Layers)})
}

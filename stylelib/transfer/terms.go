package transfer

import (
	"fmt"
	"regexp"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
)

// Source says which picture a term compares the synthesized image with.
type Source int

const (
	ContentImage Source = 1 << iota // the content image, which has the image's size
	StyleImages                     // the style images, of any size

	NoPicture    Source = 0 // the term looks at the image alone
	BothPictures        = ContentImage | StyleImages
)

// Term is one part of the loss. One of its functions is set: Image, Pointwise, Statistic, Features, Sampled or Loss, which sees
// everything. They build graphs, panic on wrong shapes, and return what is multiplied by the weight. Targets come without gradient.
type Term struct {
	Name   string // in options, records, charts
	About  string // what it compares, in a few words
	Of     Source
	Layers []string // what it looks at unless the options say otherwise
	Weight float64  // the weight that suits it

	// Image is a loss of the image itself, [1, h, w, 3].
	Image func(image *Node) *Node

	// Pointwise is a loss for each value of a layer's features, [1, h, w, c], against the content image's at the same place;
	// the term is its mean. It is a sum over positions, so it can be computed in pieces.
	Pointwise func(features, target *Node) *Node

	// Statistic compares what is left of features when places are forgotten. It is made of sums over positions, so it can be
	// computed in pieces, and the style images' can be blended and divided by masks.
	Statistic *Statistic

	// Features compares the features of all layers of the term, each [1, h, w, c], with those of its picture.
	Features func(features, target []*Node) *Node

	// Sampled compares features at positions drawn anew for each epoch: [n, c] with [m, c], the channels of all layers of the
	// term side by side. The content image's are those at the same positions.
	Sampled func(features, target *Node) *Node

	// Loss compares whatever it sees: pixels and features of all layers with those of the pictures, in this epoch. It may have no
	// layers, and can then be computed beside pieces.
	Loss func(s *Scene) *Node

	// bind binds a term of the library that is none of these.
	bind func(o *objective, b bound) (part, error)

	// Target makes what Loss finds in [Scene.Target] of the image as it is in the first epoch of each scale, and anew after
	// every Every epochs. No gradient flows through it. nil: there is none, and Every is 0.
	Target func(s *Scene) []*Node
	Every  int
}

// overPositions says whether the term is made of sums over positions.
func (t Term) overPositions() bool { return t.Pointwise != nil || t.Statistic != nil || t.bind != nil }

// layersAtOnce says whether the term's function looks at all its layers together, so that none has a weight of its own.
func (t Term) layersAtOnce() bool {
	return t.Features != nil || t.Sampled != nil || t.Loss != nil || t.bind != nil
}

// termName is what a term may be called: flags, keys and columns are called after it.
var termName = regexp.MustCompile("^[a-z][a-z0-9-]*$")

// check reports a term that can't be computed.
func (t Term) check() error {
	functions := 0
	for _, set := range []bool{t.Image != nil, t.Pointwise != nil, t.Statistic != nil, t.Features != nil, t.Sampled != nil, t.Loss != nil, t.bind != nil} {
		if set {
			functions++
		}
	}
	switch {
	case !termName.MatchString(t.Name):
		return &sl.OptionError{Option: "loss", Reason: fmt.Sprintf("a term can't be called %q: use lower-case letters, digits and hyphens", t.Name)}
	case functions != 1:
		return &sl.OptionError{Option: t.Name, Reason: fmt.Sprintf("a term has one function, this one has %d", functions)}
	case t.Of < 0 || t.Of > BothPictures, t.Loss == nil && (t.Of == BothPictures || (t.Image != nil) != (t.Of == NoPicture)),
		t.Pointwise != nil && t.Of != ContentImage, t.Statistic != nil && t.Of != StyleImages:
		return &sl.OptionError{Option: t.Name, Reason: "its function does not go with the picture that it compares with"}
	}
	return t.checkScene()
}

// The chapter's roles.
var (
	contentRole = sl.Default().ContentLayers
	styleRole   = sl.Default().StyleLayers
)

// Terms returns the terms that the library has; content and gram are the chapter's.
func Terms() []Term {
	return []Term{contentTerm, selfSimilarityTerm, gramTerm, wassersteinTerm, momentsTerm, remdTerm, neighboursTerm}
}

var contentTerm = Term{
	Name: "content", About: "features, place by place", Of: ContentImage, Layers: contentRole, Weight: 1,
	Pointwise: func(features, target *Node) *Node { return Square(Sub(features, target)) },
}

// weighted is a term in its place in the loss.
type weighted struct {
	Term
	name    string // in records: content and style for those two roles
	layers  []string
	weights map[string]float64 // factors of layers
	weight  float64
	repeat  float64 // how many times it counts in the total, but not in what is displayed
}

// terms returns the terms of the loss in the order in which they are added up. Options must be valid.
func (o Options) terms() []weighted {
	find := func(name string) Term {
		term, _ := o.term(name)
		return term
	}
	all := []weighted{
		{find(o.ContentLoss), "content", o.ContentLayers, o.ContentLayerWeights, o.ContentWeight, 1},
		{find(o.StyleLoss), "style", o.StyleLayers, o.StyleLayerWeights, o.StyleWeight, o.StyleRepeat},
		{Term{Name: "tv", Image: sl.TVLoss}, "tv", nil, nil, o.TVWeight, 1},
	}
	for _, t := range o.Terms {
		all = append(all, weighted{find(t.Name), t.Name, t.Layers, t.LayerWeights, t.Weight, 1})
	}
	return all
}

// layerWeight is the weight of one layer of the term.
func (t weighted) layerWeight(layer string) float64 {
	if factor, ok := t.weights[layer]; ok {
		return t.weight * factor
	}
	return t.weight
}

// looksAt returns the layers whose features the term looks at: those that have a weight.
func (t weighted) looksAt() (layers []string) {
	for _, layer := range t.layers {
		if t.layerWeight(layer) != 0 {
			layers = append(layers, layer)
		}
	}
	return layers
}

// counts says whether the term has a say in the total.
func (t weighted) counts() bool {
	return t.weight*t.repeat > 0 && (t.Image != nil || t.Loss != nil && len(t.layers) == 0 || len(t.looksAt()) > 0)
}

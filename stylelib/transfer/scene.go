package transfer

import (
	"fmt"

	sl "stylebook/stylelib"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Scene is what a term's Loss and Target see. Pictures are normalized; features are those of the term's layers, in the order of the
// network, each [1, h, w, c] of a size of its own. What the term is not of is nil. All but Image and Features are constants, which
// may change from epoch to epoch without the graph being compiled anew.
type Scene struct {
	Image    *Node   // the synthesized image, [1, h, w, 3]
	Features []*Node // of it

	Content         *Node   // the content image, of the same size
	ContentFeatures []*Node // of it

	Styles        []*Node   // the style images, each [1, h, w, 3] of a size of its own
	StyleFeatures [][]*Node // of each of them
	Shares        *Node     // of each in the blend, [number of style images], of sum 1

	// Scalars, float32. Epochs are those of this scale, counted from 1, scales are counted from 1, the coarsest.
	Epoch, Epochs, Scale, Scales *Node

	Target []*Node // what the term's Target made latest
}

// scenePart is a term that sees a scene.
type scenePart struct {
	bound
	content         *tensors.Tensor // nil where the term is not of it, as all that is of it
	contentFeatures []*tensors.Tensor
	styles          []*tensors.Tensor
	styleFeatures   []*tensors.Tensor // of one after the other
	shares          []float64
	epochs, scale   int
	scales          int

	renew  *sl.Program       // makes the target; nil where the term has none
	found  *tensors.Tensor   // the image for which it was made
	target []*tensors.Tensor // as it was made
}

func (o *objective) bindScene(b bound) (_ part, err error) {
	p := &scenePart{bound: b, epochs: o.stage.epochs, scale: o.scale, scales: o.options.Stages(o.pictures.height, o.pictures.width)}
	if b.Of&ContentImage != 0 {
		p.content = o.pictures.content
		if p.contentFeatures, err = o.features(p.content, b); err != nil {
			return nil, err
		}
	}
	if b.Of&StyleImages != 0 {
		p.styles, p.shares = o.pictures.styles, o.options.shares(len(o.pictures.styles))
		for _, style := range p.styles {
			features, err := o.features(style, b)
			if err != nil {
				return nil, err
			}
			p.styleFeatures = append(p.styleFeatures, features...)
		}
	}
	if b.Target != nil {
		p.renew, err = o.extractor.Compile(p.targetGraph)
	}
	return p, err
}

// seen are the inputs of a scene without its target.
func (p *scenePart) seen(epoch int) []*tensors.Tensor {
	all := []*tensors.Tensor{weightsOf([]float64{float64(epoch), float64(p.epochs), float64(p.scale + 1), float64(p.scales)})}
	if p.content != nil {
		all = append(append(all, p.content), p.contentFeatures...)
	}
	if p.styles != nil {
		all = append(append(append(all, p.styles...), p.styleFeatures...), weightsOf(p.shares))
	}
	return all
}

// scene takes what seen gives.
func (p *scenePart) scene(image *Node, maps map[string]*Node, in *feed) *Scene {
	numbers := in.next(1)[0]
	number := func(i int) *Node { return Reshape(Slice(numbers, AxisElem(i))) }
	s := &Scene{Image: image, Epoch: number(0), Epochs: number(1), Scale: number(2), Scales: number(3)}
	for _, layer := range p.layers {
		s.Features = append(s.Features, maps[layer.Name])
	}
	if p.content != nil {
		s.Content, s.ContentFeatures = in.next(1)[0], in.next(len(p.layers))
	}
	if p.styles != nil {
		s.Styles = in.next(len(p.styles))
		for range p.styles {
			s.StyleFeatures = append(s.StyleFeatures, in.next(len(p.layers)))
		}
		s.Shares = in.next(1)[0]
	}
	return s
}

func (p *scenePart) inputs(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
	if p.renew != nil && (p.found == nil || (epoch-1)%p.Every == 0) {
		if err := p.find(image, epoch); err != nil {
			return nil, err
		}
	}
	all := append([]*tensors.Tensor{weightsOf([]float64{p.weight})}, p.seen(epoch)...)
	return append(all, p.target...), nil
}

func (p *scenePart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	weight := in.next(1)[0]
	s := p.scene(image, maps, in)
	s.Target = in.next(len(p.target))
	return weightedSum(image, []*Node{p.Loss(s)}, weight)
}

// targetGraph makes the target of an image and what is seen.
func (p *scenePart) targetGraph(vgg *sl.VGG, in []*Node) []*Node {
	inputs := feed(in[1:])
	return p.Target(p.scene(in[0], mapsOf(vgg, in[0], p.bound.weighted.layers), &inputs))
}

func (p *scenePart) array() string { return targetArray(p.name) }

// targetArray is what the image for which a term's target was made is called in a state. No optimizer's array has a blank.
func targetArray(term string) string { return "target " + term }

func (p *scenePart) foundFor() *tensors.Tensor { return p.found }

func (p *scenePart) find(image *tensors.Tensor, epoch int) (err error) {
	if p.found, err = image.LocalClone(); err != nil {
		return err
	}
	finalizeAll(p.target)
	p.target, err = p.renew.Run(append([]any{image}, sl.AsInputs(p.seen(epoch))...)...)
	return err
}

func (p *scenePart) latestDue(epoch int) int { return (epoch-1)/p.Every*p.Every + 1 }

func (p *scenePart) finalize() {
	p.renew.Finalize()
	finalizeAll(p.target)
}

// checkScene refuses a term whose target can't be made.
func (t Term) checkScene() error {
	switch {
	case t.Target == nil && t.Every == 0:
		return nil
	case t.Target == nil:
		return &sl.OptionError{Option: t.Name, Reason: fmt.Sprintf("nothing is renewed every %d epochs: set its Target", t.Every)}
	case t.Loss == nil:
		return &sl.OptionError{Option: t.Name, Reason: "its target is for its Loss to see, and it has none"}
	case t.Every < 1:
		return &sl.OptionError{Option: t.Name, Reason: fmt.Sprintf("its target can't be renewed every %d epochs: set Every to 1 or more", t.Every)}
	}
	return nil
}

// sampleScene is a scene of parameters of the shapes that a training of this size has, and the target that is made of it.
func (t *Transfer) sampleScene(g *Graph, term weighted) (s *Scene, target []*Node) {
	number := func(name string) *Node { return Parameter(g, name, shapes.Make(dtypes.Float32)) }
	picture := func(name string, of size) *Node { return t.sample(g, name, 1, of.height, of.width, 3) }
	of := size{t.Height, t.Width}
	s = &Scene{Image: picture("image", of), Features: t.sampleMaps(g, "", of, term),
		Epoch: number("epoch"), Epochs: number("epochs"), Scale: number("scale"), Scales: number("scales")}
	if term.Of&ContentImage != 0 {
		s.Content, s.ContentFeatures = picture("content", of), t.sampleMaps(g, "content ", of, term)
	}
	if term.Of&StyleImages != 0 {
		for i := range t.Pictures.Styles {
			name, ofStyle := fmt.Sprint("style ", i), t.Options.styleSize(of, i)
			s.Styles = append(s.Styles, picture(name, ofStyle))
			s.StyleFeatures = append(s.StyleFeatures, t.sampleMaps(g, name+" ", ofStyle, term))
		}
		s.Shares = t.sample(g, "shares", len(s.Styles))
	}
	if term.Target != nil {
		target = term.Target(s)
		for i, made := range target {
			s.Target = append(s.Target, Parameter(g, fmt.Sprint("target ", i), made.Shape()))
		}
	}
	return s, target
}

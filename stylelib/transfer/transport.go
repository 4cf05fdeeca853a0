package transfer

import (
	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// transportPart is the Wasserstein loss with an optimal transport that is found every few epochs only, because it takes the
// roots of large matrices. Where G is the map that takes the image's covariance to the target's,
//
//	x* = x + relax·(mₜ + (x - m)·G - x),  G = R·(Rᵀ·C·R)^-½·Rᵀ
//
// are the features x of the image moved relax times as far as the transport takes them, and until the next one the loss is
//
//	(mean ‖x' - x*‖² / relax + rest) / c
//
// for features x' of the image as it has become. Value and gradient are those of [Wasserstein] when the transport is found.
// With relax = 1 the loss is never less than it in between: the distance is the least cost of any way to move the features. That
// holds back what the distance itself does not mind, so that the training falls behind; relax makes up for some of that. At 3
// trainings tremble at 96 × 144 (height × width), at 5 at 300 × 450 too.
type transportPart struct {
	*statisticPart
	every, last      int // epochs
	begin, step, end *sl.Program

	found *tensors.Tensor   // the image for which the transport was found
	moved []*tensors.Tensor // for each region, the moved features and the rest of the loss
}

// relax is how far features are moved, as a multiple of what the transport takes.
const relax = 2.0

// transports says whether the loss of a picture of some size has transports that serve for several epochs.
func (o Options) transports(of size) bool {
	if o.Renew <= 1 || o.inPieces(of, len(o.Layers()) > 0) {
		return false
	}
	for _, t := range o.terms() {
		if t.counts() && t.Statistic != nil && t.Statistic.transport {
			return true
		}
	}
	return false
}

func (o *objective) bindTransport(p *statisticPart) (part, error) {
	t := &transportPart{statisticPart: p, every: o.options.Renew, last: o.stage.epochs}
	var err error
	if t.begin, err = o.extractor.Compile(t.beginGraph); err != nil {
		return nil, err
	}
	t.step, t.end = o.extractor.Programs.New(t.stepGraph), o.extractor.Programs.New(t.endGraph)
	return t, nil
}

// begun is how many tensors beginGraph gives for each region: features, mean, what was added to the variances, norm, y and z.
const begun = 6

// beginGraph makes of an image, masks and targets what the iteration starts from.
func (p *transportPart) beginGraph(vgg *sl.VGG, in []*Node) (out []*Node) {
	maps, inputs := mapsOf(vgg, in[0], p.bound.weighted.layers), feed(in[1:])
	for i, statistics := range p.measures(maps, &inputs) {
		root := inputs.next(len(p.regions[i].target))[1]
		covariance, added := ridged(statistics, root)
		y, z, norm := startRoots(covariance, root)
		out = append(out, maps[p.regions[i].layer.Name], statistics[0], added, norm, y, z)
	}
	return out
}

// stepGraph makes a step of the iteration for all regions, with the polynomial's numbers and each region's y and z. Compiled once,
// it takes a small part of the time that compiling all steps does.
func (p *transportPart) stepGraph(in []*Node) (out []*Node) {
	a, b, c := in[0], in[1], in[2]
	for rest := feed(in[3:]); len(rest) > 0; {
		of := rest.next(2)
		y, z := stepRoots(of[0], of[1], func(t *Node) *Node {
			return Add(Add(Mul(matMul(t, t), c), Mul(t, b)), DiagonalWithValue(a, t.Shape().Dim(0)))
		})
		out = append(out, y, z)
	}
	return out
}

// endGraph makes, of masks, targets and what the iteration has, the moved features and the rest of the loss.
func (p *transportPart) endGraph(in []*Node) (out []*Node) {
	inputs := feed(in)
	masks := feed(inputs.next(len(p.masks())))
	for _, r := range p.regions {
		target, of := inputs.next(len(r.target)), inputs.next(begun)
		var mask *Node
		if r.mask != nil {
			mask = masks.next(1)[0]
		}
		moved, rest := transported(of[0], mask, r.count, of[1], target[0], transportOf(of[5], of[3], target[1]), of[2])
		out = append(out, moved, rest)
	}
	return out
}

// transported returns x* and the rest of the loss for features [1, h, w, c] with some mean. added is what was added to the variances.
func transported(features, mask *Node, count float64, mean, meanTarget, transport, added *Node) (moved, rest *Node) {
	c := features.Shape().Dim(-1)
	displacement := Sub(transport, identityLike(transport))
	x := Reshape(features, features.Shape().Size()/c, c)
	step := conv.RowProducts(Sub(x, ExpandAxes(mean, 0)), displacement) // which is symmetric
	step = Add(step, ExpandAxes(Sub(meanTarget, mean), 0))
	counted := Square(step)
	if mask != nil {
		counted = Mul(counted, Reshape(mask, mask.Shape().Size(), 1))
	}
	rest = Add(Mul(added, ops.ReduceAllSum(Square(displacement))), divideBy(MulScalar(ops.ReduceAllSum(counted), 1-relax), count))
	return Reshape(Add(x, MulScalar(step, relax)), features.Shape().Dimensions...), rest
}

// due says whether the transport of an epoch is found anew: in the first and the last epoch, and after every so many.
func (p *transportPart) due(epoch int) bool {
	return p.found == nil || epoch == p.last || epoch%p.every == 0
}

func (p *transportPart) inputs(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error) {
	if p.due(epoch) {
		if err := p.find(image, epoch); err != nil {
			return nil, err
		}
	}
	all := append(p.masks(), p.moved...)
	return append(all, weightsOf(p.weights())), nil
}

// find finds the transport for an image.
func (p *transportPart) find(image *tensors.Tensor, _ int) (err error) {
	if p.found, err = image.LocalClone(); err != nil {
		return err
	}
	given := p.masks()
	for _, r := range p.regions {
		given = append(given, r.target...)
	}
	finalizeAll(p.moved)
	of, err := p.begin.Run(append([]any{image}, sl.AsInputs(given)...)...)
	if err != nil {
		return err
	}
	for _, numbers := range polynomials {
		in := []any{numbers[0], numbers[1], numbers[2]}
		for k := range p.regions {
			in = append(in, of[k*begun+4], of[k*begun+5])
		}
		out, err := p.step.Run(in...)
		if err != nil {
			return err
		}
		for k := range p.regions {
			finalizeAll(of[k*begun+4 : k*begun+6])
			copy(of[k*begun+4:], out[2*k:2*k+2])
		}
	}
	in := sl.AsInputs(p.masks())
	for k, r := range p.regions {
		in = append(append(in, sl.AsInputs(r.target)...), sl.AsInputs(of[k*begun:(k+1)*begun])...)
	}
	p.moved, err = p.end.Run(in...)
	finalizeAll(of)
	return err
}

// finalizeAll gives memory back at once instead of at the next garbage collection.
func finalizeAll(ts []*tensors.Tensor) {
	for _, t := range ts {
		_ = t.FinalizeAll()
	}
}

func (p *transportPart) loss(image *Node, maps map[string]*Node, in *feed) *Node {
	masks, moved := feed(in.next(len(p.masks()))), feed(in.next(2*len(p.regions)))
	var losses []*Node
	for _, r := range p.regions {
		x, to := maps[r.layer.Name], moved.next(2)
		squares := Square(Sub(x, StopGradient(to[0])))
		if r.mask != nil {
			squares = Mul(squares, masks.next(1)[0])
		}
		loss := Add(divideBy(ops.ReduceAllSum(squares), relax*r.count), StopGradient(to[1]))
		losses = append(losses, DivScalar(loss, float64(x.Shape().Dim(-1))))
	}
	return weightedSum(image, losses, in.next(1)[0])
}

func (p *transportPart) array() string { return transportArray }

func (p *transportPart) foundFor() *tensors.Tensor { return p.found }

func (p *transportPart) latestDue(epoch int) int { return epoch } // whichever it was

func (p *transportPart) finalize() {
	for _, program := range []*sl.Program{p.begin, p.step, p.end} {
		program.Finalize()
	}
	finalizeAll(p.moved)
}

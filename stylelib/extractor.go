package stylelib

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"stylebook/stylelib/conv"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Extractor is a feature network on an engine, cut after the last layer that the options use. Its weights stay on the
// device. Call [Extractor.Finalize] to free them.
type Extractor struct {
	Backend compute.Backend
	Network *Network
	Layers  []Layer // up to the last one used
	Convs   []Conv  // among them

	// Programs keeps the compiled graphs. It is the extractor's own, and keeps none that is not in use, unless the caller puts
	// another in its place.
	Programs *Programs

	taps     Taps
	prepared *prepared
}

// prepared are the parameters of fast convolutions.
type prepared struct {
	sync.Mutex
	parameters [][]*tensors.Tensor // per convolution: the filter, its gradient's, the bias; nil until Compile
}

// MissingLayerError reports a layer that the options name and the network's weights do not reach.
type MissingLayerError struct {
	Layer Layer
	Last  Layer // the deepest layer that the weights reach
}

func (e *MissingLayerError) Error() string {
	return fmt.Sprintf("the weights end at %s, but %s is used: choose earlier layers or complete weights", e.Last, e.Layer)
}

// NewExtractor places net on the engine, cut after the last layer that options name. A layer that the network's
// architecture lacks gives a *[LayerError], one that its weights do not reach a *[MissingLayerError].
func NewExtractor(backend compute.Backend, net *Network, options Options) (*Extractor, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	names := slices.Concat(options.ContentLayers, options.StyleLayers)
	if _, err := net.Architecture.Find(names...); err != nil {
		return nil, err
	}
	e := &Extractor{Backend: backend, Network: net, Programs: NewPrograms(backend, 0, 0), taps: options.Taps,
		prepared: &prepared{}}
	e.Layers = Net(net.Architecture.Layers(), names)
	var err error
	if e.Convs, err = net.convsOf(e.Layers); err != nil {
		return nil, err
	}
	return e, nil
}

// convsOf returns the convolutions among layers.
func (n *Network) convsOf(layers []Layer) (convs []Conv, err error) {
	for _, layer := range layers {
		if layer.Kind != ConvLayer {
			continue
		}
		i := len(convs)
		if i >= len(n.Convs) || n.Convs[i].Index != layer.Index {
			return nil, n.missing(layers[len(layers)-1])
		}
		convs = append(convs, n.Convs[i])
	}
	return convs, nil
}

func (n *Network) missing(layer Layer) error {
	if len(n.Convs) == 0 {
		return fmt.Errorf("the network has no convolutions")
	}
	// After its last convolution a network still reaches what needs no weights: the ReLU, and a pool that follows it.
	all, last := n.Architecture.Layers(), n.Convs[len(n.Convs)-1].Index+1
	if last+1 < len(all) && all[last+1].Kind == PoolLayer {
		last++
	}
	return &MissingLayerError{Layer: layer, Last: all[last]}
}

// prepare returns the parameters of fast convolutions, which it makes when they are first asked for.
func (e *Extractor) prepare() ([][]*tensors.Tensor, error) {
	e.prepared.Lock()
	defer e.prepared.Unlock()
	if e.prepared.parameters != nil {
		return e.prepared.parameters, nil
	}
	var filters []*tensors.Tensor
	for _, c := range e.Convs {
		filters = append(filters, c.Filter)
	}
	backward, err := conv.GradientFilters(e.Backend, filters)
	for i := range backward {
		e.prepared.parameters = append(e.prepared.parameters, []*tensors.Tensor{filters[i], backward[i], e.Convs[i].Bias})
	}
	debug.FreeOSMemory() // reading a network leaves more than a step may need
	return e.prepared.parameters, err
}

// Finalize frees the filters on the device; the extractor can't be used afterwards.
func (e *Extractor) Finalize() {
	for _, p := range e.prepared.parameters {
		free(p[1]) // the others belong to the Network
	}
}

// Compile makes an executable of a graph function that uses the network: build gets the network in the graph and one
// node for each input that [Program.Run] will be given.
func (e *Extractor) Compile(build func(vgg *VGG, inputs []*Node) []*Node) (*Program, error) {
	parameters, err := e.prepare()
	if err != nil {
		return nil, fmt.Errorf("place the network on the engine: %w", err)
	}
	return e.program(parameters, build), nil
}

// RunOnce compiles a graph as [Extractor.Compile] does and runs it once: it compiles in less time and runs in more. The result
// may be kept by the extractor's [Programs], and must not be changed.
func (e *Extractor) RunOnce(build func(vgg *VGG, inputs []*Node) []*Node, inputs ...*tensors.Tensor) ([]*tensors.Tensor, error) {
	var parameters [][]*tensors.Tensor
	for _, c := range e.Convs {
		parameters = append(parameters, []*tensors.Tensor{c.Filter, c.Bias})
	}
	program := e.program(parameters, build)
	defer program.Finalize()
	return program.once(AsInputs(inputs))
}

// program is Compile with given parameters, for each convolution its filter, that of its gradient if it is at hand, and its bias.
func (e *Extractor) program(parameters [][]*tensors.Tensor, build func(vgg *VGG, inputs []*Node) []*Node) *Program {
	all := func(nodes []*Node) []*Node {
		vgg, convs := &VGG{}, parameters
		for _, l := range e.Layers {
			graphLayer := GraphLayer{Layer: l, network: e.Network, taps: e.taps, last: l.Index == len(e.Layers)-1}
			if l.Kind == ConvLayer {
				n := len(convs[0])
				if n == 3 {
					graphLayer.filter = conv.Filter{Forward: nodes[0], Backward: nodes[1]}
				} else {
					graphLayer.filter = conv.NewFilter(nodes[0])
				}
				graphLayer.bias = nodes[n-1]
				nodes, convs = nodes[n:], convs[1:]
			}
			vgg.Layers = append(vgg.Layers, graphLayer)
		}
		return build(vgg, nodes)
	}
	program := e.Programs.New(all)
	program.parameters = slices.Concat(parameters...)
	return program
}

// Program is a graph, mostly one that uses a network. The first run with inputs of new shapes compiles it, unless the extractor's
// [Programs] have it. It is for one goroutine.
type Program struct {
	programs   *Programs
	build      func(in []*Node) []*Node
	parameters []*tensors.Tensor
	graphs     map[string]*compiled // by the shapes of inputs
	parts      []string             // names of the losses, where it is an epoch's
}

// donated is an input whose memory the program may take; the tensor can't be used afterwards.
type donated struct{ *tensors.Tensor }

// Run executes the program; inputs are tensors or numbers, as GoMLX takes them.
func (p *Program) Run(inputs ...any) ([]*tensors.Tensor, error) {
	all := append(AsInputs(p.parameters), inputs...)
	if len(all) == 0 {
		return nil, nil // options without layers ask for nothing
	}
	c, err := p.compile(all)
	if err != nil {
		return nil, err
	}
	for i, in := range all {
		if d, ok := in.(donated); ok {
			if all[i], err = DonateTensorBuffer(d.Tensor, p.programs.backend, 0); err != nil {
				return nil, err
			}
		}
	}
	outputs, err := c.run(all)
	if err != nil {
		return nil, err
	}
	return outputs[:len(outputs)-1], nil
}

// once is Run, or a result that is kept.
func (p *Program) once(inputs []any) ([]*tensors.Tensor, error) {
	if p.programs.bytes == 0 || len(p.parameters)+len(inputs) == 0 {
		return p.Run(inputs...)
	}
	c, err := p.compile(append(AsInputs(p.parameters), inputs...))
	if err != nil {
		return nil, err
	}
	if c.key == "" {
		return p.Run(inputs...)
	}
	key, err := hashOf(inputs)
	if err != nil {
		return nil, err
	}
	key += c.key
	if outputs, ok := p.programs.recall(key, p.parameters); ok {
		return outputs, nil
	}
	outputs, err := p.Run(inputs...)
	if err == nil {
		p.programs.remember(result{key, p.parameters, outputs})
	}
	return outputs, err
}

// compile returns the graph for inputs of these shapes, numbers among which it makes tensors.
func (p *Program) compile(inputs []any) (c *compiled, err error) {
	of := make([]shapes.Shape, len(inputs))
	for i, in := range inputs {
		switch in := in.(type) {
		case *tensors.Tensor:
			of[i] = in.Shape()
		case donated:
			of[i] = in.Shape()
		default:
			t, err := tensors.FromAnyValue(in)
			if err != nil {
				return nil, err
			}
			of[i], inputs[i] = t.Shape(), donated{t}
		}
	}
	key := fmt.Sprint(of)
	if p.graphs[key] == nil {
		if c, err = p.programs.get(p.build, of); err != nil {
			return nil, err
		}
		p.graphs[key] = c
	}
	return p.graphs[key], nil
}

// Finalize gives the compiled graphs back.
func (p *Program) Finalize() {
	for key, c := range p.graphs {
		p.programs.giveBack(c)
		delete(p.graphs, key)
	}
}

// AsInputs returns tensors in the form that [Program.Run] takes.
func AsInputs(ts []*tensors.Tensor) []any {
	inputs := make([]any, len(ts))
	for i, t := range ts {
		inputs[i] = t
	}
	return inputs
}

// VGG is the network inside a graph: its layers in order, up to the last one used.
type VGG struct {
	Layers []GraphLayer
}

// GraphLayer is one layer of the network inside a graph.
type GraphLayer struct {
	Layer
	network *Network
	taps    Taps
	filter  conv.Filter
	bias    *Node
	last    bool
}

// Forward applies the layer to a map of shape [1, h, w, in]: convolution with bias, ReLU or pooling. A pooling layer
// halves h and w, rounding down. It panics when the map is too small to be pooled.
func (l GraphLayer) Forward(x *Node) *Node {
	switch l.Kind {
	case ConvLayer:
		if l.network.Padding == ReflectPadding {
			return conv.Conv3x3(conv.Reflect(x), l.filter, l.bias, 0)
		}
		return conv.Conv3x3(x, l.filter, l.bias, 1)
	case ReLULayer:
		return conv.Relu(x)
	default:
		if h, w := x.Shape().Dim(1), x.Shape().Dim(2); h < 2 || w < 2 {
			exceptions.Panicf("%s: a map of %d × %d (height × width) can't be halved: use larger pictures or earlier layers",
				l.Name, h, w)
		}
		if l.network.Pooling == AveragePooling {
			return conv.AveragePool2(x)
		}
		return conv.MaxPool2(x)
	}
}

// Tap returns the layer's output y as the loss sees it. With [TapsInPlace] that is the output after the ReLU that
// follows, for every convolution except the last layer of the network: torchvision's ReLU works in place and overwrites
// the convolution's stored output. With [TapsBeforeReLU] it is y itself.
func (l GraphLayer) Tap(y *Node) *Node {
	if l.taps == TapsInPlace && l.Kind == ConvLayer && !l.last {
		return conv.Relu(y)
	}
	return y
}

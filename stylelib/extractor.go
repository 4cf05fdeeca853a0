package stylelib

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"stylebook/stylelib/conv"
	"stylebook/stylelib/internal/oneline"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Extractor is a feature network on an engine, cut after the last layer that the options use. Its weights stay on the
// device. Call [Extractor.Finalize] to free them.
type Extractor struct {
	Backend  compute.Backend
	Network  FeatureNetwork
	Layers   []Layer // up to the last one used
	Channels []int   // of each of their maps

	// Programs keeps the compiled graphs. It is the extractor's own, and keeps none that is not in use, unless the caller puts
	// another in its place.
	Programs *Programs

	taps       Taps
	parameters [][]*tensors.Tensor // of each layer
	prepared   *prepared
}

// prepared are the parameters of each layer with what makes them fast; nil until they are asked for.
type prepared struct {
	sync.Mutex
	parameters [][]*tensors.Tensor
}

// NewExtractor places a network on the engine, cut after the last layer that options name. A layer that the network
// lacks gives a *[LayerError], one that its weights do not reach an error of its own: for the VGG family a *[MissingLayerError].
func NewExtractor(backend compute.Backend, net FeatureNetwork, options Options) (*Extractor, error) {
	if err := options.Validate(net); err != nil {
		return nil, err
	}
	if err := checkChain(net); err != nil {
		return nil, err
	}
	names := slices.Concat(options.ContentLayers, options.StyleLayers)
	e := &Extractor{Backend: backend, Network: net, Programs: NewPrograms(backend, 0, 0), taps: options.Taps,
		prepared: &prepared{}}
	e.Layers = Net(net.Layers(), names)
	var err error
	if e.parameters, err = net.Parameters(e.Layers); err != nil {
		return nil, err
	}
	return e, e.measure()
}

// measure finds the channels of each map, and looks whether the layers can be computed, in a graph that is never run.
func (e *Extractor) measure() error {
	if len(e.Layers) == 0 {
		return nil
	}
	g := NewGraph(e.Backend, "measure")
	defer g.Finalize()
	dtype, side := dtypes.Float32, 5<<e.Layers[len(e.Layers)-1].Halvings
	var nodes []*Node
	for _, p := range slices.Concat(e.parameters...) {
		nodes = append(nodes, Parameter(g, fmt.Sprint("p", len(nodes)), p.Shape()))
		dtype = p.DType()
	}
	for _, layer := range e.graph(e.parameters, &nodes).Layers {
		if layer.Index == 0 {
			nodes = []*Node{Parameter(g, "picture", shapes.Make(dtype, 1, side, side, 3))}
		}
		if err := exceptions.TryCatch[error](func() { nodes[0] = layer.Forward(nodes[0]) }); err != nil {
			return fmt.Errorf("%s: layer %s: %s", e.Network, layer.Name, oneline.First(err))
		}
		s, n := nodes[0].Shape(), side>>layer.Halvings
		if s.Rank() != 4 || s.Dim(0) != 1 || s.Dim(1) != n || s.Dim(2) != n {
			return fmt.Errorf("%s: layer %s makes a map of shape %s of a picture of %d × %d pixels; halved %d times it is [1, %d, %d, channels]",
				e.Network, layer.Name, s, side, side, layer.Halvings, n, n)
		}
		e.Channels = append(e.Channels, s.Dim(3))
	}
	return nil
}

// Bytes is the memory of the network's weights.
func (e *Extractor) Bytes() (total int64) {
	for _, p := range slices.Concat(e.parameters...) {
		total += int64(p.Shape().ByteSize())
	}
	return total
}

// prepare returns each layer's parameters with what makes them fast, which it makes when it is first asked for.
func (e *Extractor) prepare() ([][]*tensors.Tensor, error) {
	e.prepared.Lock()
	defer e.prepared.Unlock()
	net, ok := e.Network.(*Network)
	switch {
	case !ok:
		return e.parameters, nil
	case e.prepared.parameters != nil:
		return e.prepared.parameters, nil
	}
	var err error
	e.prepared.parameters, err = net.gradientFilters(e.Backend, e.parameters)
	debug.FreeOSMemory() // reading a network leaves more than a step may need
	return e.prepared.parameters, err
}

// Finalize frees what prepare made; the extractor can't be used afterwards.
func (e *Extractor) Finalize() {
	for _, p := range e.prepared.parameters {
		if p != nil {
			free(p[1]) // the others belong to the network
		}
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
	program := e.program(e.parameters, build)
	defer program.Finalize()
	return program.once(AsInputs(inputs))
}

// Parameters are the network's numbers as [Extractor.Graph] wants them, for graphs that aren't built by [Extractor.Compile]: a trainer's.
// They belong to the extractor.
func (e *Extractor) Parameters() ([]*tensors.Tensor, error) {
	parameters, err := e.prepare()
	if err != nil {
		return nil, fmt.Errorf("place the network on the engine: %w", err)
	}
	return slices.Concat(parameters...), nil
}

// Graph is the network in a graph, with a node for each of [Extractor.Parameters]. As graph functions do, it panics on errors.
func (e *Extractor) Graph(nodes []*Node) *VGG {
	parameters, err := e.prepare()
	if err != nil {
		panic(err)
	}
	return e.graph(parameters, &nodes)
}

// program is Compile with given parameters of each layer.
func (e *Extractor) program(parameters [][]*tensors.Tensor, build func(vgg *VGG, inputs []*Node) []*Node) *Program {
	program := e.Programs.New(func(nodes []*Node) []*Node {
		vgg := e.graph(parameters, &nodes)
		return build(vgg, nodes)
	})
	program.parameters = slices.Concat(parameters...)
	return program
}

// graph is the network in a graph. It takes its parameters from the nodes.
func (e *Extractor) graph(parameters [][]*tensors.Tensor, nodes *[]*Node) *VGG {
	vgg := &VGG{}
	for i, l := range e.Layers {
		n := len(parameters[i])
		vgg.Layers = append(vgg.Layers, GraphLayer{Layer: l, network: e.Network, taps: e.taps, parameters: (*nodes)[:n],
			last: l.Index == len(e.Layers)-1})
		*nodes = (*nodes)[n:]
	}
	return vgg
}

// VGG is the network inside a graph: its layers in order, up to the last one used. Whatever [FeatureNetwork] it is, the chapter
// calls it so.
type VGG struct {
	Layers []GraphLayer
}

// GraphLayer is one layer of the network inside a graph.
type GraphLayer struct {
	Layer
	network    FeatureNetwork
	taps       Taps
	parameters []*Node
	last       bool
}

// Forward applies the layer to a map of shape [1, h, w, in]: see [FeatureNetwork]. The first layer's map is the normalized picture.
// It panics when the map is too small.
func (l GraphLayer) Forward(x *Node) *Node {
	if l.Index == 0 {
		x = l.network.Input().of(x)
	}
	return l.network.Forward(l.Layer, x, l.parameters)
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

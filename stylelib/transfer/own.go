package transfer

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"time"

	sl "stylebook/stylelib"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// fingerprints returns those of what the training has of the caller's own, by their names: hashes of what terms and the optimizer
// compute, so that a changed function makes another run. A function that panics is an error that names what it is of.
func (t *Transfer) fingerprints() (map[string]string, error) {
	var prints map[string]string
	note := func(name, print string) {
		if prints == nil {
			prints = map[string]string{}
		}
		prints[name] = print
	}
	for _, term := range t.Options.terms() {
		own := slices.ContainsFunc(t.Options.Own, func(o Term) bool { return o.Name == term.Name })
		if !own || !term.counts() {
			continue
		}
		print, err := t.fingerprint(term)
		if err != nil {
			return nil, fmt.Errorf("term %s: %w", term.Name, err)
		}
		note(term.Name, print)
	}
	if _, family := t.Network.(*sl.Network); !family {
		print, err := t.networkPrint()
		if err != nil {
			return nil, err
		}
		note("network", print) // a term of this name is refused
	}
	print, err := t.methodPrint()
	if print != "" {
		note("optimizer "+t.Options.Optimizer, print) // a term's name has no blank
	}
	return prints, err
}

// networkPrint is the fingerprint of a network of the caller's own: of its layers, without the values of its parameters.
func (t *Transfer) networkPrint() (print string, err error) {
	g := NewGraph(t.Extractor.Backend, "fingerprint")
	defer g.Finalize()
	parameters, err := t.Network.Parameters(t.Extractor.Layers)
	if err != nil {
		return "", err
	}
	err = caught(func() {
		x := t.sample(g, "image", 1, t.Height, t.Width, 3)
		for i, layer := range t.Extractor.Layers {
			var nodes []*Node
			for k, p := range parameters[i] {
				nodes = append(nodes, Parameter(g, fmt.Sprint(layer.Name, " ", k), p.Shape()))
			}
			x = t.Network.Forward(layer, x, nodes)
		}
		var whole bool
		if print, whole = sl.Fingerprint(g, x); !whole {
			print += thisProcess
		}
	})
	if err != nil {
		return "", fmt.Errorf("network %v: %w", t.Network, err)
	}
	return print + fmt.Sprint(t.Network.Input()), nil
}

// methodPrint is the fingerprint of the optimizer, if it is the caller's own: a hash of its update's graph, of its state and of its
// numbers in each epoch.
func (t *Transfer) methodPrint() (print string, err error) {
	if !slices.ContainsFunc(t.Options.OwnMethods, func(m Method) bool { return m.Name == t.Options.Optimizer }) {
		return "", nil
	}
	g := NewGraph(t.Extractor.Backend, "fingerprint")
	defer g.Finalize()
	h := sha256.New()
	err = caught(func() {
		for scale, of := range t.Options.stages(t.Height, t.Width) {
			optimizer := t.Options.NewOptimizer(of.epochs)
			var state, numbers []*Node
			for _, array := range optimizer.State {
				state = append(state, t.sample(g, fmt.Sprint(array.Name, scale), array.Copies, of.height, of.width, 3))
			}
			for i := range optimizer.Numbers(1) {
				numbers = append(numbers, t.sample(g, fmt.Sprint("number", scale, " ", i)))
			}
			for epoch := range of.epochs {
				fmt.Fprintln(h, optimizer.Numbers(epoch+1), optimizer.LearningRate(epoch+1))
			}
			image, gradient := t.sample(g, fmt.Sprint("image", scale), 1, of.height, of.width, 3), t.sample(g, fmt.Sprint("gradient", scale), 1, of.height, of.width, 3)
			image, state = optimizer.Update(image, gradient, state, numbers)
			graph, whole := sl.Fingerprint(g, append(state, image)...)
			fmt.Fprintln(h, optimizer.State, graph)
			if !whole {
				fmt.Fprintln(h, thisProcess)
			}
		}
	})
	if err != nil {
		return "", fmt.Errorf("optimizer %s: %w", t.Options.Optimizer, err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// thisProcess makes a term of which not everything can be told another in each process: its runs are not taken for finished, nor
// resumed, by others.
var thisProcess = fmt.Sprint(" of ", time.Now().UnixNano())

// fingerprint builds the graph of a term alone, for features of the shapes that its layers have.
func (t *Transfer) fingerprint(term weighted) (print string, err error) {
	g := NewGraph(t.Extractor.Backend, "fingerprint")
	defer g.Finalize()
	of := size{t.Height, t.Width}
	err = caught(func() {
		var outputs []*Node
		switch {
		case term.Image != nil:
			outputs = []*Node{term.Image(t.sample(g, "image", 1, t.Height, t.Width, 3))}
		case term.Pointwise != nil:
			for _, x := range t.sampleMaps(g, "", of, term) {
				outputs = append(outputs, term.Pointwise(x, x))
			}
		case term.Statistic != nil:
			for _, x := range t.sampleMaps(g, "", of, term) {
				outputs = append(outputs, term.Statistic.sample(x)...)
			}
		case term.Features != nil:
			all := t.sampleMaps(g, "", of, term)
			outputs = []*Node{term.Features(all, all)}
		case term.Loss != nil:
			s, target := t.sampleScene(g, term)
			outputs = append(target, term.Loss(s))
		default:
			channels := 0
			for _, x := range t.sampleMaps(g, "", of, term) {
				channels += x.Shape().Dim(-1)
			}
			x := t.sample(g, "positions", t.Options.Samples, channels)
			outputs = []*Node{term.Sampled(x, x)}
		}
		var whole bool
		if print, whole = sl.Fingerprint(g, outputs...); !whole {
			print += thisProcess
		}
	})
	if err == nil && term.Statistic != nil {
		print += term.Statistic.fingerprintOfNumbers()
	}
	if term.Every > 0 {
		print += fmt.Sprint(" every ", term.Every)
	}
	return print, err
}

func (t *Transfer) sample(g *Graph, name string, dims ...int) *Node {
	return Parameter(g, name, shapes.Make(dtypes.Float32, dims...))
}

// sampleMaps are parameters of the shapes of a picture's features for a term, with names that begin in some way.
func (t *Transfer) sampleMaps(g *Graph, begin string, picture size, term weighted) (all []*Node) {
	layers := term.looksAt()
	t.eachMap(picture, func(layer sl.Layer, of size, channels int) {
		if layer.In(layers) {
			all = append(all, t.sample(g, begin+layer.Name, 1, of.height, of.width, channels))
		}
	})
	return all
}

// sample computes all that a statistic makes in a graph of features x.
func (s *Statistic) sample(x *Node) []*Node {
	of := s.measure(x, nil, float64(x.Shape().Dim(1)*x.Shape().Dim(2)))
	sums := s.sums(x, nil)
	return append(append(slices.Clone(of), sums...), s.Loss(of, of))
}

// fingerprintOfNumbers is a hash of what the functions that work outside the graph make of some numbers; "" where they want
// statistics of another kind, so that the term is known by the graph alone.
func (s *Statistic) fingerprintOfNumbers() (print string) {
	const n = 4
	some := []Array{{[]int{n}, make([]float64, n)}, {[]int{n, n}, make([]float64, n*n)}}
	for _, a := range some {
		for i := range a.Values {
			a.Values[i] = 2 + math.Sin(float64(i))
		}
	}
	_ = caught(func() {
		h := sha256.New()
		if s.Scale != nil {
			fmt.Fprintln(h, s.Scale(some))
		}
		if s.Target != nil {
			target, targetErr := s.Target(some)
			fmt.Fprintln(h, target, targetErr != nil)
		}
		print = fmt.Sprintf("%x", h.Sum(nil)[:8])
	})
	return print
}

// caught runs a function that may panic, with whatever value, and returns that as an error.
func caught(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("%v", r)
		}
	}()
	f()
	return nil
}

// lossOf is the loss of a part; a panic names its term.
func lossOf(p part, image *Node, maps map[string]*Node, in *feed) (loss *Node) {
	if err := caught(func() { loss = p.loss(image, maps, in) }); err != nil {
		panic(fmt.Errorf("term %s: %w", p.term().name, err))
	}
	return loss
}

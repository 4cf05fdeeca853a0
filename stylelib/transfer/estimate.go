package transfer

import (
	"fmt"
	"math"
	"slices"
	"time"

	sl "stylebook/stylelib"

	"github.com/dustin/go-humanize"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Estimate is what a training will take.
type Estimate struct {
	PerEpoch time.Duration   // of the full size
	Total    time.Duration   // all epochs and the compilations
	Epochs   []time.Duration // each, and what comes before the first of a scale
	Bytes    int64           // peak memory of the process
}

// String says it in a few words.
func (e Estimate) String() string {
	return fmt.Sprintf("about %s (%s an epoch) and %s of memory", rounded(e.Total), rounded(e.PerEpoch), humanize.Bytes(uint64(e.Bytes)))
}

func rounded(d time.Duration) time.Duration {
	switch {
	case d > time.Minute:
		return d.Round(time.Second)
	case d > time.Second:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

const (
	stepPerForward    = 2.5       // a training step takes this many times a forward pass
	compilePerForward = 3.0       // its compilation this many times that of a forward pass
	firstPass         = 0.4       // the first of a tile's two passes takes this many times a whole step
	probeArea         = 150 * 225 // pixels of the picture that is timed: with fewer, reading the weights counts for too much
	smallestProbe     = 32
	bytesPerFloat     = 4
	bytesPerPixel     = 3 * bytesPerFloat // of an image
	probeRepetitions  = 3
	probeTime         = 200 * time.Millisecond // after which it is not repeated
)

// Estimate tells what the training will take. It times a forward pass of a small picture on the engine, which takes a second
// or two. What else the machine does meanwhile is in what it says.
func (t *Transfer) Estimate() (Estimate, error) {
	o, of := t.Options, size{t.Height, t.Width}
	probe := of
	if shrink := math.Sqrt(probeArea / float64(of.area())); shrink < 1 {
		probe = size{max(smallestProbe, int(float64(of.height)*shrink)), max(smallestProbe, int(float64(of.width)*shrink))}
	}
	paced, err := t.paced(probe)
	if err != nil {
		return Estimate{}, fmt.Errorf("estimate the time: %w", err)
	}
	perPixel, roots := float64(paced.forward)/float64(paced.of.area()), paced.roots
	// epoch is what one takes at a size, on average: exact losses take the roots in each, transports a forward pass too, now and then.
	epoch := func(of size) float64 {
		pass := perPixel * float64(of.area())
		if o.transports(of) {
			return stepPerForward*pass + (pass+float64(roots))/float64(o.Renew)
		}
		return stepPerForward*pass*t.passes(of) + float64(roots)
	}
	e := Estimate{PerEpoch: time.Duration(epoch(of)), Bytes: t.memory(of)}
	perProduct := float64(paced.forward) / t.products(paced.of)
	for _, s := range o.stages(of.height, of.width) {
		before, each := compilePerForward*float64(paced.compile), epoch(s.size)
		switch {
		case s.places: // which looks at all pictures again now and then
			each += perPixel * float64(s.area()*(1+len(t.Pictures.Styles))) / placesRenew
		case o.byNeighbours():
			before += perProduct * t.matchedProducts(s.size)
		}
		for range s.epochs {
			e.Epochs, e.Total, before = append(e.Epochs, time.Duration(before+each)), e.Total+time.Duration(before+each), 0
		}
	}
	return e, nil
}

// products is how many products of two numbers the convolutions of a picture take.
func (t *Transfer) products(of size) (n float64) {
	before := 3
	t.eachMap(of, func(layer sl.Layer, of size, channels int) {
		if layer.Kind == sl.ConvLayer {
			n += float64(9 * before * channels * of.area())
		}
		before = channels
	})
	return n
}

// pace is how fast the engine computes a network, measured with a picture of some size.
type pace struct {
	of                      size
	forward, compile, roots time.Duration
}

// maxPaces is how many a network in a cache keeps.
const maxPaces = 64

// paced measures the pace with a picture of some size, or takes what was measured before with as large a one.
func (t *Transfer) paced(probe size) (p pace, err error) {
	area := probe.area()
	if area > probeArea*9/10 { // pictures of all shapes are brought to about this
		area = probeArea
	}
	key := fmt.Sprint(t.Options.computed(), area, t.Options.Taps, t.Options.Pooling, t.rootsAt())
	if p, before := t.cache.pace(t.cached, key); before {
		return p, nil
	}
	p.of = probe
	if p.forward, p.compile, err = timeForward(t.Extractor, t.Options.computed(), probe); err == nil {
		p.roots, err = t.timeRoots()
	}
	if err == nil {
		t.cache.keepPace(t.cached, key, p)
	}
	return p, err
}

func (s size) area() int { return s.height * s.width }

// passes is how many times as long an epoch takes as one of the whole picture: tiles overlap, and are looked at twice for statistics.
func (t *Transfer) passes(of size) float64 {
	layers := t.Extractor.Layers
	if !t.Options.inPieces(of, len(layers) > 0) {
		return 1
	}
	area := 0
	for _, piece := range tilesOf(of, t.Options.Tile, layers) {
		area += piece.window.area()
	}
	overlap := float64(area) / float64(of.area())
	if slices.ContainsFunc(t.Options.terms(), func(t weighted) bool { return t.Statistic != nil && t.counts() }) {
		return overlap * (1 + firstPass)
	}
	return overlap
}

// timeRoots returns how long the roots of covariances take once for all layers: a step of the iteration is timed for the deepest
// one, and the others' time goes with the cube of their channels.
func (t *Transfer) timeRoots() (time.Duration, error) {
	most, cubes := 0, 0.0
	for _, channels := range t.rootsAt() {
		most, cubes = max(most, channels), cubes+math.Pow(float64(channels), 3)
	}
	if most == 0 {
		return 0, nil
	}
	program := t.Extractor.Programs.New(func(in []*Node) []*Node {
		y, z := stepRoots(in[0], in[0], func(t *Node) *Node { return matMul(t, t) })
		return []*Node{y, z}
	})
	defer program.Finalize()
	_, run, err := timed(program, tensors.FromShape(shapes.Make(dtypes.Float64, most, most)))
	return time.Duration(float64(run) * float64(len(polynomials)) * cubes / math.Pow(float64(most), 3)), err
}

// rootsAt are the channels of the layers whose covariances have roots taken.
func (t *Transfer) rootsAt() (channels []int) {
	for _, term := range t.Options.terms() {
		if !term.counts() || term.Statistic == nil || !term.Statistic.transport {
			continue
		}
		for i, layer := range t.Extractor.Layers {
			if layer.In(term.looksAt()) {
				channels = append(channels, t.Extractor.Channels[i])
			}
		}
	}
	return channels
}

// timeForward returns how long a forward pass takes to run, and how much longer the first one takes, which compiles.
func timeForward(extractor *sl.Extractor, layers []string, of size) (run, compile time.Duration, err error) {
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		sum := ReduceAllSum(in[0])
		maps := mapsOf(vgg, in[0], layers)
		for _, layer := range vgg.Layers { // a map's own order is another each time, and so would be the graph
			if features := maps[layer.Name]; features != nil {
				sum = Add(sum, ReduceAllSum(features))
			}
		}
		return []*Node{sum}
	})
	if err != nil {
		return 0, 0, err
	}
	defer program.Finalize()
	first, run, err := timed(program, tensors.FromShape(shapes.Make(dtypes.Float32, 1, of.height, of.width, 3)))
	return run, max(0, first-run), err
}

// timed returns how long a program takes the first time, which compiles it, and the shortest of the next times.
func timed(program *sl.Program, in *tensors.Tensor) (first, run time.Duration, err error) {
	begin := time.Now()
	for i := range probeRepetitions + 1 {
		if i > 1 && time.Since(begin)-first > probeTime {
			break
		}
		start := time.Now()
		if _, err := program.Run(in); err != nil {
			return 0, 0, err
		}
		switch took := time.Since(start); {
		case i == 0:
			first = took
		case i == 1 || took < run:
			run = took
		}
	}
	return first, run, nil
}

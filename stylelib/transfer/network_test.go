package transfer_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// residual is a network of our own: blocks of two convolutions around which the map goes too, of which some halve it first.
type residual struct {
	layers  []sl.Layer
	filters [][]*tensors.Tensor
	gain    float64
}

func newResidual(seed uint64) *residual {
	random := rand.New(rand.NewPCG(seed, 0))
	filter := func(size, in, out int) *tensors.Tensor {
		values := make([]float32, size*size*in*out)
		for i := range values {
			values[i] = float32(random.NormFloat64() * math.Sqrt(1/float64(size*size*in)))
		}
		return tensors.FromFlatDataAndDimensions(values, size, size, in, out)
	}
	return &residual{
		gain: 1,
		layers: []sl.Layer{
			{Index: 0, Name: "stem", Kind: sl.OtherLayer, Reach: 1},
			{Index: 1, Name: "block1", Kind: sl.OtherLayer, Reach: 2},
			{Index: 2, Name: "half", Kind: sl.OtherLayer, Halvings: 1, Reach: 1},
			{Index: 3, Name: "block2", Kind: sl.OtherLayer, Halvings: 1, Reach: 2},
		},
		filters: [][]*tensors.Tensor{{filter(3, 3, 6)}, {filter(3, 6, 6), filter(3, 6, 6)}, nil, {filter(3, 6, 6), filter(3, 6, 6)}},
	}
}

func (n *residual) String() string     { return "residual" }
func (n *residual) Layers() []sl.Layer { return n.layers }
func (n *residual) Input() sl.Normalization {
	return sl.Normalization{Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5}}
}
func (n *residual) Parameters(first []sl.Layer) ([][]*tensors.Tensor, error) {
	return n.filters[:len(first)], nil
}

func (n *residual) Forward(layer sl.Layer, x *Node, p []*Node) *Node {
	convolved := func(x, filter *Node) *Node { return Convolve(x, filter).PadSame().Done() }
	switch layer.Name {
	case "stem":
		return MaxScalar(convolved(x, p[0]), 0)
	case "half":
		return MeanPool(x).Window(2).Done()
	}
	return Add(x, MulScalar(convolved(MaxScalar(convolved(x, p[0]), 0), p[1]), n.gain))
}

// own are the options of a training with it.
func (n *residual) own(change func(*transfer.Options)) func(*setting) {
	return func(s *setting) {
		s.options.Add(transfer.Network{FeatureNetwork: n, ContentLayers: []string{"block2"}, StyleLayers: []string{"stem", "block1", "block2"}})
		s.options.Normalize()
		if change != nil {
			change(&s.options)
		}
	}
}

// trained is the loss of each epoch of a training with a network of our own.
func trained(t *testing.T, e *engine.Engine, n *residual, change func(*transfer.Options)) (totals []float64) {
	t.Helper()
	s := newSetting(n.own(change))
	training, err := transfer.New(e.Backend, n, s.inputs, s.height, s.width, s.options)
	if err != nil {
		t.Fatal(err)
	}
	defer training.Close()
	if _, err := training.Train(t.Context(), nil, func(p transfer.Epoch) error {
		totals = append(totals, p.Total)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return totals
}

// A network that is no VGG lowers the loss, with each kind of term; computed in pieces it has the same losses as whole.
func TestOwnNetwork(t *testing.T) {
	e, n := testkit.Engine(t, "go"), newResidual(1)
	whole := trained(t, e, n, nil)
	if last := whole[len(whole)-1]; !(last < 0.7*whole[0]) {
		t.Errorf("the total goes from %g to %g", whole[0], last)
	}
	pieces := trained(t, e, n, func(o *transfer.Options) { o.Tile = 16 })
	for i, want := range whole {
		if off := testkit.RelativeError(pieces[i], want); off > 1e-3 {
			t.Errorf("epoch %d: the total is %g in pieces, %g whole", i+1, pieces[i], want)
		}
	}
	for _, loss := range []string{"moments", "wasserstein", "remd"} {
		totals := trained(t, e, n, func(o *transfer.Options) { o.UseStyleLoss(loss); o.Samples = 64; o.Term("selfsim").Weight = 1 })
		if last := totals[len(totals)-1]; !(last < totals[0]) {
			t.Errorf("%s: the total goes from %g to %g", loss, totals[0], last)
		}
	}
}

// The network sees the picture in the normalization that it wants.
func TestNetworksNormalization(t *testing.T) {
	e, n := testkit.Engine(t, "go"), newResidual(1)
	extractor, err := sl.NewExtractor(e.Backend, n, sl.Options{StyleLayers: []string{"stem"}})
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	features := func(picture *tensors.Tensor, input sl.Normalization) []float32 {
		got, err := extractor.RunOnce(func(vgg *sl.VGG, in []*Node) []*Node {
			if input == n.Input() { // as it is
				return []*Node{n.Forward(n.layers[0], in[0], []*Node{Const(in[0].Graph(), n.filters[0][0])})}
			}
			return []*Node{vgg.Layers[0].Forward(in[0])}
		}, picture)
		if err != nil {
			t.Fatal(err)
		}
		return tensors.MustCopyFlatData[float32](got[0])
	}
	picture := waves(20, 30, 1)
	ours, err := sl.Preprocess(picture, 20, 30, sl.AntialiasBilinear)
	if err != nil {
		t.Fatal(err)
	}
	var values []float32
	for at, v := range picture.Pix {
		if at%4 != 3 {
			values = append(values, (float32(v)/255-0.5)/0.5)
		}
	}
	want := features(tensors.FromFlatDataAndDimensions(values, 1, 20, 30, 3), n.Input())
	if off := testkit.RelativeL2(t, features(ours, sl.ImageNet()), want); off > 1e-5 {
		t.Errorf("its features are off by %.1e", off)
	}
}

// Another weight and another graph make another run.
func TestChangedNetworkIsAnotherRun(t *testing.T) {
	key := func(n *residual) string {
		r := small(t)
		r.Weights.Spec = ""
		r.Options.Add(transfer.Network{FeatureNetwork: n, ContentLayers: []string{"block2"}, StyleLayers: []string{"stem"}})
		return specOf(t, r).Key()
	}
	louder := newResidual(1)
	louder.gain = 2
	one := key(newResidual(1))
	if one != key(newResidual(1)) {
		t.Error("the same network is another run")
	}
	if one == key(newResidual(2)) || one == key(louder) {
		t.Error("another network is the same run")
	}
}

// With a cache a second training with the network compiles nothing, and has the same bits.
func TestOwnNetworkWithCache(t *testing.T) {
	e, n := testkit.Engine(t, "go"), newResidual(1)
	cache := transfer.NewCache(e.Backend)
	defer cache.Close()
	var totals []float64
	compiled := 0
	for range 2 {
		compiled = cache.Compiled()
		r := small(t)
		r.Weights.Spec, r.Cache = "", cache
		r.Options.Add(transfer.Network{FeatureNetwork: n, ContentLayers: []string{"block2"}, StyleLayers: []string{"stem"}})
		opened, err := transfer.Open(t.Context(), e.Backend, r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := opened.Train(t.Context(), nil, func(p transfer.Epoch) error { totals = append(totals, p.Total); return nil }); err != nil {
			t.Fatal(err)
		}
		opened.Close()
	}
	if compiled == 0 || cache.Compiled() != compiled || totals[0] != totals[2] || totals[1] != totals[3] {
		t.Errorf("%d programs, then %d; totals %v", compiled, cache.Compiled(), totals)
	}
}

// What can't be meant with a network of one's own is refused in one line.
func TestNetworksThatCantBeUsed(t *testing.T) {
	spoiled := func(change func(*residual)) *residual {
		n := newResidual(1)
		change(n)
		return n
	}
	for want, test := range map[string]struct {
		n      *residual
		change func(*transfer.Options)
	}{
		`residual has no layer "conv1_1": it has stem block1 half block2, or indices from 0 to 3`: {newResidual(1), func(o *transfer.Options) { o.StyleLayers = []string{"conv1_1"} }},
		"pooling: residual has its own":                              {newResidual(1), func(o *transfer.Options) { o.Pooling = sl.MaxPooling }},
		"tile: block1 of residual looks at the whole picture":        {spoiled(func(n *residual) { n.layers[1].Reach = -1 }), func(o *transfer.Options) { o.Tile = 16 }},
		"residual: layer half makes a map of shape":                  {spoiled(func(n *residual) { n.layers[2].Halvings, n.layers[3].Halvings = 2, 2 }), nil},
		`residual: layer 1 is called "stem": give each layer a name`: {spoiled(func(n *residual) { n.layers[1].Name = "stem" }), func(o *transfer.Options) { o.StyleLayers = []string{"stem"} }},
		"residual: layer stem has the index 7":                       {spoiled(func(n *residual) { n.layers[0].Index = 7 }), nil},
		"residual: layer block2: ":                                   {spoiled(func(n *residual) { n.filters[3] = n.filters[0] }), nil},
		"network: it is missing":                                     {newResidual(1), func(o *transfer.Options) { o.Network = &transfer.Network{} }},
		"needs at least 2 pixels":                                    {newResidual(1), func(o *transfer.Options) { o.StyleScale = 0.001 }},
	} {
		s := newSetting(test.n.own(test.change))
		_, err := transfer.New(testkit.Engine(t, "go").Backend, test.n, s.inputs, s.height, s.width, s.options)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	r := small(t)
	r.Options.Add(transfer.Network{FeatureNetwork: newResidual(1), ContentLayers: []string{"block2"}, StyleLayers: []string{"stem"}})
	if _, err := transfer.Open(t.Context(), testkit.Engine(t, "go").Backend, r); err == nil || !strings.Contains(err.Error(), "weights: residual has its own: leave") {
		t.Errorf("got %v", err)
	}
}

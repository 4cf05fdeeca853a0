package transfer_test

import (
	"image"
	"math"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/ops"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// pooledLaplacian is the Laplacian of what is left of a picture [1, h, w, 3] after means of 4 × 4 pixels, without its border.
func pooledLaplacian(x *Node) *Node {
	x = MeanPool(x).Window(4).Done()
	h, w := x.Shape().Dim(1), x.Shape().Dim(2)
	part := func(i, j int) *Node { return Slice(x, AxisRange(), AxisRange(i, h-2+i), AxisRange(j, w-2+j)) }
	around := Add(Add(part(0, 1), part(2, 1)), Add(part(1, 0), part(1, 2)))
	return Sub(around, MulScalar(part(1, 1), 4))
}

// laplacian is the loss of Li, Xu, Nie, Liu 2017, "Laplacian-Steered Neural Style Transfer": pixels against the photograph's.
var laplacian = transfer.Term{Name: "laplacian", Of: transfer.ContentImage, Weight: 2,
	Loss: func(s *transfer.Scene) *Node {
		return ops.ReduceAllSum(Square(Sub(pooledLaplacian(s.Image), pooledLaplacian(s.Content))))
	}}

// laplacianOf is the same in float64, by a loop.
func laplacianOf(a, b []float32, height, width int) (loss float64) {
	h, w := height/4, width/4
	mean := func(x []float32, i, j, c int) (sum float64) {
		for y := range 4 {
			for z := range 4 {
				sum += float64(x[((4*i+y)*width+4*j+z)*3+c]) / 16
			}
		}
		return sum
	}
	at := func(x []float32, i, j, c int) float64 {
		return mean(x, i-1, j, c) + mean(x, i+1, j, c) + mean(x, i, j-1, c) + mean(x, i, j+1, c) - 4*mean(x, i, j, c)
	}
	for i := 1; i < h-1; i++ {
		for j := 1; j < w-1; j++ {
			for c := range 3 {
				loss += math.Pow(at(a, i, j, c)-at(b, i, j, c), 2)
			}
		}
	}
	return loss
}

// A term sees pixels with the photograph's, beside pieces too.
func TestTermSeesThePhotographsPixels(t *testing.T) {
	e := testkit.Engine(t, "go")
	for _, tile := range []int{0, 16} {
		s := newSetting(func(s *setting) { s.options.Add(laplacian); s.options.Init, s.options.Tile = transfer.InitStyle, tile })
		s.options.Epochs = 15
		content, style := s.pictures(t)
		_, records, _ := s.run(t, e, nil)
		want := 2 * laplacianOf(tensors.MustCopyFlatData[float32](style), tensors.MustCopyFlatData[float32](content), s.height, s.width)
		if got := records[0].Loss("laplacian"); testkit.RelativeError(got, want) > 1e-4 {
			t.Errorf("tile %d: the loss is %g, want %g", tile, got, want)
		}
		if last := records[14].Loss("laplacian"); !(last < 0.8*want) {
			t.Errorf("tile %d: the loss goes from %g to %g", tile, want, last)
		}
	}
}

// A term sees which epoch of which scale it is, without a graph for each.
func TestTermSeesEpochAndScale(t *testing.T) {
	e := testkit.Engine(t, "go")
	clock := transfer.Term{Name: "clock", Weight: 1, Loss: func(s *transfer.Scene) *Node {
		return Add(Add(s.Epoch, MulScalar(s.Epochs, 10)), Add(MulScalar(s.Scale, 100), MulScalar(s.Scales, 1000)))
	}}
	s := newSetting(func(s *setting) { s.options.Add(clock); s.options.Scales, s.options.Epochs = 2, 5 })
	_, records, _ := s.run(t, e, nil)
	for i, want := range []float64{2121, 2122, 2231, 2232, 2233} {
		if got := records[i].Loss("clock"); got != want {
			t.Errorf("epoch %d: it sees %g, want %g", i+1, got, want)
		}
	}
}

// A term sees all style pictures together, with their shares, whatever their sizes.
func TestTermSeesAllStylePictures(t *testing.T) {
	e := testkit.Engine(t, "go")
	mean := func(x *Node) *Node { return ReduceMean(x, 0, 1, 2) }
	palette := transfer.Term{Name: "palette", Of: transfer.BothPictures, Weight: 1, Loss: func(s *transfer.Scene) *Node {
		blend := ZerosLike(mean(s.Content))
		for i, style := range s.Styles {
			blend = Add(blend, Mul(mean(style), Slice(s.Shares, AxisElem(i))))
		}
		return ops.ReduceAllMean(Square(Sub(mean(s.Image), blend)))
	}}
	s := newSetting(func(s *setting) {
		s.inputs.Styles = append(s.inputs.Styles, waves(30, 70, 5))
		s.options.Blend, s.options.StyleScales = []float64{3, 1}, []float64{1, 0.7}
		s.options.Add(palette)
	})
	colours := func(picture image.Image, height, width int) (mean [3]float64) {
		x, err := sl.Preprocess(picture, height, width, s.options.Resize)
		if err != nil {
			t.Fatal(err)
		}
		values := tensors.MustCopyFlatData[float32](x)
		for i, v := range values {
			mean[i%3] += float64(v) / float64(len(values)/3)
		}
		return mean
	}
	content, one, two := colours(s.inputs.Content, 32, 48), colours(s.inputs.Styles[0], 32, 48), colours(s.inputs.Styles[1], 22, 34)
	want := 0.0
	for c := range 3 {
		want += math.Pow(content[c]-0.75*one[c]-0.25*two[c], 2) / 3
	}
	_, records, _ := s.run(t, e, nil)
	if got := records[0].Loss("palette"); testkit.RelativeError(got, want) > 1e-4 {
		t.Errorf("the loss is %g, want %g", got, want)
	}
}

// A term sees the features of several layers at once: here the Gram matrix of hypercolumns.
func TestTermSeesHypercolumns(t *testing.T) {
	e := testkit.Engine(t, "go")
	layers := []string{"conv1_1", "conv2_1"}
	gram := func(features []*Node) *Node {
		h, w, c := features[0].Shape().Dim(1), features[0].Shape().Dim(2), features[1].Shape().Dim(3)
		wide := Reshape(BroadcastToDims(Reshape(features[1], 1, h/2, 1, w/2, 1, c), 1, h/2, 2, w/2, 2, c), 1, h, w, c)
		return sl.Gram(Concatenate([]*Node{features[0], wide}, -1))
	}
	term := transfer.Term{Name: "hypercolumns", Of: transfer.StyleImages, Layers: layers, Weight: 1, Loss: func(s *transfer.Scene) *Node {
		return ops.ReduceAllSum(Square(Sub(gram(s.Features), gram(s.StyleFeatures[0]))))
	}}
	s := newSetting(func(s *setting) { s.options.UseStyleLoss("moments"); s.options.Add(term) })
	s.options.Epochs = 20
	content, style := s.pictures(t)
	products := func(picture *tensors.Tensor) (all []float64) {
		maps, err := sl.GetStyles(s.extractor(t, e), picture, sl.Options{StyleLayers: layers})
		if err != nil {
			t.Fatal(err)
		}
		fine, coarse := tensors.MustCopyFlatData[float32](maps[0]), tensors.MustCopyFlatData[float32](maps[1])
		const c = 4
		column := func(i, j, k int) float64 {
			if k < c {
				return float64(fine[(i*s.width+j)*c+k])
			}
			return float64(coarse[(i/2*(s.width/2)+j/2)*c+k-c])
		}
		for a := range 2 * c {
			for b := range 2 * c {
				sum := 0.0
				for i := range s.height {
					for j := range s.width {
						sum += column(i, j, a) * column(i, j, b)
					}
				}
				all = append(all, sum/float64(2*c*s.height*s.width))
			}
		}
		return all
	}
	want, other := 0.0, products(style)
	for i, v := range products(content) {
		want += math.Pow(v-other[i], 2)
	}
	_, records, _ := s.run(t, e, nil)
	if got := records[0].Loss("hypercolumns"); testkit.RelativeError(got, want) > 1e-4 {
		t.Errorf("the loss is %g, want %g", got, want)
	}
	if last := records[19].Loss("hypercolumns"); !(last < 0.9*want) {
		t.Errorf("the loss goes from %g to %g", want, last)
	}
}

// anchored is how far the image is from what it was when the target was renewed, and from the epoch of that.
func anchored(every int) transfer.Term {
	return transfer.Term{Name: "anchored", Weight: 1, Every: every,
		Target: func(s *transfer.Scene) []*Node { return []*Node{s.Image, s.Epoch} },
		Loss: func(s *transfer.Scene) *Node {
			return Add(ops.ReduceAllMean(Square(Sub(s.Image, s.Target[0]))), Sub(s.Epoch, s.Target[1]))
		}}
}

// A target is renewed every few epochs, at each scale from its first on, and a training that goes on has the one it had.
func TestTargetIsRenewed(t *testing.T) {
	e := testkit.Engine(t, "go")
	s := newSetting(func(s *setting) { s.options.Add(anchored(3)); s.options.Scales, s.options.Epochs = 2, 10 })
	final, records, states := s.run(t, e, nil)
	for i, since := range []float64{0, 1, 2, 0, 1, 0, 1, 2, 0, 1} {
		moved := records[i].Loss("anchored") - since
		if since == 0 && moved != 0 || since > 0 && !(moved > 1e-4 && moved < 1) {
			t.Errorf("epoch %d: the image has moved by %g in %g epochs", i+1, moved, since)
		}
	}
	for _, at := range []int{1, 2, 6, 8} {
		again, rest, _ := s.run(t, e, states[at])
		if !equalBits(final, again) || rest[0].Total != records[at+1].Total {
			t.Errorf("a training that goes on after epoch %d has the total %g and ends with other bits: want %g", at+1, rest[0].Total, records[at+1].Total)
		}
	}
	delete(states[1].Arrays, "target anchored")
	if _, err := s.on(t, e).Train(t.Context(), states[1], nil); err == nil || !strings.Contains(err.Error(), "no target anchored") {
		t.Errorf("a state without its target: %v", err)
	}
}

// Layers of a further term have weights of their own where its loss is a sum over them, and a refusal elsewhere.
func TestLayerWeightsOfFurtherTerms(t *testing.T) {
	e := testkit.Engine(t, "go")
	loss := func(weights map[string]float64) float64 {
		s := newSetting(func(s *setting) {
			s.options.Epochs = 1
			*s.options.Term("moments") = transfer.TermOptions{Name: "moments", Weight: 1, Layers: []string{"conv1_1", "conv2_1"}, LayerWeights: weights}
		})
		_, records, _ := s.run(t, e, nil)
		return records[0].Loss("moments")
	}
	one, two := loss(map[string]float64{"conv2_1": 0}), loss(map[string]float64{"conv1_1": 0})
	if got, want := loss(map[string]float64{"conv1_1": 3, "conv2_1": 0.5}), 3*one+0.5*two; testkit.RelativeError(got, want) > 1e-5 {
		t.Errorf("the loss is %g, want %g", got, want)
	}
}

func TestScenesThatCantBe(t *testing.T) {
	with := func(change func(*transfer.Term)) func(*setting) {
		term := anchored(2)
		change(&term)
		return func(s *setting) { s.options.Add(term) }
	}
	for want, change := range map[string]func(*setting){
		"anchored: nothing is renewed every 2 epochs":   with(func(t *transfer.Term) { t.Target = nil }),
		"anchored: its target can't be renewed every 0": with(func(t *transfer.Term) { t.Every = 0 }),
		"anchored: its target is for its Loss": with(func(t *transfer.Term) {
			t.Loss, t.Image = nil, func(x *Node) *Node { return ops.ReduceAllMean(x) }
		}),
		"anchored: its function does not go": with(func(t *transfer.Term) {
			*t = transfer.Term{Name: "anchored", Of: transfer.BothPictures, Features: func(a, _ []*Node) *Node { return ops.ReduceAllMean(a[0]) }}
		}),
		"anchored is no sum over positions, so it can't be computed in pieces": func(s *setting) {
			term := anchored(2)
			term.Layers = []string{"conv1_1"}
			s.options.Add(term)
			s.options.Tile = 16
		},
		"anchored is no sum over positions, so it has no regions": func(s *setting) {
			s.mask()
			with(func(t *transfer.Term) { t.Of = transfer.BothPictures })(s)
		},
		"remd layers: remd looks at all its layers at once": func(s *setting) {
			s.options.Term("remd").LayerWeights = map[string]float64{"conv1_1": 2}
		},
		"style layers: remd looks at all its layers at once": func(s *setting) {
			s.options.UseStyleLoss("remd")
			s.options.StyleLayerWeights = map[string]float64{"conv1_1": 2}
		},
		"moments layer weights: layer conv1_2 has one and is not used": func(s *setting) {
			s.options.Term("moments").LayerWeights = map[string]float64{"conv1_2": 2}
		},
	} {
		s := newSetting(change)
		if err := s.inputs.Check(s.options); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

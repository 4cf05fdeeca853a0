package transfer_test

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/ops"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

type termCase struct {
	Image    testkit.Numbers `json:"image"`
	Style    testkit.Numbers `json:"style"`
	Content  testkit.Numbers `json:"content"`
	Value    float64         `json:"value"`
	Gradient testkit.Numbers `json:"gradient"`
}

func goldenTerms(t *testing.T, v any) {
	t.Helper()
	testkit.ReadJSON(t, filepath.Join(testkit.Root(t), "data", "golden", "terms.json"), v)
}

// valueAndGradient computes a loss of the first input and its gradient.
func valueAndGradient(t *testing.T, e *engine.Engine, loss func(image, other *Node) *Node, image, other any) (float64, []float32) {
	t.Helper()
	out, err := ExecOnceN(e.Backend, func(in []*Node) []*Node {
		l := loss(in[0], in[1])
		return []*Node{l, Gradient(l, in[0])[0]}
	}, image, other)
	if err != nil {
		t.Fatal(err)
	}
	return float64(tensors.ToScalar[float32](out[0])), tensors.MustCopyFlatData[float32](out[1])
}

func compareTerm(t *testing.T, value float64, gradient []float32, want termCase, tolerance float64) {
	t.Helper()
	if off := testkit.RelativeError(value, want.Value); off > tolerance {
		t.Errorf("%.9g, want %.9g: off by %.1e", value, want.Value, off)
	}
	if off := testkit.RelativeL2(t, gradient, testkit.Float32s(want.Gradient.Values)); off > 10*tolerance {
		t.Errorf("the gradient is off by %.1e", off)
	}
}

// statisticLoss is a statistic's loss of features against those of a style image.
func statisticLoss(t *testing.T, name string) func(image, style *Node) *Node {
	t.Helper()
	var s *transfer.Statistic
	for _, term := range transfer.Terms() {
		if term.Name == name {
			s = term.Statistic
		}
	}
	of := func(features *Node) []*Node {
		c := features.Shape().Dim(-1)
		x := Reshape(features, features.Shape().Size()/c, c)
		return s.Of(s.Sums(x, x), float64(x.Shape().Dim(0)))
	}
	return func(image, style *Node) *Node { return s.Loss(of(image), of(style)) }
}

func caseOf(t *testing.T, text json.RawMessage) (c termCase) {
	t.Helper()
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The terms agree with independent implementations in float64, and so do their gradients.
func TestTermsAgainstPyTorch(t *testing.T) {
	var golden struct {
		Moments map[string]json.RawMessage `json:"moments"`
		REMD    map[string]json.RawMessage `json:"remd"`
		Selfsim termCase                   `json:"selfsim"`
	}
	goldenTerms(t, &golden)
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		for _, name := range []string{"plain", "constant", "dead"} {
			t.Run("moments, "+name, func(t *testing.T) {
				c := caseOf(t, golden.Moments[name])
				value, gradient := valueAndGradient(t, e, statisticLoss(t, "moments"), c.Image.Tensor(), c.Style.Tensor())
				compareTerm(t, value, gradient, c, 1e-5)
			})
		}
		for _, name := range []string{"image_larger", "style_larger"} {
			t.Run("remd, "+name, func(t *testing.T) {
				c := caseOf(t, golden.REMD[name])
				value, gradient := valueAndGradient(t, e, transfer.RelaxedEMD, c.Image.Tensor(), c.Style.Tensor())
				compareTerm(t, value, gradient, c, 1e-5)
			})
		}
		t.Run("selfsim", func(t *testing.T) {
			value, gradient := valueAndGradient(t, e, transfer.SelfSimilarity, golden.Selfsim.Image.Tensor(), golden.Selfsim.Content.Tensor())
			compareTerm(t, value, gradient, golden.Selfsim, 1e-5)
		})
	})
}

// The loss of a short training falls under each term, whether as the style or the content loss or beside them.
func TestTermsTrain(t *testing.T) {
	e := testkit.Engine(t, "go")
	for name, change := range map[string]func(*setting){
		"moments": func(s *setting) { s.options.UseStyleLoss("moments") },
		"remd":    func(s *setting) { s.options.UseStyleLoss("remd"); s.options.Samples = 200 },
		"selfsim": func(s *setting) {
			s.options.UseContentLoss("selfsim")
			s.options.UseStyleLoss("remd")
			s.options.Samples = 200
		},
		"several": func(s *setting) {
			s.options.Term("moments").Weight = 100
			s.options.Term("wasserstein").Weight = 5
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetting(change)
			s.options.Epochs = 20
			_, records, _ := s.run(t, e, nil)
			if first, last := records[0], records[len(records)-1]; !(last.Loss("style") < 0.9*first.Loss("style")) {
				t.Errorf("the style loss goes from %v to %v", first.Losses, last.Losses)
			}
		})
	}
}

// What is no sum over positions is refused with tiles and masks, in one line.
func TestTermsThatNeedTheWholePicture(t *testing.T) {
	for name, change := range map[string]func(*setting){
		"remd is no sum over positions, so it can't be computed in pieces": func(s *setting) { s.options.Tile = 32; s.options.UseStyleLoss("remd") },
		"remd is no sum over positions, so it has no regions":              func(s *setting) { s.mask(); s.options.UseStyleLoss("remd") },
		"there is no \"content\": choose one of":                           func(s *setting) { s.options.StyleLoss = "content" },
		"there is no term \"other\"":                                       func(s *setting) { s.options.Term("other").Weight = 1 },
		"mine: a term has one function, this one has 0":                    func(s *setting) { s.options.Add(transfer.Term{Name: "mine"}) },
		"style: is named twice":                                            func(s *setting) { s.options.Add(greyness("style")) },
	} {
		s := newSetting(change)
		if err := s.inputs.Check(s.options); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, name)
		}
	}
}

// greyness is a term of one's own: how far a picture is from grey.
func greyness(name string) transfer.Term {
	return transfer.Term{Name: name, Weight: 100, Image: func(image *Node) *Node {
		grey := ReduceAndKeep(image, ReduceMean, -1)
		return ops.ReduceAllMean(Square(Sub(image, grey)))
	}}
}

// A term of one's own has its loss in the records, and its way with the picture.
func TestOwnTerm(t *testing.T) {
	e := testkit.Engine(t, "go")
	s := newSetting(func(s *setting) { s.options.Add(greyness("grey")) })
	s.options.Epochs = 20
	_, records, _ := s.run(t, e, nil)
	first, last := records[0], records[len(records)-1]
	if len(last.Losses) != 4 || last.Losses[3].Name != "grey" || !(last.Loss("grey") < 0.7*first.Loss("grey")) {
		t.Errorf("it goes from %v to %v", first.Losses, last.Losses)
	}
	if off := math.Abs(last.Total - (last.Loss("content") + 10*last.Loss("style") + last.Loss("tv") + last.Loss("grey"))); off > 1e-4*last.Total {
		t.Errorf("the total %g is not the sum of %v", last.Total, last.Losses)
	}
}

// A term that compares features itself gets those of its layers.
func TestOwnFeatures(t *testing.T) {
	e := testkit.Engine(t, "go")
	term := transfer.Term{Name: "brightest", Of: transfer.StyleImages, Layers: []string{"conv1_1", "conv2_1"}, Weight: 1,
		Features: func(features, target []*Node) *Node {
			var sum *Node
			for i := range features {
				loss := ops.ReduceAllMean(Square(Sub(ReduceMax(features[i], 0, 1, 2), ReduceMax(target[i], 0, 1, 2))))
				if sum == nil {
					sum = loss
				} else {
					sum = Add(sum, loss)
				}
			}
			return sum
		}}
	s := newSetting(func(s *setting) { s.options.Add(term) })
	_, records, _ := s.run(t, e, nil)
	if v := records[0].Loss("brightest"); !(v > 0) || math.IsInf(v, 0) {
		t.Errorf("its loss is %g", v)
	}
}

// A term has one place in the loss: one that takes a role is no further term, and has a say there even if it names no weight.
func TestTermHasOnePlace(t *testing.T) {
	own := transfer.Term{Name: "own", Of: transfer.StyleImages, Layers: []string{"conv2_1"},
		Features: func(features, _ []*Node) *Node { return ops.ReduceAllMean(features[0]) }}
	for weight, want := range map[float64]float64{3: 3, 0: 1} {
		own.Weight = weight
		for _, preset := range transfer.Presets() {
			o, err := transfer.Choose(transfer.Choice{Preset: preset, StyleLoss: "own", Own: []transfer.Extension{own}})
			if err == nil {
				err = o.Validate(1)
			}
			if err != nil || o.StyleLoss != "own" || o.StyleWeight != want || len(o.Terms) != 0 {
				t.Errorf("%s, weight %g: style weight %g, terms %v, %v", preset, weight, o.StyleWeight, o.Terms, err)
			}
		}
	}
	before := transfer.Default()
	before.Add(own)
	after := before
	if after.UseStyleLoss("own"); len(before.Terms) != 1 || before.Terms[0].Name != "own" {
		t.Errorf("what else has the options has %v", before.Terms)
	}
}

func TestWhatCountsTwiceOrNotAtAll(t *testing.T) {
	noWeights := func(o *transfer.Options) { o.ContentWeight, o.StyleWeight, o.TVWeight = 0, 0, 0 }
	for want, change := range map[string]func(*transfer.Options){
		"gram: is the style loss already, and counts once": func(o *transfer.Options) { o.Term("gram").Weight = 2 },
		"selfsim: is the content loss already":             func(o *transfer.Options) { o.UseContentLoss("selfsim"); o.Term("selfsim").Weight = 2 },
		"gram: the library has a term of this name":        func(o *transfer.Options) { own := greyness("gram"); o.Own = append(o.Own, own) },
		"weights: all terms of the loss have weight 0":     noWeights,
		"so there is nothing to minimize":                  func(o *transfer.Options) { noWeights(o); o.StyleWeight, o.StyleLayers = 1, nil },
		"or no layers":                                     func(o *transfer.Options) { noWeights(o); o.StyleWeight, o.StyleRepeat = 1, 0 },
		"give one a weight": func(o *transfer.Options) {
			noWeights(o)
			o.ContentWeight, o.ContentLayerWeights = 1, map[string]float64{"conv4_last": 0}
		},
	} {
		o := transfer.Default()
		change(&o)
		if err := o.Validate(1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, change := range []func(*transfer.Options){
		func(o *transfer.Options) { o.TVWeight = 1 },
		func(o *transfer.Options) { o.Add(greyness("grey")) },
		func(o *transfer.Options) { o.Term("moments").Weight = 1 },
	} {
		o := transfer.Default()
		noWeights(&o)
		change(&o)
		if err := o.Validate(1); err != nil {
			t.Error(err)
		}
	}
}

func ExampleOptions_Add() {
	options := transfer.Default()
	options.Add(transfer.Term{Name: "grey", Weight: 50, Image: func(image *Node) *Node {
		grey := ReduceAndKeep(image, ReduceMean, -1)
		return ops.ReduceAllMean(Square(Sub(image, grey))) // 0 where red, green and blue are equal
	}})
	fmt.Println(options.Terms)
	fmt.Println(options.Validate(1))
	// Output:
	// [{grey 50 [] map[]}]
	// <nil>
}

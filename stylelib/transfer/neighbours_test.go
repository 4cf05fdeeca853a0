package transfer

import (
	"context"
	"errors"
	"image"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
)

// neighboursFile is what scripts/author/reference/neighbours.py computed in float64.
type neighboursFile struct {
	Share      float64           `json:"share"`
	Rotations  int               `json:"rotations"`
	Photograph testkit.Numbers   `json:"photograph"`
	Begin      testkit.Numbers   `json:"begin"`
	Image      testkit.Numbers   `json:"image"`
	Styles     []testkit.Numbers `json:"styles"`
	Stage      goldenSlope       `json:"stage"`
	Places     goldenSlope       `json:"places"`
}

type goldenSlope struct {
	Value    float64   `json:"value"`
	RMS      float64   `json:"rms"`
	Gradient []float64 `json:"gradient"` // element k is ((k+1)·7919) mod n of the flattened one
}

func TestNeighboursAgainstPyTorch(t *testing.T) {
	var file neighboursFile
	testkit.ReadJSON(t, filepath.Join(testkit.Root(t), "data", "golden", "neighbours.json"), &file)
	options := Default()
	options.UseStyleLoss(neighboursTerm.Name)
	options.StyleRepeat, options.ContentWeight, options.TVWeight = 1, 0, 0
	options.ContentShare, options.Rotations = file.Share, file.Rotations
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		loaded, err := weights.Load(t.Context(), weights.Options{
			Spec: filepath.Join(testkit.Root(t), "data", "weights", "vgg16-random.safetensors"), Layers: options.Layers()})
		if err != nil {
			t.Fatal(err)
		}
		pictures := &sized{size: size{file.Photograph.Shape[1], file.Photograph.Shape[2]}, content: file.Photograph.Tensor()}
		for _, style := range file.Styles {
			pictures.styles = append(pictures.styles, style.Tensor())
		}
		extractor, err := NewExtractor(e.Backend, loaded.Network, options)
		if err != nil {
			t.Fatal(err)
		}
		defer extractor.Finalize()
		for name, c := range map[string]struct {
			stage stage
			want  goldenSlope
		}{"a stage": {stage{size: pictures.size}, file.Stage}, "the last one": {stage{size: pictures.size, places: true}, file.Places}} {
			o, err := newObjective(extractor, pictures, options, c.stage, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer o.finalize()
			value, gradient := slopeOf(t, o.parts[1].(renewed), extractor, file.Begin.Tensor(), file.Image.Tensor())
			if off := testkit.RelativeError(value, c.want.Value); !(off < 2e-6) {
				t.Errorf("%s: the loss is %.9g, want %.9g: off by %.1e", name, value, c.want.Value, off)
			}
			worst := 0.0
			for k, want := range c.want.Gradient {
				worst = max(worst, math.Abs(float64(gradient[(k+1)*7919%len(gradient)])-want)/c.want.RMS)
			}
			if !(worst < 2e-4) {
				t.Errorf("%s: the gradient is off by %.1e of its RMS", name, worst)
			}
		}
	})
}

// slopeOf is the loss of a part and its gradient at an image, with what was found for another image.
func slopeOf(t *testing.T, p renewed, extractor *sl.Extractor, begin, image *tensors.Tensor) (float64, []float32) {
	t.Helper()
	if err := p.find(begin, 1); err != nil {
		t.Fatal(err)
	}
	inputs, err := p.inputs(image, 2)
	if err != nil {
		t.Fatal(err)
	}
	program, err := extractor.Compile(func(vgg *sl.VGG, in []*Node) []*Node {
		rest := feed(in[1:])
		loss := p.loss(in[0], mapsOf(vgg, in[0], p.term().layers), &rest)
		return []*Node{loss, Gradient(loss, in[0])[0]}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Finalize()
	out, err := program.Run(append([]any{image}, sl.AsInputs(inputs)...)...)
	if err != nil {
		t.Fatal(err)
	}
	return float64(tensors.ToScalar[float32](out[0])), tensors.MustCopyFlatData[float32](out[1])
}

// At full width, 2688 channels, the nearest of some rows are those that float64 finds, whatever block they come in.
func TestMatchingAtFullWidth(t *testing.T) {
	const rows, offered, channels = 70, 150, 2688
	random := rand.New(rand.NewPCG(1, 2))
	some := func(n int) []float32 {
		values := make([]float32, n*channels)
		for i := range values {
			values[i] = float32(max(0, random.NormFloat64()+0.2*float64(i%channels%5))) // as after a ReLU, with means of their own
		}
		return values
	}
	x, s := some(rows), some(offered)
	mean := func(values []float32) []float64 {
		m := make([]float64, channels)
		for i, v := range values {
			m[i%channels] += float64(v) / float64(len(values)/channels)
		}
		return m
	}
	xMean, sMean := mean(x), mean(s)
	cosine := func(i, j int) float64 {
		var product, a, b float64
		for c := range channels {
			p, q := float64(x[i*channels+c])-xMean[c], float64(s[j*channels+c])-sMean[c]
			product, a, b = product+p*q, a+p*p, b+q*q
		}
		return product / math.Sqrt(a*b)
	}
	unit := func(values []float32, mean []float64) *matrix {
		m := &matrix{channels, slices.Clone(values)}
		m.centre(mean)
		return m
	}
	asked, all := unit(x, xMean), unit(s, sMean)
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		match, err := NewExec(e.Backend, matchGraph)
		if err != nil {
			t.Fatal(err)
		}
		defer match.Finalize()
		state := []*tensors.Tensor{tensors.FromValue(slices.Repeat([]float32{-math.MaxFloat32}, rows)), tensors.FromValue(make([]int32, rows))}
		for _, part := range [][2]int{{0, 90}, {90, offered}} {
			if state, err = match.Call(asked.tensor(0, rows), all.tensor(part[0], part[1]), int32(part[0]), state[0], state[1]); err != nil {
				t.Fatal(err)
			}
		}
		nearest := tensors.MustCopyFlatData[int32](state[1])
		for i := range rows {
			best := 0
			for j := range offered {
				if cosine(i, j) > cosine(i, best) {
					best = j
				}
			}
			if int(nearest[i]) != best {
				t.Errorf("row %d has the neighbour %d, not %d", i, nearest[i], best)
			}
		}
	})
}

// A hypercolumn is where its pixels are, whatever the size: of maps that grow evenly to the right and down, each is sampled at the
// middle of its place.
func TestHypercolumnsAreInPlace(t *testing.T) {
	layers := []sl.Layer{{Halvings: 0}, {Halvings: 1}, {Halvings: 2}, {Halvings: 3}, {Halvings: 4}}
	e := testkit.Engine(t, "go")
	for _, of := range []size{{64, 96}, {60, 84}, {77, 101}} {
		out, err := ExecOnceN(e.Backend, func(g *Graph) (columns []*Node) {
			var maps []*Node
			for _, layer := range layers {
				m := of.halved(layer.Halvings)
				values := make([]float32, 0, m.area())
				for i := range m.height {
					for j := range m.width { // in pixels, the middle of what the value is of
						values = append(values, float32(1000*(float64(i)+0.5)+float64(j)+0.5)*float32(int(1)<<layer.Halvings))
					}
				}
				maps = append(maps, Const(g, tensors.FromFlatDataAndDimensions(values, 1, m.height, m.width, 1)))
			}
			return hypercolumns(maps, layers, of)
		})
		if err != nil {
			t.Fatal(err)
		}
		grid := of.halved(gridHalvings)
		for k, column := range out {
			if got := sizeOf(column); got != grid {
				t.Fatalf("%v: map %d has the grid %v, want %v", of, k, got, grid)
			}
			values := tensors.MustCopyFlatData[float32](column)
			border := 1 << max(0, layers[k].Halvings-gridHalvings) // where a coarser map ends, its last value is repeated
			for i := border; i < grid.height-2*border; i++ {
				for j := border; j < grid.width-2*border; j++ {
					if got, want := float64(values[i*grid.width+j]), 4000*(float64(i)+0.5)+4*(float64(j)+0.5); math.Abs(got-want) > 0.5 {
						t.Fatalf("%v: map %d at %d, %d was sampled at %g, want %g", of, k, i, j, got, want)
					}
				}
			}
		}
	}
}

// neighboursTraining is a short training by neural neighbours.
func neighboursTraining(t *testing.T, change func(*Options)) *Transfer {
	t.Helper()
	options, err := Choose(Choice{Preset: NNST})
	if err != nil {
		t.Fatal(err)
	}
	options.Epochs, options.Coarsest = 18, 32
	if change != nil {
		change(&options)
	}
	net, err := weights.Random(1, sl.VGG16, [5]int{4, 4, 8, 8, 8}, options.Layers()...)
	if err != nil {
		t.Fatal(err)
	}
	pictures := Pictures{Content: noisePicture(t, 1, 40, 60), Styles: []image.Image{noisePicture(t, 2, 50, 40), noisePicture(t, 3, 33, 64)}}
	training, err := New(testkit.Engine(t, "go").Backend, net, pictures, 64, 90, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(training.Close)
	return training
}

// A training by neighbours that was stopped, at whatever epoch of whatever stage, ends with the same bits.
func TestNeighboursGoOn(t *testing.T) {
	training := neighboursTraining(t, nil)
	if n := training.Options.Stages(training.Height, training.Width); n != 3 {
		t.Fatalf("%d stages, want two scales and the last one", n)
	}
	whole, err := training.Train(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	for _, at := range []int{1, 5, 6, 9, 12, 15, 17} {
		var state *State
		_, err := training.Train(t.Context(), nil, func(e Epoch) (err error) {
			if e.Epoch < at {
				return nil
			}
			if state, err = e.Snapshot(); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		again, err := training.Train(t.Context(), state, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(tensors.MustCopyFlatData[float32](again), tensors.MustCopyFlatData[float32](whole)) {
			t.Errorf("stopped after epoch %d it ends with other bits", at)
		}
	}
}

// Strength 0 leaves the photograph; more strength goes further from it, and more epochs do not.
func TestStrengthOfNeighbours(t *testing.T) {
	distance := func(strength float64, epochs int) float64 {
		training := neighboursTraining(t, func(o *Options) {
			o.Epochs = epochs
			if err := o.Strengthen(strength); err != nil {
				t.Fatal(err)
			}
		})
		image, err := training.Train(context.Background(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		photograph, err := sl.Preprocess(training.Pictures.Content, training.Height, training.Width, training.Options.Resize)
		if err != nil {
			t.Fatal(err)
		}
		return testkit.RelativeL2(t, tensors.MustCopyFlatData[float32](image), tensors.MustCopyFlatData[float32](photograph))
	}
	none, some, usual, much, longer := distance(0, 48), distance(0.2, 48), distance(0.5, 48), distance(2, 48), distance(0.2, 96)
	if !(none < 1e-6 && 0.01 < some && 1.3*some < usual && usual < much) {
		t.Errorf("strengths 0, 0.2, 0.5 and 2 are %g, %g, %g and %g from the photograph", none, some, usual, much)
	}
	if !(0.7*some < longer && longer < 1.3*some) { // with one rate for both it is twice as far
		t.Errorf("48 epochs go %g far, 96 epochs %g", some, longer)
	}
}

func TestNeighboursRefuse(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"content share: 1.5 is not": func(o *Options) { o.ContentShare = 1.5 },
		"rotations: 5 is not":       func(o *Options) { o.Rotations = 5 },
		"finer epochs: 0 is not":    func(o *Options) { o.FinerEpochs = 0 },
		"neighbours: decides how":   func(o *Options) { o.UseStyleLoss("gram"); o.Term("neighbours") },
	} {
		options, err := Choose(Choice{Preset: NNST})
		if err != nil {
			t.Fatal(err)
		}
		change(&options)
		if err := options.Validate(1); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s …", err, want)
		}
	}
}

// In fewer dimensions too, at full width, the nearest of a picture's places among its own, in four orientations, is each place itself.
func TestNearestOfItself(t *testing.T) {
	options, err := Choose(Choice{Preset: NNST})
	if err != nil {
		t.Fatal(err)
	}
	net, err := weights.Random(1, sl.VGG16, [5]int{64, 128, 256, 512, 512}, options.Layers()...)
	if err != nil {
		t.Fatal(err)
	}
	extractor, err := NewExtractor(testkit.Fastest(t).Backend, net, options)
	if err != nil {
		t.Fatal(err)
	}
	defer extractor.Finalize()
	of := size{256, 272}
	if !projects(of) || stride(of.halved(gridHalvings)) != 1 {
		t.Fatal("not all places are compared, or in all dimensions")
	}
	picture, err := sl.Preprocess(noisePicture(t, 5, of.height, of.width), of.height, of.width, options.Resize)
	if err != nil {
		t.Fatal(err)
	}
	o, err := newObjective(extractor, &sized{size: of, content: picture, styles: []*tensors.Tensor{picture}}, options, stage{size: of}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer o.finalize()
	part := o.parts[1].(*neighboursPart)
	nearest, err := part.nearest(picture)
	if err != nil {
		t.Fatal(err)
	}
	others := 0
	for place, number := range nearest {
		if int(number) != place {
			others++
		}
	}
	if n := of.halved(gridHalvings).area(); len(nearest) != n || others > 0 {
		t.Errorf("of %d places %d have another one as their nearest", n, others)
	}
	if value, _ := slopeOf(t, part, extractor, picture, picture); !(value < 1e-6) {
		t.Errorf("the loss of the picture itself is %g", value)
	}
}

// Principal directions are eigenvectors, those of the largest eigenvalues first.
func TestLargest(t *testing.T) {
	const n, k = 512, 21
	random := rand.New(rand.NewPCG(3, 4))
	const rows = 900
	features := make([]float32, rows*n)
	for i := range features {
		features[i] = float32(random.NormFloat64()*float64(1+i%n%40) + 3)
	}
	out, err := ExecOnceN(testkit.Fastest(t).Backend, func(x *Node) []*Node { return meanAndCovariance(x, nil, rows) },
		tensors.FromFlatDataAndDimensions(features, rows, n))
	if err != nil {
		t.Fatal(err)
	}
	covariance := arrayOf(out[1]).Values
	if got := covariance[39*n+39]; !(1300 < got && got < 1900) { // the square of 40, without the mean
		t.Errorf("a variance of 1600 is found to be %g", got)
	}
	directions, err := largest(covariance, n, k)
	if err != nil {
		t.Fatal(err)
	}
	v, before := tensors.MustCopyFlatData[float32](directions), math.Inf(1)
	for j := range k {
		var value, off float64
		image := make([]float64, n)
		for a := range n {
			for b := range n {
				image[a] += covariance[a*n+b] * float64(v[b*k+j])
			}
			value += image[a] * float64(v[a*k+j])
		}
		for a := range n {
			off = max(off, math.Abs(image[a]-value*float64(v[a*k+j])))
		}
		if !(off < 1e-4*value && value <= before*(1+1e-6)) {
			t.Errorf("direction %d with the value %g after %g is off by %g", j, value, before, off)
		}
		before = value
	}
}

// All stages together go as far as the learning rate for 200 epochs says, the coarser ones further; few epochs less far, and ten times
// the strength 3.3 times as far.
func TestReachOfStages(t *testing.T) {
	o, err := Choose(Choice{Preset: NNST})
	if err != nil {
		t.Fatal(err)
	}
	reached := func(o Options) (all []float64) {
		stages := o.stages(340, 512)
		for i, s := range stages {
			all = append(all, float64(s.epochs)*o.ofStage(i, stages).LearningRate)
		}
		return all
	}
	usual := reached(o)
	if total := floats.Sum(usual); len(usual) != 5 || math.Abs(total/(0.022*200)-1) > 1e-6 {
		t.Errorf("%d stages go %g far", len(usual), total)
	}
	for i, want := range []float64{1.953125, 1.5625, 1.25, 1} { // of the last, at the same size
		if got := usual[i] / usual[4]; math.Abs(got-want) > 1e-6 {
			t.Errorf("stage %d goes %g times as far as the last, want %g", i, got, want)
		}
	}
	few, strong := o, o
	few.Epochs = 4
	if total := floats.Sum(reached(few)); total > 4*5*0.022+1e-9 {
		t.Errorf("4 epochs go %g far", total)
	}
	if err := strong.Strengthen(10); err != nil || math.Abs(strong.LearningRate/0.022-3.302585) > 1e-5 || strong.ContentShare != 0 {
		t.Errorf("strength 10: rate %g, share %g, %v", strong.LearningRate, strong.ContentShare, err)
	}
}

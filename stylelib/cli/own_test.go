package cli_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/cli"
	"stylebook/stylelib/ops"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// greyness is 0 where red, green and blue are equal.
var greyness = transfer.Term{Name: "grey", About: "how far the picture is from grey", Weight: 20,
	Image: func(image *Node) *Node {
		return ops.ReduceAllMean(Square(Sub(image, ReduceAndKeep(image, ReduceMean, -1))))
	}}

// A whole command with a loss of its own.
func ExampleMain() {
	cli.Main(transfer.Term{
		Name: "grey", About: "how far the picture is from grey", Weight: 20,
		Image: func(image *Node) *Node {
			return ops.ReduceAllMean(Square(Sub(image, ReduceAndKeep(image, ReduceMean, -1))))
		},
	})
}

// A style loss of one's own, named as such, counts once, with its own weight, whatever the preset.
func TestOwnStyleLoss(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("STYLEBOOK_RUNS", t.TempDir())
	picture := image.NewRGBA(image.Rect(0, 0, 48, 32))
	if err := sl.WriteImage("a.png", picture); err != nil {
		t.Fatal(err)
	}
	own := transfer.Term{Name: "bright", About: "the mean of the features", Of: transfer.StyleImages, Layers: []string{"conv1_1"}, Weight: 3,
		Features: func(features, target []*Node) *Node {
			return Square(Sub(ops.ReduceAllMean(features[0]), ops.ReduceAllMean(target[0])))
		}}
	for _, preset := range transfer.Presets() {
		var output bytes.Buffer
		begin := strings.Fields("-content a.png -style a.png -out b.png -height 32 -epochs 1 -weights offline -backend go -style-loss bright -log log.jsonl -preset " + preset)
		if status := cli.Run(t.Context(), begin, &output, &output, own); status != 0 {
			t.Fatalf("%s: status %d: %s", preset, status, output.String())
		}
		if log, err := os.ReadFile("log.jsonl"); err != nil || strings.Contains(string(log), `"bright":`) {
			t.Errorf("%s: it is a further term: %s, %v", preset, log, err)
		}
		if status := cli.Run(t.Context(), append(begin, "-term", "bright:5"), &output, &output, own); status != 2 || !strings.Contains(output.String(), "bright: is the style loss already") {
			t.Errorf("%s: status %d: %s", preset, status, output.String())
		}
	}
}

// A term of one's own is an option, a sweep's key, a loss in log and runs like the others.
func TestOwnTerm(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("STYLEBOOK_RUNS", t.TempDir())
	picture := image.NewRGBA(image.Rect(0, 0, 48, 32))
	for i := range 48 * 32 {
		picture.SetRGBA(i%48, i/48, color.RGBA{uint8(5 * i), uint8(3 * i), uint8(i * i), 255})
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("a.png", file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	stylize := func(arguments ...string) (int, string) {
		var output bytes.Buffer
		status := cli.Run(t.Context(), arguments, &output, &output, greyness)
		return status, output.String()
	}
	begin := strings.Fields("-preset pytorch -content a.png -style a.png -out b.png -height 32 -epochs 2 -weights offline -backend go -log log.jsonl")
	if status, output := stylize(begin...); status != 0 || !strings.Contains(output, "grey ") {
		t.Fatalf("status %d: %s", status, output)
	}
	if log, err := os.ReadFile("log.jsonl"); err != nil || !strings.Contains(string(log), `"grey":`) {
		t.Errorf("%s, %v", log, err)
	}
	if status, output := stylize(append(begin, "-term", "grey:-1")...); status != 2 || !strings.Contains(output, "grey weight: -1 is not a number of at least 0") {
		t.Errorf("status %d: %s", status, output)
	}
	if status, output := stylize("-help"); status != 0 || !strings.Contains(output, "grey:20, how far the picture is from grey") {
		t.Errorf("status %d: %s", status, output)
	}
	if status, output := stylize(append(begin, "-content-weight", "0", "-style-weight", "0", "-tv-weight", "0", "-term", "grey:0")...); status != 2 || !strings.Contains(output, "nothing to minimize") {
		t.Errorf("status %d: %s", status, output)
	}
	sweep := "set: {content: a.png, style: a.png, weights: offline, height: 32, epochs: 1}\nvary: {term: [\"grey:0\", \"grey:5\"]}\n"
	if err := os.WriteFile("s.yaml", []byte(sweep), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, output := stylize("sweep", "-backend", "go", "s.yaml"); status != 0 || !strings.Contains(output, "term=grey:5") {
		t.Errorf("status %d: %s", status, output)
	}
}

// descent is plain gradient descent.
var descent = transfer.Method{Name: "descent", About: "plain gradient descent",
	Use: func(o *transfer.Options) { o.LearningRate = 7 },
	Optimizer: func(o transfer.Options, _ int) sl.Optimizer {
		rate := func(int) float64 { return o.LearningRate }
		return sl.Optimizer{LearningRate: rate, Numbers: func(epoch int) []float64 { return []float64{rate(epoch)} },
			Update: func(image, gradient *Node, _, numbers []*Node) (*Node, []*Node) {
				return Sub(image, Mul(numbers[0], gradient)), nil
			}}
	}}

// An optimizer of one's own is what the command takes, unless another is named; it is in help, sweeps and logs.
func TestOwnMethod(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("STYLEBOOK_RUNS", t.TempDir())
	if err := sl.WriteImage("a.png", image.NewRGBA(image.Rect(0, 0, 48, 32))); err != nil {
		t.Fatal(err)
	}
	stylize := func(arguments string) string {
		var output bytes.Buffer
		if status := cli.Run(t.Context(), strings.Fields(arguments), &output, &output, descent); status != 0 {
			t.Fatalf("%s: status %d: %s", arguments, status, output.String())
		}
		return output.String()
	}
	rate := func(arguments string) string {
		stylize("-content a.png -style a.png -out b.png -height 32 -epochs 1 -weights offline -backend go -log log.jsonl " + arguments)
		log, err := os.ReadFile("log.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(log), `"lr":`)
		rate, _, _ := strings.Cut(rest, ",")
		return rate
	}
	for arguments, want := range map[string]string{"": "7", "-preset pytorch": "7", "-lr 3": "3", "-optimizer adam -preset pytorch": "0.3"} {
		if got := rate(arguments); got != want {
			t.Errorf("%q: the learning rate is %s, want %s", arguments, got, want)
		}
	}
	if help := stylize("-help"); !strings.Contains(help, "adam|fast|lbfgs|descent") {
		t.Errorf("%s", help)
	}
	sweep := "set: {content: a.png, style: a.png, weights: offline, height: 32, epochs: 1}\nvary: {optimizer: [adam, descent]}\n"
	if err := os.WriteFile("s.yaml", []byte(sweep), 0o644); err != nil {
		t.Fatal(err)
	}
	if output := stylize("sweep -backend go s.yaml"); !strings.Contains(output, "optimizer=descent") {
		t.Errorf("%s", output)
	}
}

// edges is a network of one layer, which no VGG has.
type edges struct{}

func (edges) String() string          { return "edges" }
func (edges) Layers() []sl.Layer      { return []sl.Layer{{Name: "down", Kind: sl.OtherLayer, Reach: 1}} }
func (edges) Input() sl.Normalization { return sl.ImageNet() }
func (edges) Parameters(first []sl.Layer) ([][]*tensors.Tensor, error) {
	return make([][]*tensors.Tensor, len(first)), nil
}
func (edges) Forward(_ sl.Layer, x *Node, _ []*Node) *Node {
	h := x.Shape().Dim(1)
	row := func(from, to int) *Node { return Slice(x, AxisRange(), AxisRange(from, to)) }
	above := Concatenate([]*Node{row(0, 1), row(0, h-1)}, 1)
	return Sub(x, above)
}

// With a network of one's own, layers are its own, in options, further terms and sweeps, and others are refused.
func TestOwnNetwork(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("STYLEBOOK_RUNS", t.TempDir())
	if err := sl.WriteImage("a.png", image.NewRGBA(image.Rect(0, 0, 48, 32))); err != nil {
		t.Fatal(err)
	}
	own := transfer.Network{FeatureNetwork: edges{}, ContentLayers: []string{"down"}, StyleLayers: []string{"down"}}
	stylize := func(arguments string) (int, string) {
		var output bytes.Buffer
		status := cli.Run(t.Context(), strings.Fields(arguments), &output, &output, own)
		return status, output.String()
	}
	const begin = "-content a.png -style a.png -out b.png -height 32 -epochs 1 -backend go "
	for _, more := range []string{"", "-preset painting -style-layers down:2", "-content-layers down -term moments:1@down", "-preset pytorch -style-loss moments"} {
		if status, output := stylize(begin + more); status != 0 || !strings.Contains(output, "weights  edges") {
			t.Errorf("%s: status %d: %s", more, status, output)
		}
	}
	if status, output := stylize(begin + "-style-layers conv1_1"); status != 2 || !strings.Contains(output, `edges has no layer "conv1_1": it has down`) {
		t.Errorf("status %d: %s", status, output)
	}
	if status, output := stylize(begin + "-weights offline"); status != 1 || !strings.Contains(output, "weights: edges has its own: leave offline out") {
		t.Errorf("status %d: %s", status, output)
	}
	sweep := "set: {content: a.png, style: a.png, height: 32, epochs: 1}\nvary: {style-layers: [down, \"down:3\"]}\n"
	if err := os.WriteFile("s.yaml", []byte(sweep), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, output := stylize("sweep -backend go s.yaml"); status != 0 || !strings.Contains(output, "style-layers=down:3") {
		t.Errorf("status %d: %s", status, output)
	}
}

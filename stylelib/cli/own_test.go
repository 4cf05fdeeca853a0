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
		if status := cli.Run(t.Context(), append(begin, "-bright-weight", "5"), &output, &output, own); status != 2 || !strings.Contains(output.String(), "bright: is the style loss already") {
			t.Errorf("%s: status %d: %s", preset, status, output.String())
		}
	}
}

// A term of one's own is a flag, a sweep's key, a loss in log and runs like the others.
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
	if status, output := stylize(append(begin, "-grey-weight", "-1")...); status != 2 || !strings.Contains(output, "grey weight: -1 is not a number of at least 0") {
		t.Errorf("status %d: %s", status, output)
	}
	if status, output := stylize("-help"); status != 0 || !strings.Contains(output, "how far the picture is from grey (default 20)") {
		t.Errorf("status %d: %s", status, output)
	}
	if status, output := stylize(append(begin, "-content-weight", "0", "-style-weight", "0", "-tv-weight", "0", "-grey-weight", "0")...); status != 2 || !strings.Contains(output, "nothing to minimize") {
		t.Errorf("status %d: %s", status, output)
	}
	sweep := "set: {content: a.png, style: a.png, weights: offline, height: 32, epochs: 1}\nvary: {grey-weight: [0, 5]}\n"
	if err := os.WriteFile("s.yaml", []byte(sweep), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, output := stylize("sweep", "-backend", "go", "s.yaml"); status != 0 || !strings.Contains(output, "grey-weight=5") {
		t.Errorf("status %d: %s", status, output)
	}
}

package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/kernels"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/weights"
)

var freeze = flag.Bool("freeze", false, "write the trainings' present bits to testdata/frozen.json")

// frozen is what a training left: its losses and its picture.
type frozen struct {
	Losses  [][4]float64 `json:"losses"`  // content, style, tv, total of each epoch
	Picture string       `json:"picture"` // SHA-256 of its 16-bit pixels
}

// frozenWays are trainings that go through every part of the library. Those with a wide network are computed by loops of ours.
var frozenWays = map[string]string{
	"wide":              "-weights wide.safetensors",
	"wide, painting":    "-weights wide.safetensors -preset painting",
	"wide, REMD":        "-weights wide.safetensors -style-loss remd",
	"chapter":           "",
	"painting":          "-preset painting -strength 1.5",
	"paddle":            "-preset paddle",
	"mxnet":             "-preset mxnet",
	"no TV":             "-tv-weight 0",
	"fast":              "-fast",
	"L-BFGS":            "-optimizer lbfgs -lr 0.5 -history 3",
	"Wasserstein":       "-init noise -seed 3 -pooling average -style-loss wasserstein -normalize-layers",
	"coarse to fine":    "-scales 2 -height 46 -width 64",
	"fast, coarse":      "-fast -scales 2 -height 46 -width 64",
	"two styles":        "-style style.png,content.png -blend 3,1 -style-scale 1.5 -style-layers conv1_1:2,5,10,19,28:0",
	"masks":             "-content-mask mask.png -style-mask mask.png",
	"normalized masks":  "-content-mask mask.png -style-mask mask.png -normalize-layers -content-layers 12,25",
	"tiles":             "-tile 32 -height 64 -width 80",
	"tiles, normalized": "-tile 32 -height 64 -width 80 -normalize-layers -style-scale 1.2",
	"tiles, masks":      "-tile 32 -height 64 -width 80 -content-mask mask.png -style-mask mask.png -style-loss wasserstein",
	"tiles, L-BFGS":     "-tile 32 -height 64 -width 80 -optimizer lbfgs",
	"histogram":         "-keep-colours histogram",
	"luminance":         "-keep-colours luminance -init style",
}

// TestBitsAreFrozen compares each way of training with what it gave when its bits were frozen, on the pure-Go engine: a
// rebuilding that means to change nothing is held to it. Other kinds of processors round otherwise; there it is skipped.
func TestBitsAreFrozen(t *testing.T) {
	machine := runtime.GOARCH
	if kernels.Usable(testkit.Engine(t, "go").Backend) != nil {
		machine += " without loops of ours"
	}
	path, err := filepath.Abs("testdata/frozen.json")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]frozen{}
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, &all); err != nil {
			t.Fatal(err)
		}
	}
	if all[machine] == nil && !*freeze {
		t.Skipf("skipped: bits were frozen on %v, this machine is %s", slices.Sorted(maps.Keys(all)), machine)
	}
	now := map[string]frozen{}
	frozenInputs(t)
	for name, options := range frozenWays {
		t.Run(name, func(t *testing.T) {
			now[name] = frozenRun(t, strings.Fields(options))
			if want := all[machine][name]; !*freeze {
				compareFrozen(t, now[name], want)
			}
		})
	}
	if *freeze {
		all[machine] = now
		text, err := json.MarshalIndent(all, "", "\t")
		if err == nil {
			err = os.WriteFile(path, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// frozenInputs makes the pictures and a small network in a folder, and goes there.
func frozenInputs(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv(runs.EnvDir, t.TempDir())
	writePicture(t, "content.png", 1)
	writePicture(t, "style.png", 3)
	writeMask(t, "mask.png", color.RGBA{255, 0, 0, 255})
	for name, widths := range map[string][5]int{"net": {4, 4, 8, 8, 8}, "wide": {32, 64, 64, 96, 64}} {
		net, err := weights.Random(1, sl.VGG19, widths)
		if err == nil {
			err = weights.Write(name+".safetensors", net, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func frozenRun(t *testing.T, options []string) (f frozen) {
	t.Helper()
	arguments := []string{"-preset", "pytorch", "-backend", "go", "-runs", "off", "-quiet", "-content", "content.png", "-style", "style.png",
		"-weights", "net.safetensors", "-height", "32", "-width", "48", "-epochs", "6", "-bits", "16", "-out", "out.png", "-log", "log.jsonl"}
	var stderr bytes.Buffer
	if status := Run(t.Context(), append(arguments, options...), &stderr, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	for _, r := range readLog(t, "log.jsonl") {
		f.Losses = append(f.Losses, lossesOf(r))
	}
	file, err := os.Open("out.png")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	f.Picture = hashOf(picture)
	return f
}

func lossesOf(r sl.Record) [4]float64 {
	return [4]float64{r.Loss("content"), r.Loss("style"), r.Loss("tv"), r.Total}
}

func hashOf(picture image.Image) string {
	h := sha256.New()
	b := picture.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, _ := picture.At(x, y).RGBA()
			_ = binary.Write(h, binary.LittleEndian, []uint32{red, green, blue}) // a hash takes everything
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func compareFrozen(t *testing.T, got, want frozen) {
	t.Helper()
	if len(got.Losses) != len(want.Losses) {
		t.Fatalf("%d epochs, %d were frozen", len(got.Losses), len(want.Losses))
	}
	for i := range got.Losses {
		if got.Losses[i] != want.Losses[i] {
			t.Fatalf("epoch %d: losses %v, frozen %v", i+1, got.Losses[i], want.Losses[i])
		}
	}
	if got.Picture != want.Picture {
		t.Error("the losses are the same, the picture is another")
	}
}

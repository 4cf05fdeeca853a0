package feedforward

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/safetensors"
)

func painterOf(t *testing.T, e *engine.Engine, n *Network) *Painter {
	t.Helper()
	p, err := NewPainter(e.Backend, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Finalize)
	return p
}

func untrained(t *testing.T, e *engine.Engine) *Network {
	t.Helper()
	n, err := newTraining(t, extractor(t, e), small(), nil).networkOf(t)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// networkOf trains a little, so that there are weights.
func (t *Training) networkOf(test *testing.T) (*Network, error) {
	if err := t.Run(test.Context(), func(Step) error { return nil }); err != nil {
		return nil, err
	}
	return t.Network(map[string]string{"style": "noise"})
}

func TestNetworkFiles(t *testing.T) {
	e := testkit.Fastest(t)
	n := untrained(t, e)
	path := filepath.Join(t.TempDir(), "net.safetensors")
	if err := n.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.Architecture != n.Architecture || again.About["style"] != "noise" {
		t.Errorf("%+v, %v", again.Architecture, again.About)
	}
	got, want := values(t, again), values(t, n)
	for i := range want {
		if off := got[i] - want[i]; off > 1e-3 || off < -1e-3 {
			t.Fatalf("value %d is %g, was %g", i, got[i], want[i])
		}
	}
	second := filepath.Join(t.TempDir(), "again.safetensors")
	if err := again.Save(second); err != nil {
		t.Fatal(err)
	}
	a, _ := os.ReadFile(path)
	if b, err := os.ReadFile(second); err != nil || !bytes.Equal(a, b) {
		t.Error("a network that is read and written is another", err)
	}
	photograph := noisePicture(37, 51, 9)
	one, err := painterOf(t, e, n).Paint(photograph)
	if err != nil {
		t.Fatal(err)
	}
	two, err := painterOf(t, e, again).Paint(photograph)
	if err != nil {
		t.Fatal(err)
	}
	if d := testkit.Compare(t, two, one); d.Max > 3 {
		t.Errorf("half precision paints otherwise: %v", d)
	}
}

func TestFilesThatAreNoNetworks(t *testing.T) {
	folder := t.TempDir()
	file := func(name string, change func(map[string]safetensors.Array)) string {
		all := map[string]safetensors.Array{}
		for name, shape := range (Architecture{Channels: 4, Blocks: 1}).Shapes() {
			size := 1
			if len(shape) == 4 {
				shape = []int{shape[3], shape[2], shape[0], shape[1]}
			}
			for _, n := range shape {
				size *= n
			}
			name = strings.ReplaceAll(name, "/", ".")
			all[name] = safetensors.Array{Name: name, Shape: shape, Data: make([]float32, size)}
		}
		change(all)
		var list []safetensors.Array
		for _, array := range all {
			list = append(list, array)
		}
		var data bytes.Buffer
		if err := safetensors.Write(&data, nil, list); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if _, err := Load(file("good", func(map[string]safetensors.Array) {})); err != nil {
		t.Fatal(err)
	}
	for want, path := range map[string]string{
		"no network that paints": file("lacks", func(all map[string]safetensors.Array) { delete(all, "up1.scale") }),
		"no network that paints: ": file("more", func(all map[string]safetensors.Array) {
			all["x"] = safetensors.Array{Name: "x", Shape: []int{1}, Data: []float32{1}}
		}),
		"where it should be": file("shape", func(all map[string]safetensors.Array) {
			all["up1.scale"] = safetensors.Array{Name: "up1.scale", Shape: []int{1, 2}, Data: []float32{1, 1}}
		}),
		"not numbers": file("nan", func(all map[string]safetensors.Array) { nan := float32(0); all["up1.scale"].Data[0] = nan / nan }),
		"is cut off":  filepath.Join(folder, "cut"),
		"is a folder": folder,
	} {
		if strings.HasSuffix(path, "cut") {
			if err := os.WriteFile(path, []byte("abc"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestPaintAnySize(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		p := painterOf(t, e, untrained(t, e))
		for _, size := range [][2]int{{16, 16}, {17, 23}, {40, 22}} {
			large := noisePicture(60, 60, 5)
			part := large.SubImage(image.Rect(3, 7, 3+size[1], 7+size[0])).(*image.RGBA)
			painted, err := p.Paint(part)
			if err != nil {
				t.Fatal(err)
			}
			if b := painted.Bounds(); b.Dy() != size[0] || b.Dx() != size[1] {
				t.Errorf("%v becomes %v", size, b)
			}
			if slices.ContainsFunc(alphas(painted), func(a uint8) bool { return a != 255 }) {
				t.Error("the picture isn't opaque")
			}
		}
		if _, err := p.Paint(noisePicture(15, 40, 1)); err == nil || !strings.Contains(err.Error(), "at least 16 × 16") {
			t.Error(err)
		}
	})
}

func alphas(picture *image.RGBA) (all []uint8) {
	for i := 3; i < len(picture.Pix); i += 4 {
		all = append(all, picture.Pix[i])
	}
	return all
}

func TestArchitectureHasTheVariablesOfForward(t *testing.T) {
	n := untrained(t, testkit.Fastest(t))
	want := n.Shapes()
	if len(want) != len(n.Parameters) {
		t.Errorf("%d parameters, %d are expected", len(n.Parameters), len(want))
	}
	for name, value := range n.Parameters {
		if !slices.Equal(value.Shape().Dimensions, want[name]) {
			t.Errorf("%s has the shape %s, not %v", name, value.Shape(), want[name])
		}
	}
}

package nbui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"

	"github.com/janpfeifer/gonb/gonbui/widgets"
)

// The trainings behind the button: each goes on from the picture of the one before, with the weights and the layer of the panel.
func TestKnobsTrainOnFromThePictureThatWasReached(t *testing.T) {
	folder := t.TempDir()
	out, told := filepath.Join(folder, "turned", "out.png"), filepath.Join(folder, "progress.jsonl")
	t.Setenv(ProgressEnv, told)
	e, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := transfer.NewRequest("../../data/content.jpg", "../../data/style.jpg")
	r.Height, r.Width, r.Options.Epochs, r.Weights.Spec = 32, 48, 5, "offline"
	var style []float64
	for _, turn := range []struct{ style, layer int }{{0, 0}, {0, 0}, {4, 1}} {
		p := &panel{content: widgets.Slider(-4, 4, 0), style: widgets.Slider(-4, 4, turn.style), tv: widgets.Slider(-4, 4, 0), layers: contentLayers(r.Options)}
		p.layer = widgets.Select(p.layers)
		p.layer.SetValue(turn.layer)
		o := r.Options
		if p.set(&o); turn.layer == 1 && !slices.Equal(o.ContentLayers, []string{"conv1_2"}) {
			t.Errorf("the layer that is chosen is %v", o.ContentLayers)
		}
		if text := p.chosen(r.Options); turn.style == 4 && text != "content weight 1, style weight 1e+05, TV weight 10, content layer conv1_2" {
			t.Errorf("chosen is %q", text)
		}
		if err := p.once(t.Context(), e.Backend, r, out, "id"); err != nil {
			t.Fatal(err)
		}
		r = from(out, r)
	}
	file, err := os.Open(told)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := json.NewDecoder(file); lines.More(); {
		var line struct{ Style float64 }
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		style = append(style, line.Style)
	}
	if len(style) != 15 || style[5] > 0.7*style[0] {
		t.Errorf("the second training begins anew: %v", style)
	}
	if style[10] < 20*style[9] {
		t.Errorf("a hundred times the style weight: %v", style[9:11])
	}
}

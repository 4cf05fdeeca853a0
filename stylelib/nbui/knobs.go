package nbui

import (
	"context"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/i18n"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/compute"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/dom"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/janpfeifer/gonb/gonbui/widgets"
)

// patience is how long a page may take to answer.
const patience = 6 * time.Second

const noPage = "where the notebook is open in JupyterLab, here are weights to turn"

// halfDecade is what a step of a weight's slider multiplies by: two of them are a factor of ten.
var halfDecade = math.Sqrt(10)

// Knobs lets the weights of a request be turned, and its content layer be chosen, on the page of the notebook. A button starts
// a short training with them, of the request's epochs, from the picture that was reached: first from the request's start, then
// from what was written to out. Another button ends it, as an interruption does. Where no page answers, because the notebook
// runs without a screen, it says so and returns.
func Knobs(ctx context.Context, backend compute.Backend, request transfer.Request, out string) error {
	panel, err := newPanel(ctx, request.Options)
	if err != nil || panel == nil {
		return err
	}
	train, done := panel.train.Listen().LatestOnly(), panel.done.Listen().LatestOnly()
	id := gonbui.UniqueId()
	request.Cache = transfer.NewCache(backend)
	defer request.Cache.Close()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-done.C:
			dom.SetInnerHtml(panel.id, "")
			fmt.Println(panel.chosen(request.Options))
			return nil
		case <-train.C:
		}
		if err := panel.once(ctx, backend, request, out, id); err != nil {
			return err
		}
		request = from(out, request)
	}
}

// from is a request that starts from a picture.
func from(picture string, r transfer.Request) transfer.Request {
	r.Options.Init, r.Init = transfer.InitFile, picture
	return r
}

// once does one training and shows it in place of the last one.
func (p *panel) once(ctx context.Context, backend compute.Backend, request transfer.Request, out, id string) error {
	p.set(&request.Options)
	t, err := transfer.Open(ctx, backend, request)
	if err != nil {
		return err
	}
	defer t.Close()
	live := newLive(t.Options.Epochs, id)
	live.Every = max(1, t.Options.Epochs/5)
	x, err := t.Train(ctx, nil, func(e transfer.Epoch) error { return live.Report(e.Record) })
	if err := live.Finish(err); err != nil {
		return err
	}
	picture, err := t.Picture(x, 8)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	return sl.WriteImage(out, picture)
}

// panel are the controls on the page.
type panel struct {
	id                 string
	content, style, tv *widgets.SliderBuilder
	layer              *widgets.SelectBuilder
	layers             []string
	train, done        *widgets.ButtonBuilder
}

// newPanel puts the controls on the page; nil if none answers.
func newPanel(ctx context.Context, o transfer.Options) (*panel, error) {
	if !gonbui.IsNotebook {
		return nil, nil
	}
	if os.Getenv(protocol.GONB_JUPYTER_KERNEL_ID_ENV) == "" { // no server has started this kernel
		fmt.Println(i18n.In(noPage))
		return nil, nil
	}
	p := &panel{layers: contentLayers(o), id: dom.CreateTransientDiv()}
	if !answers(ctx, p.id) {
		fmt.Println(i18n.In(noPage))
		return nil, nil
	}
	p.build(o)
	return p, gonbui.Error()
}

// answers says whether there is a page that answers, by a button that it puts into an element. A page is asked more than once:
// on a busy machine the kernel may not wait for it long enough.
func answers(ctx context.Context, id string) bool {
	defer dom.SetInnerHtml(id, "")
	for range 5 {
		ready := make(chan struct{})
		go func() { // where nobody answers it waits for ever
			widgets.Button("…").AppendTo(id).Done()
			close(ready)
		}()
		select {
		case <-ready:
			return true
		case <-ctx.Done():
			return false
		case <-time.After(patience):
		}
	}
	return false
}

// contentLayers are the request's own layers and one of each block.
func contentLayers(o transfer.Options) []string {
	choices := []string{strings.Join(o.ContentLayers, ",")}
	for _, layer := range []string{"conv1_2", "conv2_2", "conv3_last", "conv4_last"} {
		if !slices.Contains(choices, layer) {
			choices = append(choices, layer)
		}
	}
	return choices
}

func (p *panel) build(o transfer.Options) {
	p.content = p.slider("content weight", o.ContentWeight)
	p.style = p.slider("style weight", o.StyleWeight)
	p.tv = p.slider("TV weight", o.TVWeight)
	row := p.row("content layer")
	p.layer = widgets.Select(p.layers).WithHtmlId(row + "-control").AppendTo(row).Done()
	row = p.row("")
	p.train = widgets.Button(i18n.Format("train %d epochs", o.Epochs)).AppendTo(row).Done()
	p.done = widgets.Button(i18n.In("done")).AppendTo(row).Done()
}

// row adds a line with a label for the control that comes into it.
func (p *panel) row(name string) string {
	id := "stylebook-" + gonbui.UniqueId()
	label := ""
	if name != "" {
		label = fmt.Sprintf(`<label for="%s-control" style="min-width: 9em">%s</label>`, id, html.EscapeString(i18n.In(name)))
	}
	dom.Append(p.id, fmt.Sprintf(`<div id="%s" style="display: flex; gap: 0.6em; align-items: center; margin: 0.3em 0">%s</div>`, id, label))
	return id
}

// slider is for a weight, from a hundredth to a hundred times what it is.
func (p *panel) slider(name string, weight float64) *widgets.SliderBuilder {
	row := p.row(name)
	slider := widgets.Slider(-4, 4, 0).WithHtmlId(row + "-control").AppendTo(row).Done()
	dom.Append(row, "<output></output>")
	dom.TransientJavascript(fmt.Sprintf(`(() => {
	const input = document.getElementById("%s-control"), output = input.parentNode.querySelector("output");
	input.dataset.lmSuppressShortcuts = "true";
	const tell = () => { output.textContent = Number((%g * 10 ** (input.value / 2)).toPrecision(2)); };
	input.addEventListener("input", tell);
	tell();
})();`, row, weight))
	return slider
}

// set gives the options what the controls say.
func (p *panel) set(o *transfer.Options) {
	turned := func(weight *float64, slider *widgets.SliderBuilder) {
		*weight *= math.Pow(halfDecade, float64(slider.Value()))
	}
	turned(&o.ContentWeight, p.content)
	turned(&o.StyleWeight, p.style)
	turned(&o.TVWeight, p.tv)
	if layer := p.layer.Value(); layer > 0 {
		o.ContentLayers, o.ContentLayerWeights = []string{p.layers[layer]}, nil
	}
}

// chosen says what the controls say, when they are gone.
func (p *panel) chosen(o transfer.Options) string {
	p.set(&o)
	return i18n.Format("content weight %.3g, style weight %.3g, TV weight %.3g, content layer %s", o.ContentWeight, o.StyleWeight,
		o.TVWeight, strings.Join(o.ContentLayers, ","))
}

package request

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"stylebook/stylelib/transfer"
)

// Text is what the page says in its two languages.
type Text struct{ En, Zh string }

// In is the text in Chinese, or else in English.
func (t Text) In(chinese bool) string {
	if chinese {
		return t.Zh
	}
	return t.En
}

// Field is an option on the page: a slider where Max is not 0, else a choice of one or, with Many, of several. What a slider
// reaches is only what it reaches: the option has the bounds.
type Field struct {
	Label, Hint    Text
	Min, Max, Step float64
	Initial        string // where the slider stands as long as the option is not given; "": at the preset's value
	Log            bool   // the slider's middle is 1, its left end 0, and equal ways multiply
	Shares         bool   // a slider for each painting
	Choices        []Choice
	Many           bool
	More           bool // under "more"
}

// Choice is one of several values.
type Choice struct {
	Value string
	Label Text
}

// choice finds the choice of a value; nil where there is none.
func (f *Field) choice(value string) *Choice {
	if i := slices.IndexFunc(f.Choices, func(c Choice) bool { return c.Value == value }); i >= 0 {
		return &f.Choices[i]
	}
	return nil
}

func (f *Field) has(value string) bool { return f.choice(value) != nil }

func plain(values ...string) (choices []Choice) {
	for _, v := range values {
		choices = append(choices, Choice{v, Text{v, v}})
	}
	return choices
}

func presetChoices() (choices []Choice) {
	about := map[string]Text{transfer.NNST: {"for any two pictures; strokes are the painting's own", "适合任意两张图片，笔触直接取自画作"},
		transfer.Painting: {"softer; the painting's colours and textures", "更柔和，取画作的颜色与质感"}}
	for _, preset := range transfer.Presets() {
		if _, ours := about[preset]; !ours {
			about[preset] = Text{"as in the book Dive into Deep Learning", "同《动手学深度学习》"}
		}
		choices = append(choices, Choice{preset, Text{preset + ": " + about[preset].En, preset + "：" + about[preset].Zh}})
	}
	return choices
}

func layerChoices() (choices []Choice) {
	about := []Text{{"colours, grain", "颜色、质感"}, {"small strokes", "小笔触"}, {"strokes", "笔触"}, {"patterns", "图案"}, {"forms", "形状"}}
	for i, layer := range transfer.Default().StyleLayers {
		choices = append(choices, Choice{layer, about[i]})
	}
	return choices
}

// OfPage are the options that the page has, in its order.
func OfPage() []Option {
	return slices.DeleteFunc(Table(), func(o Option) bool { return o.Page == nil })
}

// PageDefaults are the values of the page's options by preset.
func PageDefaults() (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, preset := range transfer.Presets() {
		s, err := defaultsOf(preset, "", nil)
		if err != nil {
			return nil, err
		}
		all[preset] = map[string]string{}
		for _, o := range OfPage() {
			if all[preset][o.Name] = o.Page.Initial; o.Page.Initial == "" {
				all[preset][o.Name] = o.keep(s).String()
			}
		}
	}
	return all, nil
}

// OnPage finds an option that the page has.
func OnPage(name string) (Option, error) {
	o, err := Find(name)
	if err != nil || o.Page == nil {
		return o, errors.New("this page has no such option")
	}
	return o, nil
}

// SetOnPage is [Request.Set] for what comes from the page: of several choices it must be one that it shows. Options such as weights
// and init could else be files, or addresses.
func (r Request) SetOnPage(o Option, text string) error {
	if o.Page.Choices != nil && !o.Page.Many && !o.Page.has(text) {
		return fmt.Errorf("%s: there is no %q here", o.Name, text)
	}
	if err := r.Set("", o.Name, text); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	return nil
}

// shown says whether a field of the page can show an option's value.
func (o Option) shown(value string) bool {
	if o.Page.Choices == nil {
		return true
	}
	if o.Page.Many {
		return !slices.ContainsFunc(strings.Split(value, ","), func(one string) bool { return !o.Page.has(one) })
	}
	return o.Page.has(value)
}

// Shown are the options of the request that the page's fields show, and the others that it can't show but that hold too.
func (r Request) Shown() (fields map[string]string, others Request) {
	fields, others = map[string]string{}, Request{}
	for _, o := range Table() {
		switch {
		case !r.Given(o.Name) || !o.OfRun():
		case o.Page != nil && o.shown(r.Text(o.Name)):
			fields[o.Name] = r.Text(o.Name)
		default:
			others[o.Name] = r[o.Name]
		}
	}
	return fields, others
}

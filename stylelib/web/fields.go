package web

import (
	"fmt"
	"slices"
	"strings"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// text is what the page says in its two languages.
type text struct{ En, Zh string }

// field is an option of the command on the page: a slider where Max is not 0, else a choice of one or, with Many, of several.
// What a slider reaches is only what it reaches: the command has the bounds.
type field struct {
	Name           string
	Label, Hint    text
	Min, Max, Step float64
	Choices        []choice
	Many           bool
	More           bool // under "more"
}

type choice struct {
	Value string
	Label text
}

// hidden are options without a field of their own: the script sets one of them by the slider for the longer side.
var hidden = []string{"height", "width"}

func plain(values ...string) (choices []choice) {
	for _, v := range values {
		choices = append(choices, choice{v, text{v, v}})
	}
	return choices
}

// fields are those of the page, in their order.
func fields() []field {
	return []field{
		{Name: "preset", Label: text{"Preset", "预设"}, Choices: plain(transfer.Presets()...),
			Hint: text{"painting suits any two pictures; the others are the chapter's three versions.", "painting 适合任意两张图片；其余是教材的三个版本。"}},
		{Name: "strength", Label: text{"Style", "风格强度"}, Max: transfer.MaxStrength, Step: 0.1,
			Hint: text{"0 leaves the photograph, 1 is the middle; further right the painting takes over.", "0 保留照片，1 居中；越往右，画作越占上风。"}},
		{Name: "size", Label: text{"Longer side, pixels", "长边像素"}, Min: 64, Max: 1600, Step: 2,
			Hint: text{"Twice as long takes four times the time and memory.", "边长加倍，时间和内存变为四倍。"}},
		{Name: "epochs", Label: text{"Epochs", "迭代次数"}, Min: 5, Max: 1000, Step: 5,
			Hint: text{"Steps of the training: more is slower, and changes less and less.", "训练的步数：越多越慢，变化也越来越小。"}},
		{Name: "keep-colours", Label: text{"Colours", "颜色"}, Choices: []choice{{"", text{"the painting's", "画作的颜色"}},
			{string(transfer.ColoursLuminance), text{"the photograph's: paint only light and dark", "照片的颜色：只画明暗"}},
			{string(transfer.ColoursMeanCovariance), text{"the painting's, matched to the photograph's", "先把画作的颜色调成照片的"}}},
			Hint: text{"Whose colours the result has.", "结果采用谁的颜色。"}},
		{Name: "style-layers", Label: text{"Style at", "风格取自"}, Many: true, Choices: styleLayers(), More: true,
			Hint: text{"Layers in which the style is compared: the first see colours and grain, the last see forms.", "比较风格的层：浅层看颜色与质感，深层看形状。"}},
		{Name: "content-layers", Label: text{"Content at", "内容取自"}, Choices: plain("conv2_last", "conv3_last", "conv4_last"), More: true,
			Hint: text{"The deeper the layer, the freer the painting is with the photograph's details.", "层越深，照片的细节就越自由。"}},
		{Name: "content-weight", Label: text{"Content weight", "内容权重"}, Max: 10, Step: 0.1, More: true,
			Hint: text{"How firmly the subject is held.", "多大程度上保持主体。"}},
		{Name: "tv-weight", Label: text{"Smoothness", "平滑"}, Max: 100, Step: 1, More: true,
			Hint: text{"Weight of the total variation: more takes speckle away, and detail.", "总变差的权重：越大噪点越少，细节也越少。"}},
		{Name: "style-scale", Label: text{"Size of the strokes", "笔触大小"}, Min: 0.25, Max: 4, Step: 0.05, More: true,
			Hint: text{"Size of the painting as a multiple of the result's: larger makes broader strokes.", "画作相对结果的大小：越大笔触越宽。"}},
		{Name: "init", Label: text{"Start from", "起点"}, More: true, Choices: []choice{{string(transfer.InitContent), text{"the photograph", "照片"}},
			{string(transfer.InitStyle), text{"the painting", "画作"}}, {string(transfer.InitNoise), text{"noise", "噪声"}},
			{string(transfer.InitGray), text{"gray", "灰色"}}, {string(transfer.InitStatistics), text{"noise in the painting's colours", "画作颜色的噪声"}}},
			Hint: text{"What the picture is at first.", "图片最初的样子。"}},
		{Name: "weights", Label: text{"Network", "网络"}, Choices: plain(weights.Auto, weights.VGG19, weights.VGG16, weights.Offline, weights.RandomNet), More: true,
			Hint: text{"auto takes the best that is here, and may download VGG-19 once; offline comes along.", "auto 采用本机最好的，可能下载一次 VGG-19；offline 随程序附带。"}},
	}
}

func styleLayers() (choices []choice) {
	about := []text{{"colours, grain", "颜色、质感"}, {"small strokes", "小笔触"}, {"strokes", "笔触"}, {"patterns", "图案"}, {"forms", "形状"}}
	for i, layer := range transfer.Default().StyleLayers {
		choices = append(choices, choice{layer, about[i]})
	}
	return choices
}

// defaults are the values of the fields by preset.
func defaults() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, preset := range transfer.Presets() {
		o, err := transfer.Choose(transfer.Choice{Preset: preset})
		if err != nil {
			panic(err) // it is the library's own
		}
		all[preset] = map[string]string{"preset": preset, "strength": "1", "size": "450", "epochs": fmt.Sprint(o.Epochs), "keep-colours": "",
			"style-layers": strings.Join(o.StyleLayers, ","), "content-layers": strings.Join(o.ContentLayers, ","),
			"content-weight": fmt.Sprint(o.ContentWeight), "tv-weight": fmt.Sprint(o.TVWeight), "style-scale": fmt.Sprint(o.StyleScale),
			"init": string(o.Init), "weights": weights.Auto}
	}
	return all
}

// argumentOf makes the command's argument of an option that the page has. Of several choices it must be one: weights and init
// could else be files.
func argumentOf(name string, read func() (string, error)) (string, error) {
	all := fields()
	i := slices.IndexFunc(all, func(f field) bool { return f.Name == name && name != "size" })
	if i < 0 && !slices.Contains(hidden, name) {
		return "", fmt.Errorf("%s: this page has no such option", oneline.Short(name))
	}
	value, err := read()
	if err != nil {
		return "", err
	}
	if i >= 0 && all[i].Choices != nil && !all[i].Many {
		if !slices.ContainsFunc(all[i].Choices, func(c choice) bool { return c.Value == value }) {
			return "", fmt.Errorf("%s: there is no %q here", name, value)
		}
	}
	return "-" + name + "=" + value, nil
}

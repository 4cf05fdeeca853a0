package request

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"stylebook/data"
	sl "stylebook/stylelib"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// Where options are kept whose value is no plain number or text.

func keepColours(s *Settings) value {
	return custom{
		func() string {
			if s.Options.Colours == transfer.ColoursOfStyle {
				return ""
			}
			return string(s.Options.Colours)
		},
		func(text string) error {
			switch colours := transfer.Colours(text); colours {
			case "", transfer.ColoursOfStyle:
				s.Options.Colours = transfer.ColoursOfStyle
			case transfer.ColoursLuminance, transfer.ColoursMeanCovariance, transfer.ColoursMatched:
				s.Options.Colours = colours
			default:
				return fmt.Errorf("there is no %q: choose luminance, histogram or painting", text)
			}
			return nil
		}}
}

func styleLayers(s *Settings) value {
	o := &s.Options
	return custom{
		func() string {
			if o.LayersOfStyles == nil {
				return layersText(o.StyleLayers, o.StyleLayerWeights)
			}
			var lists []string
			for _, layers := range o.LayersOfStyles {
				lists = append(lists, layersText(layers, o.StyleLayerWeights))
			}
			return strings.Join(lists, ";")
		},
		func(text string) (err error) {
			o.StyleLayers, o.StyleLayerWeights, o.LayersOfStyles, err = transfer.ParseStyleLayers(text)
			return err
		}}
}

func contentLayers(s *Settings) value {
	o := &s.Options
	return custom{
		func() string { return layersText(o.ContentLayers, o.ContentLayerWeights) },
		func(text string) (err error) {
			o.ContentLayers, o.ContentLayerWeights, err = transfer.ParseLayers(text)
			return err
		}}
}

// ofLayer says whether an error is that of a layer which no network of the VGG family has.
func ofLayer(err error) bool {
	var unknown *sl.LayerError
	return errors.As(err, &unknown)
}

// exceptLayers leaves such a layer to [transfer.Options.Validate] where the caller has a network of its own.
func exceptLayers(err error, own []transfer.Extension) error {
	if ofLayer(err) && slices.ContainsFunc(own, func(one transfer.Extension) bool { _, is := one.(transfer.Network); return is }) {
		return nil
	}
	return err
}

// layersText is the inverse of [transfer.ParseLayers].
func layersText(layers []string, weights map[string]float64) string {
	var texts []string
	for _, layer := range layers {
		if weight, has := weights[layer]; has {
			layer = fmt.Sprintf("%s:%v", layer, weight)
		}
		texts = append(texts, layer)
	}
	return strings.Join(texts, ",")
}

// styleScale is one scale for all style pictures, or one for each.
func styleScale(s *Settings) value {
	o := &s.Options
	return custom{
		func() string {
			if o.StyleScales != nil {
				return numbers{&o.StyleScales}.String()
			}
			return fmt.Sprint(o.StyleScale)
		},
		func(text string) error {
			var scales []float64
			switch err := (numbers{&scales}).Set(text); {
			case err != nil:
				return err
			case len(scales) == 1:
				o.StyleScale, o.StyleScales = scales[0], nil
			default:
				o.StyleScales = scales
			}
			return nil
		}}
}

// initial is a word, or a picture.
func initial(s *Settings) value {
	return custom{
		func() string {
			if s.Options.Init == transfer.InitFile {
				return s.Init
			}
			return string(s.Options.Init)
		},
		func(text string) error {
			if s.Options.Init, s.Init = transfer.Init(text), ""; !isInit(text) {
				s.Options.Init, s.Init = transfer.InitFile, text
			}
			return nil
		}}
}

func isInit(text string) bool { return slices.Contains(transfer.Inits(), transfer.Init(text)) }

func isNetwork(text string) bool { return slices.Contains(data.Networks(), text) }

func isWeights(text string) bool { return weights.Word(text) || strings.Contains(text, "://") }

func memory(s *Settings) value {
	return custom{
		func() string {
			if s.Memory == 0 {
				return ""
			}
			return fmt.Sprintf("%dB", s.Memory)
		},
		func(text string) (err error) {
			var wrong *sl.OptionError
			if s.Memory, err = transfer.ParseMemory(text); errors.As(err, &wrong) {
				err = errors.New(wrong.Reason) // the option's name is the caller's to say
			}
			return err
		}}
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/studio"
	"stylebook/stylelib/synth"
)

// settings are what the command line asks for.
type settings struct {
	request  studio.Request
	research research
	preset   string // as asked for, or ""
	out      string
	backend  string
	log      string
	quiet    bool
	sized    bool // size or epochs are on the command line
}

const usage = `stylize paints one picture in the style of another.

  stylize -content PICTURE -style PICTURE -out PICTURE.png [options]

Pictures in: JPEG, PNG, GIF, WebP, BMP. Out: PNG, TIFF or JPEG, by the name. With neither -height nor -width the result
keeps the shape of the content picture at the area of 300 × 450 pixels; with one of them the other follows. Layers are names
or indices of VGG-19's feature layers, comma separated, with a weight if it is not 1: conv4_4 or 25 or conv4_4:0.5. Ctrl-C
ends a run and saves the picture so far.

Runs are kept, with their losses and, until they are finished, a checkpoint:

  stylize -resume RUN        continue a run that was stopped; it ends with the same bits as if it had not been
  stylize runs               list them
  stylize show RUN           all about one
  stylize compare RUN RUN    in what two differ
  stylize sweep FILE         all combinations of options in a file: see stylize sweep -help

Options:
`

// parse reads the command line. Help goes to stdout.
func parse(args []string, stdout io.Writer) (*settings, error) {
	return parseInto(&settings{request: studio.Default()}, args, stdout)
}

func parseInto(s *settings, args []string, stdout io.Writer) (*settings, error) {
	r := &s.request
	preset, layers := sl.Presets()[0], [2]string{}
	override := sl.Default()
	flags := flag.NewFlagSet("stylize", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&r.Content, "content", "", "content `picture`: what the result shows (required)")
	flags.StringVar(&r.Style, "style", "", "style `picture`: how it is painted (required); several, comma separated, are blended")
	flags.StringVar(&s.out, "out", "", "`file` to write the result to (required)")
	flags.StringVar(&preset, "preset", preset, "variant of the chapter whose rules and defaults hold: `"+strings.Join(sl.Presets(), "|")+"`")
	flags.IntVar(&r.Height, "height", 0, "height of the result in `pixels`")
	flags.IntVar(&r.Width, "width", 0, "width of the result in `pixels`")
	flags.IntVar(&override.Epochs, "epochs", override.Epochs, "number of training `epochs`; 180 with -fast")
	fast := flags.Bool("fast", false, "reach about the same loss in 180 epochs instead of 500, with a schedule of our own instead of the chapter's")
	flags.Float64Var(&override.LearningRate, "lr", override.LearningRate, "learning `rate`; 0.9 with -preset mxnet, 0.4 with -fast")
	flags.StringVar(&layers[0], "content-layers", layerNames(override.ContentLayers), "content `layers`")
	flags.StringVar(&layers[1], "style-layers", layerNames(override.StyleLayers), "style `layers`")
	flags.Float64Var(&override.ContentWeight, "content-weight", override.ContentWeight, "`weight` of the content loss, 0 for none")
	flags.Float64Var(&override.StyleWeight, "style-weight", override.StyleWeight, "`weight` of the style loss, 0 for none; it counts ten times, as in the chapter")
	flags.Float64Var(&override.TVWeight, "tv-weight", override.TVWeight, "`weight` of the total variation loss, 0 for none")
	flags.StringVar(&r.Weights.Spec, "weights", r.Weights.Spec, "VGG-19 weights: `auto|offline|random|FILE` (safetensors or PyTorch's .pth)")
	flags.Int64Var(&r.Weights.Seed, "seed", r.Weights.Seed, "`seed` of random weights and of -init noise")
	flags.StringVar(&s.backend, "backend", "", "`engine`: xla:cpu, xla:cuda or go (default: GOMLX_BACKEND, else the fastest present)")
	flags.StringVar(&s.log, "log", "", "`file` to write one JSON object per epoch to")
	flags.BoolVar(&s.quiet, "quiet", false, "print errors only")
	s.research.register(flags)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(stdout, usage)
			flags.SetOutput(stdout)
			flags.PrintDefaults()
		}
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if s.research.resume != "" {
		return s, onlyResume(flags)
	}
	if *fast {
		if err := s.setFast(flags); err != nil {
			return nil, err
		}
	}
	if err := s.setOptions(flags, preset, override, layers); err != nil {
		return nil, err
	}
	if err := s.setResearch(flags); err != nil {
		return nil, err
	}
	return s, s.check(flags)
}

// setFast takes -fast for what it is short for.
func (s *settings) setFast(flags *flag.FlagSet) (err error) {
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "optimizer" && f.Value.String() != string(synth.Fast) {
			err = fmt.Errorf("-fast is short for -optimizer %s: leave -optimizer %s out", synth.Fast, f.Value)
		}
	})
	s.research.options.Optimizer = synth.Fast
	return err
}

// setOptions takes the preset's options and lays what the command line says over them.
func (s *settings) setOptions(flags *flag.FlagSet, preset string, override sl.Options, layers [2]string) (err error) {
	options := &s.request.Options
	if *options, err = sl.Preset(preset); err != nil {
		return err
	}
	if fast := sl.DefaultFast(); s.research.options.Optimizer == synth.Fast {
		options.Epochs, options.LearningRate = fast.Epochs, fast.LearningRate
	}
	flags.Visit(func(f *flag.Flag) {
		var layerErr error
		switch f.Name {
		case "preset":
			s.preset = preset
		case "epochs":
			options.Epochs = override.Epochs
		case "lr":
			options.LearningRate = override.LearningRate
		case "content-layers":
			options.ContentLayers, s.research.options.ContentLayerWeights, layerErr = synth.ParseLayers(layers[0])
		case "style-layers":
			options.StyleLayers, s.research.options.StyleLayerWeights, layerErr = synth.ParseLayers(layers[1])
		case "content-weight":
			options.ContentWeight = override.ContentWeight
		case "style-weight":
			options.StyleWeight = override.StyleWeight
		case "tv-weight":
			options.TVWeight = override.TVWeight
		}
		if layerErr != nil {
			err = fmt.Errorf("-%s: %w", f.Name, layerErr)
		}
	})
	return err
}

// check reports what is missing or can't be meant.
func (s *settings) check(flags *flag.FlagSet) error {
	for _, required := range []struct{ name, value string }{
		{"content", s.request.Content}, {"style", s.request.Style}, {"out", s.out},
	} {
		if required.value == "" && !(required.name == "out" && s.research.sweep) {
			_, usage := flag.UnquoteUsage(flags.Lookup(required.name))
			return fmt.Errorf("-%s is missing: %s", required.name, usage)
		}
	}
	var err error
	flags.Visit(func(f *flag.Flag) {
		s.sized = s.sized || f.Name == "height" || f.Name == "width" || f.Name == "epochs"
		if size := f.Value.String(); (f.Name == "height" || f.Name == "width") && (size == "0" || size[0] == '-') {
			err = fmt.Errorf("-%s %s: a size is at least 1 pixel", f.Name, size)
		}
	})
	if err != nil {
		return err
	}
	return s.research.options.Validate(len(s.research.styles))
}

func layerNames(indices []int) string {
	names := make([]string, len(indices))
	for i, index := range indices {
		names[i] = sl.Layers()[index].Name
	}
	return strings.Join(names, ",")
}

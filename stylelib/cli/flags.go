package cli

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"stylebook/stylelib/film"
	"stylebook/stylelib/internal/fileoption"
	"stylebook/stylelib/internal/pathlist"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/web"
)

// settings are what the command line asks for.
type settings struct {
	request  transfer.Request
	choice   transfer.Choice
	fast     bool
	strength float64
	sized    bool // size or epochs are on the command line

	out, log, backend string
	animation         string
	quiet, version    bool
	bits              int
	saveEvery         int
	checkpointEvery   int
	memory            string

	runs      string
	resume    string
	sweep     bool     // the run is one of a sweep: others may share it, and it has no -out
	kept      bool     // the result stays in the run's folder: there is no -out
	arguments []string // with which it can be run again, from anywhere
	err       error    // the first flag that can't be meant

	opened func(*transfer.Transfer) // is told of what is ready to be trained; may be nil

	web     bool // beside a page
	port    int
	watch   *web.Job // nil: no page watches
	uploads []string // pictures that go to the run's folder
}

// sweepPreset is that of a sweep whose file names none.
const sweepPreset = "pytorch"

const (
	runsOff         = "off" // the folder of runs that keeps none
	checkpointEvery = 25    // epochs
)

const usage = `stylize paints one picture in the style of another.

  stylize -content PICTURE -style PICTURE -out PICTURE.png [options]
  stylize -content FOLDER -style PICTURE -out FOLDER [options]

Pictures in: JPEG, PNG, GIF, WebP, BMP. Out: PNG, TIFF or JPEG, by the name. With neither -height nor -width the result
keeps the shape of the content picture at the area of 300 × 450 pixels; with one of them the other follows. Layers are names
or indices of the network's feature layers, comma separated, with a weight if it is not 1: conv4_4 or 25 or conv4_4:0.5;
conv4_last is the last convolution of block 4. Ctrl-C ends a run and saves the picture so far.

Of a folder of pictures, or of several, comma separated, each is painted, and the results and a contact sheet, sheet.png, go to
the folder -out. One that fails does not end the rest; the same command goes on where it was stopped.

Runs are kept, with their losses and, until they are finished, a checkpoint:

  stylize -resume RUN        continue a run that was stopped; it ends with the same bits as if it had not been
  stylize runs               list them
  stylize show RUN           all about one
  stylize compare RUN RUN    in what two or more differ
  stylize sweep FILE         all combinations of options in a file: see stylize sweep -help
  stylize web                a page to start pictures from, to watch and to compare them

What is here to paint with, and what to do about what isn't:

  stylize doctor

Options:
`

// value is a flag that remembers its text.
type value struct {
	text string
	set  func(text string) error
}

// add registers a flag whose text is taken by set. An error of that is the settings', in our words instead of the flag
// package's.
func (s *settings) add(flags *flag.FlagSet, name, initial, help string, set func(string) error) {
	flags.Var(&value{initial, func(text string) error {
		if err := set(text); err != nil && s.err == nil {
			s.err = fmt.Errorf("-%s: %w", name, err)
		}
		return nil
	}}, name, help)
}

func (v *value) String() string { return v.text }

func (v *value) Set(text string) error {
	v.text = text
	return v.set(text)
}

// register binds the flags to the settings, whose present values are the defaults.
func (s *settings) register(flags *flag.FlagSet) {
	r, o, c := &s.request, &s.request.Options, &s.choice
	text := func(name, initial, help string, set func(string) error) { s.add(flags, name, initial, help, set) }
	paths := func(to *[]string) func(string) error {
		return func(list string) error { *to = pathlist.Split("", list); return nil }
	}
	layers := func(to *[]string, weights *map[string]float64) func(string) error {
		return func(list string) (err error) { *to, *weights, err = transfer.ParseLayers(list); return err }
	}
	fast := transfer.Default()
	fast.Use(transfer.Fast)
	flags.StringVar(&r.Content, "content", "", "content `picture`: what the result shows (required); several, comma separated, or a folder of them are painted one after the other, and -out is a folder then")
	text("style", "", "style `picture`: how it is painted (required); several, comma separated, are blended; a name with a comma stands in double quotes", paths(&r.Styles))
	flags.StringVar(&s.out, "out", "", "`file` to write the result to (required)")
	flags.StringVar(&c.Preset, "preset", c.Preset, "whose rules and defaults hold: `"+strings.Join(transfer.Presets(), "|")+"`; painting is made for any two pictures, the others are the chapter's")
	flags.Float64Var(&s.strength, "strength", 1, fmt.Sprintf("`how much` style, from 0 to %d: the style weight is multiplied by its square", transfer.MaxStrength))
	flags.IntVar(&r.Height, "height", 0, "height of the result in `pixels`")
	flags.IntVar(&r.Width, "width", 0, "width of the result in `pixels`")
	flags.IntVar(&o.Epochs, "epochs", o.Epochs, "number of training `epochs`")
	flags.BoolVar(&s.fast, "fast", false, fmt.Sprintf("short for -optimizer fast: %d epochs instead of %d, with steps of our own instead of the chapter's; with VGG-16 the loss at 300 × 450 ends below the chapter's", fast.Epochs, transfer.Default().Epochs))
	flags.Float64Var(&o.LearningRate, "lr", o.LearningRate, "learning `rate`")
	text("content-layers", strings.Join(o.ContentLayers, ","), "content `layers`", layers(&o.ContentLayers, &o.ContentLayerWeights))
	text("style-layers", strings.Join(o.StyleLayers, ","), "style `layers`; with several style pictures, lists separated by semicolons give each its own: conv1_1,conv2_1;conv4_1,conv5_1", func(list string) (err error) {
		o.StyleLayers, o.StyleLayerWeights, o.LayersOfStyles, err = transfer.ParseStyleLayers(list)
		return err
	})
	flags.Float64Var(&o.ContentWeight, "content-weight", o.ContentWeight, "`weight` of the content loss, 0 for none")
	flags.Float64Var(&o.StyleWeight, "style-weight", o.StyleWeight, "`weight` of the style loss, 0 for none; it counts ten times, as in the chapter")
	flags.Float64Var(&o.TVWeight, "tv-weight", o.TVWeight, "`weight` of the total variation loss, 0 for none")
	flags.StringVar(&c.ContentLoss, "content-loss", c.ContentLoss, "what is compared of the content: `"+strings.Join(o.Names(transfer.ContentImage), "|")+"`; each has a weight and layers of its own")
	flags.StringVar(&c.StyleLoss, "style-loss", c.StyleLoss, "what is compared of the style: `"+strings.Join(o.Names(transfer.StyleImages), "|")+"`; each has a weight of its own")
	flags.BoolVar(&c.NormalizeLayers, "normalize-layers", c.NormalizeLayers, fmt.Sprintf("make the loss of each layer relative, so that any layers may be chosen; the chapter's style weight is then %g", transfer.NormalizedStyleWeight))
	flags.StringVar(&c.Optimizer, "optimizer", c.Optimizer, "`"+strings.Join(methods(c.Own), "|")+"`; the learning rate of lbfgs stays")
	s.registerTerms(flags)
	flags.IntVar(&o.Renew, "renew", o.Renew, "`epochs` for which wasserstein's transport of the style serves until it is found anew; 1: the loss of each epoch is exact, and takes up to twice as long")
	flags.IntVar(&o.Samples, "samples", o.Samples, "`positions` that remd and selfsim take of each picture, anew for each epoch")
	text("blend", "", "`weights` of several style pictures, comma separated (default: all the same)", func(list string) (err error) {
		o.Blend, err = numbers(list)
		return err
	})
	text("style-scale", fmt.Sprint(o.StyleScale), "size of the style pictures as a `multiple` of the result's; several, comma separated, give each picture its own", func(list string) error {
		scales, err := numbers(list)
		switch {
		case err != nil:
			return err
		case len(scales) == 1:
			o.StyleScale, o.StyleScales = scales[0], nil
		default:
			o.StyleScales = scales
		}
		return nil
	})
	text("init", string(o.Init), "what the training starts from: `content|style|noise|gray|style-statistics|PICTURE`; style-statistics: noise in the style pictures' colours", func(word string) error {
		if o.Init = transfer.Init(word); !slices.Contains(transfer.Inits(), o.Init) {
			o.Init, r.Init = transfer.InitFile, word
		}
		return nil
	})
	flags.StringVar((*string)(&o.Pooling), "pooling", string(o.Pooling), "how the network halves its maps: `weights|max|average`; weights: as their file says")
	text("keep-colours", "", "keep the content picture's colours: `luminance|histogram`: of the style only the luminance is taken, or the style's colours are matched first", func(word string) error {
		if o.Colours = transfer.Colours(word); o.Colours != transfer.ColoursLuminance && o.Colours != transfer.ColoursMeanCovariance {
			return fmt.Errorf("there is no %q: choose luminance or histogram", word)
		}
		return nil
	})
	flags.StringVar(&r.ContentMask, "content-mask", "", "`picture` that divides the result into regions, each in a flat colour")
	flags.StringVar(&r.ColoursMask, "colours-mask", "", "`picture` that says where -keep-colours luminance holds: white keeps the colours, black doesn't, gray mixes")
	text("style-mask", "", "`picture` with the same colours for each style picture, comma separated: where a region's style is from", paths(&r.StyleMasks))
	flags.IntVar(&o.History, "history", o.History, "`steps` that lbfgs remembers")
	flags.IntVar(&o.Scales, "scales", o.Scales, "coarse to fine in so many `steps`, each √2 times as high and wide as the one before; the epochs are shared out")
	flags.IntVar(&o.Tile, "tile", 0, "compute in pieces of so many `pixels` in height and width, for pictures that don't fit into memory (0: whole)")
	flags.StringVar(&r.Weights.Spec, "weights", r.Weights.Spec, "weights of the network: `auto|vgg19|vgg16|offline|random|FILE` (safetensors or PyTorch's .pth)")
	flags.Int64Var(&o.Seed, "seed", o.Seed, "`seed` of random weights, of the noise that a training starts from and of sampled positions")
	flags.IntVar(&s.bits, "bits", 8, "`8|16` bits for each channel of the result; 16 in PNG and TIFF")
	flags.IntVar(&s.saveEvery, "save-every", 0, "write the picture so far after every so many `epochs`, beside the result")
	flags.StringVar(&s.animation, "animation", "", fmt.Sprintf("`file` to write a film of the training to, of at most %d pictures between the first and the last: .gif (of at most 480 pixels in height and width), or .mp4 or .webp where ffmpeg is installed", film.Frames))
	flags.IntVar(&s.checkpointEvery, "checkpoint-every", checkpointEvery, "save a checkpoint after every so many `epochs`")
	flags.StringVar(&s.memory, "memory", "", "memory that the run may take, such as `4GB` (default: what is free)")
	flags.StringVar(&s.backend, "backend", "", "`engine`: xla:cpu, xla:cuda or go (default: GOMLX_BACKEND, else the fastest present)")
	flags.StringVar(&s.log, "log", "", "`file` to write one JSON object per epoch to; an older log is replaced, nothing else")
	flags.BoolVar(&s.quiet, "quiet", false, "print errors only")
	flags.StringVar(&s.runs, "runs", "", "`folder` that keeps the runs, or off (default: "+runs.EnvDir+", else ~/.local/share/stylebook/runs)")
	flags.StringVar(&s.resume, "resume", "", "continue this `run`")
	flags.BoolVar(&s.version, "version", false, "tell the versions of the program and of what it computes with, and the engine that is taken")
	flags.BoolVar(&s.web, "web", false, "show a page that watches the training, on 127.0.0.1; it stays until Ctrl-C")
	flags.IntVar(&s.port, "port", 0, "`port` of the page; 0: a free one")
}

// methods are the names of the optimizers, the caller's own last.
func methods(own []transfer.Extension) (names []string) {
	o := transfer.Default()
	for _, one := range own {
		o.Add(one)
	}
	for _, m := range o.KnownMethods() {
		names = append(names, m.Name)
	}
	return names
}

// registerTerms adds -NAME-weight and -NAME-layers for each further term that the loss may have.
func (s *settings) registerTerms(flags *flag.FlagSet) {
	o := &s.request.Options
	for _, term := range o.Known() {
		if flags.Lookup(term.Name+"-weight") != nil { // content, which has its place
			continue
		}
		own := slices.ContainsFunc(o.Own, func(t transfer.Term) bool { return t.Name == term.Name })
		weight, further := 0.0, "further "
		if own {
			weight, further = term.Weight, ""
		}
		help := fmt.Sprintf("`weight` of a %sterm of the loss, %s: %s", further, term.Name, term.About)
		s.add(flags, term.Name+"-weight", fmt.Sprint(weight), help, func(text string) error {
			weight, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return fmt.Errorf("%q is not a number", text)
			}
			o.Term(term.Name).Weight = weight
			return nil
		})
		if term.Image != nil || term.Loss != nil && len(term.Layers) == 0 {
			continue
		}
		s.add(flags, term.Name+"-layers", strings.Join(term.Layers, ","), "`layers` of "+term.Name, func(list string) error {
			layers, weights, err := transfer.ParseLayers(list)
			of := o.Term(term.Name)
			of.Layers, of.LayerWeights = layers, weights
			return err
		})
	}
}

// parse reads the command line into s, whose own terms are set. Help goes to stdout.
//
// It is read twice: what it chooses decides the numbers over which the rest of it is laid.
func (s *settings) parse(args []string, stdout io.Writer) error {
	own, sweep := s.choice.Own, s.sweep
	*s = settings{request: transfer.NewRequest("", ""), sweep: sweep, kept: s.kept,
		choice: transfer.Choice{Preset: transfer.Painting, Own: own}}
	if sweep {
		s.choice.Preset = sweepPreset
	}
	s.request.Styles = nil
	first := *s
	for _, one := range own {
		first.request.Options.Add(one)
	}
	flags := newFlags("stylize")
	first.register(flags)
	if err := parseStart(flags, args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return cmp.Or(first.printHelp(stdout), err)
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if first.err != nil {
		return first.err
	}
	if first.version {
		*s = first
		return nil
	}
	if first.resume != "" {
		*s = first
		return onlyResume(flags)
	}
	if s.choice = first.choice; first.fast {
		if given(flags, "optimizer") && s.choice.Optimizer != transfer.Fast {
			return fmt.Errorf("-fast is short for -optimizer fast: leave -optimizer %s out", s.choice.Optimizer)
		}
		s.choice.Optimizer = transfer.Fast
	}
	if s.choice.Preset == transfer.Painting && given(flags, "normalize-layers") && !s.choice.NormalizeLayers {
		return errors.New("-normalize-layers: painting has relative losses: choose another -preset, such as pytorch")
	}
	var err error
	if s.request.Options, err = transfer.Choose(s.choice); err != nil {
		return err
	}
	if err := s.request.Options.Strengthen(first.strength); err != nil {
		return err
	}
	if given(flags, "strength") && given(flags, "style-weight") {
		return errors.New("-strength: sets the style weight: leave -style-weight out")
	}
	flags = newFlags("stylize")
	s.register(flags)
	if err := parseStart(flags, args); err != nil {
		return err
	}
	s.sized = given(flags, "height") || given(flags, "width") || given(flags, "epochs")
	s.arguments = s.absolute(flags)
	return s.check(flags)
}

func given(flags *flag.FlagSet, name string) (found bool) {
	flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// onlyResume refuses options beside -resume that would change the run.
func onlyResume(flags *flag.FlagSet) error {
	var err error
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "resume", "runs", "quiet", "memory", "checkpoint-every", "web", "port":
		default:
			err = fmt.Errorf("-%s: a run is resumed as it was begun: leave it out", f.Name)
		}
	})
	return err
}

// check reports what is missing or can't be meant.
func (s *settings) check(flags *flag.FlagSet) error {
	for _, name := range []string{"content", "style", "out"} {
		if f := flags.Lookup(name); f.Value.String() == "" && !(name == "out" && (s.sweep || s.kept)) {
			_, usage := flag.UnquoteUsage(f)
			return fmt.Errorf("-%s is missing: %s", name, usage)
		}
	}
	for name, least := range map[string]int{"height": 1, "width": 1, "save-every": 0, "checkpoint-every": 0} {
		f := flags.Lookup(name)
		switch number, _ := strconv.Atoi(f.Value.String()); {
		case !given(flags, name) || number >= least:
		case least == 1:
			return fmt.Errorf("-%s %d: a size is at least 1 pixel", name, number)
		default:
			return fmt.Errorf("-%s: %d is below 0", name, number)
		}
	}
	if err := s.readMemory(); err != nil {
		return err
	}
	switch {
	case s.web && s.sweep:
		return errors.New("-web: is for one picture: leave it out")
	case s.web && s.runs == runsOff:
		return errors.New("-web: the page shows runs that are kept: leave -runs off out")
	case given(flags, "port") && !s.web:
		return errors.New("-port: is that of the page: add -web")
	}
	if s.bits != 8 && s.bits != 16 {
		return fmt.Errorf("-bits: %d: choose 8 or 16", s.bits)
	}
	if ext := strings.ToLower(filepath.Ext(s.out)); s.bits == 16 && (ext == ".jpg" || ext == ".jpeg") {
		return fmt.Errorf("-bits: JPEG has 8 bits: name the result .png or .tif")
	}
	return s.request.Options.Validate(len(s.request.Styles))
}

// fields splits a comma-separated list, without blanks and empty fields.
func fields(list string) (some []string) {
	for field := range strings.SplitSeq(list, ",") {
		if field = strings.TrimSpace(field); field != "" {
			some = append(some, field)
		}
	}
	return some
}

func numbers(list string) (values []float64, err error) {
	for _, field := range fields(list) {
		value, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", field)
		}
		values = append(values, value)
	}
	return values, nil
}

// absolute returns the command line with absolute paths, so that it means the same from anywhere.
func (s *settings) absolute(flags *flag.FlagSet) (arguments []string) {
	here, err := os.Getwd()
	if err != nil {
		here = "" // then names stay what they are
	}
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "runs", "quiet", "memory", "backend", "checkpoint-every", "web", "port":
			return
		}
		text := fileoption.From(here, f.Name, f.Value.String())
		arguments = append(arguments, "-"+f.Name+"="+text)
	})
	if !given(flags, "preset") { // the default may be another one day
		arguments = append(arguments, "-preset="+s.choice.Preset)
	}
	return arguments
}

func absolutePath(path string) string {
	if absolute, err := filepath.Abs(path); err == nil && path != "" {
		return absolute
	}
	return path
}

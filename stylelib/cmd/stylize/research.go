package main

import (
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/synth"
	"stylebook/stylelib/weights"
)

// research is what the command line asks for beyond the chapter.
type research struct {
	options synth.Options // without the chapter's, until setResearch
	styles  []string
	blend   string
	colours string
	init    string

	contentMask, styleMasks string

	bits            int
	saveEvery       int
	checkpointEvery int
	memory          string

	runs      string
	resume    string
	sweep     bool     // the run is one of a sweep: others may share it, and it has no -out
	arguments []string // with which it can be run again, from anywhere
}

// runsOff is the folder of runs that keeps none.
const runsOff = "off"

func (r *research) register(flags *flag.FlagSet) {
	r.options = synth.Default()
	o := &r.options
	flags.BoolVar(&o.NormalizeLayers, "normalize-layers", false, fmt.Sprintf("make the loss of each layer relative, so that any layers may be chosen; the style weight is then %g", synth.NormalizedStyleWeight))
	flags.StringVar(&r.blend, "blend", "", "`weights` of several style pictures, comma separated (default: all the same)")
	flags.Float64Var(&o.StyleScale, "style-scale", o.StyleScale, "size of the style pictures as a `multiple` of the result's")
	flags.StringVar(&r.init, "init", string(o.Init), "what the training starts from: `content|style|noise|PICTURE`")
	flags.StringVar((*string)(&o.Pooling), "pooling", string(o.Pooling), "how the network halves its maps: `weights|max|average`; weights: as their file says")
	flags.StringVar((*string)(&o.StyleLoss), "style-loss", string(o.StyleLoss), fmt.Sprintf("what is compared of the style: `gram|wasserstein`; the style weight of wasserstein is %g", synth.NormalizedStyleWeight))
	flags.StringVar(&r.colours, "keep-colours", "", "keep the content picture's colours: `luminance|histogram`: of the style only the luminance is taken, or the style's colours are matched first")
	flags.StringVar(&r.contentMask, "content-mask", "", "`picture` that divides the result into regions, each in a flat colour")
	flags.StringVar(&r.styleMasks, "style-mask", "", "`picture` with the same colours for each style picture, comma separated: where a region's style is from")
	flags.StringVar((*string)(&o.Optimizer), "optimizer", string(o.Optimizer), "`adam|fast|lbfgs`; the learning rate of lbfgs is 1 and stays, unless -lr says otherwise")
	flags.IntVar(&o.History, "history", o.History, "`steps` that lbfgs remembers")
	flags.IntVar(&o.Scales, "scales", o.Scales, "coarse to fine in so many `steps`, each √2 times as high and wide as the one before; the epochs are shared out")
	flags.IntVar(&o.Tile, "tile", 0, "compute in pieces of so many `pixels` in height and width, for pictures that don't fit into memory (0: whole)")
	flags.IntVar(&r.bits, "bits", 8, "`8|16` bits for each channel of the result; 16 in PNG and TIFF")
	flags.IntVar(&r.saveEvery, "save-every", 0, "write the picture so far after every so many `epochs`, beside the result")
	flags.IntVar(&r.checkpointEvery, "checkpoint-every", 25, "save a checkpoint after every so many `epochs`")
	flags.StringVar(&r.memory, "memory", "", "memory that the run may take, such as `4GB` (default: what is free)")
	flags.StringVar(&r.runs, "runs", "", "`folder` that keeps the runs, or off (default: "+runs.EnvDir+", else ~/.local/share/stylebook/runs)")
	flags.StringVar(&r.resume, "resume", "", "continue this `run`")
}

// onlyResume refuses options beside -resume that would change the run.
func onlyResume(flags *flag.FlagSet) error {
	var err error
	flags.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "resume", "runs", "quiet", "memory", "checkpoint-every":
		default:
			err = fmt.Errorf("-%s: a run is resumed as it was begun: leave it out", f.Name)
		}
	})
	return err
}

// setResearch puts the chapter's options and the others together.
func (s *settings) setResearch(flags *flag.FlagSet) error {
	r, given := &s.research, map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	chapter := &s.request.Options
	if r.options.Optimizer == synth.LBFGS {
		chapter.LRDecayEvery = 0
		if !given["lr"] {
			chapter.LearningRate = 1
		}
	}
	if (r.options.NormalizeLayers || r.options.StyleLoss == synth.WassersteinLoss) && !given["style-weight"] {
		chapter.StyleWeight = synth.NormalizedStyleWeight
	}
	r.options.Options, r.options.Seed, s.request.Pooling = *chapter, s.request.Weights.Seed, r.options.Pooling
	if r.options.Init = synth.Init(r.init); !isWord(r.init, synth.InitContent, synth.InitStyle, synth.InitNoise) {
		r.options.Init = synth.InitFile
	}
	if r.options.Init != synth.InitNoise && s.request.Weights.Spec != weights.RandomNet {
		r.options.Seed = 0 // it changes nothing, so it makes no other run
	}
	if given["keep-colours"] {
		r.options.Colours = synth.Colours(r.colours)
		if !isWord(r.colours, synth.ColoursLuminance, synth.ColoursHistogram) {
			return fmt.Errorf("-keep-colours: there is no %q: choose luminance or histogram", r.colours)
		}
	}
	for _, number := range []struct {
		name  string
		value int
	}{{"save-every", r.saveEvery}, {"checkpoint-every", r.checkpointEvery}} {
		if number.value < 0 {
			return fmt.Errorf("-%s: %d is below 0", number.name, number.value)
		}
	}
	if r.memory != "" {
		if _, err := parseMemory(r.memory); err != nil {
			return err
		}
	}
	if r.bits != 8 && r.bits != 16 {
		return fmt.Errorf("-bits: %d: choose 8 or 16", r.bits)
	}
	if ext := strings.ToLower(filepath.Ext(s.out)); r.bits == 16 && (ext == ".jpg" || ext == ".jpeg") {
		return fmt.Errorf("-bits: JPEG has 8 bits: name the result .png or .tif")
	}
	r.styles = files(s.request.Style)
	if len(r.styles) > 0 {
		s.request.Style = r.styles[0]
	}
	var err error
	if r.options.Blend, err = numbers(r.blend); err != nil {
		return fmt.Errorf("-blend: %w", err)
	}
	r.arguments = s.absolute(flags)
	return nil
}

func isWord[T ~string](value string, words ...T) bool {
	for _, word := range words {
		if value == string(word) {
			return true
		}
	}
	return false
}

// files splits a comma-separated list of files. A file whose own name has a comma is taken as it is.
func files(list string) []string {
	if _, err := os.Stat(list); err == nil || list == "" {
		return compact(list)
	}
	return compact(strings.Split(list, ",")...)
}

func compact(names ...string) (some []string) {
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" {
			some = append(some, name)
		}
	}
	return some
}

func numbers(list string) (values []float64, err error) {
	for _, field := range compact(strings.Split(list, ",")...) {
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
	flags.Visit(func(f *flag.Flag) {
		value := f.Value.String()
		switch f.Name {
		case "content", "out", "log", "content-mask":
			value = absolutePath(value)
		case "style":
			value = absolutePaths(s.research.styles)
		case "style-mask":
			value = absolutePaths(files(value))
		case "init":
			if s.research.options.Init == synth.InitFile {
				value = absolutePath(value)
			}
		case "weights":
			if value != weights.Auto && value != weights.Offline && value != weights.RandomNet {
				value = absolutePath(value)
			}
		case "runs", "quiet", "memory", "backend", "checkpoint-every":
			return
		}
		arguments = append(arguments, "-"+f.Name+"="+value)
	})
	return arguments
}

func absolutePaths(paths []string) string {
	var all []string
	for _, path := range paths {
		all = append(all, absolutePath(path))
	}
	return strings.Join(all, ",")
}

func absolutePath(path string) string {
	if absolute, err := filepath.Abs(path); err == nil && path != "" {
		return absolute
	}
	return path
}

// inputs reads the pictures that a training needs, and hashes their files.
func (s *settings) inputs() (in synth.Inputs, hashes map[string]string, err error) {
	hashes = map[string]string{}
	read := func(role, path string) (picture image.Image) {
		if err != nil || path == "" {
			return nil
		}
		if picture, err = sl.ReadImage(path); err == nil {
			hashes[role], err = runs.HashFile(path)
		}
		return picture
	}
	in.Content = read("content", s.request.Content)
	for i, path := range s.research.styles {
		in.Styles = append(in.Styles, read(fmt.Sprintf("style %d", i+1), path))
	}
	in.ContentMask = read("content mask", s.research.contentMask)
	for i, path := range files(s.research.styleMasks) {
		in.StyleMasks = append(in.StyleMasks, read(fmt.Sprintf("mask of style %d", i+1), path))
	}
	if s.research.options.Init == synth.InitFile {
		in.Init = read("init", s.research.init)
	}
	if err != nil {
		return in, nil, err
	}
	return in, hashes, in.Check(s.research.options)
}

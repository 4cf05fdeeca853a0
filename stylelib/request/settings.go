package request

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"stylebook/stylelib/transfer"
)

// CheckpointEvery is how many epochs there are between two checkpoints, unless the request says otherwise.
const CheckpointEvery = 25

// Settings are what a request comes to: every option of the table with its value.
type Settings struct {
	transfer.Request // pictures, size, options of the training, weights

	Choice   transfer.Choice // what the options of the training go with
	Fast     bool
	Strength float64
	Terms    []string // NAME[:WEIGHT[@LAYERS]] each

	Network     string   // a file; "": none, and an image is trained
	Photographs []string // files or folders that a network is trained on
	From        string   // a network that the training of another begins with
	Steps       int      // of a network's training

	Out, Log, Animation string // files; "": none
	Bits                int    // of the result for each channel
	SaveEvery           int    // epochs

	Backend         string // the engine
	Runs            string // folder of runs; "": the usual one
	CheckpointEvery int    // epochs
	Quiet           bool
}

// Settings lays the request over what goes with its preset. own is what the caller has of its own, which is used:
// see [transfer.Choice]. The error is one line; of an option that can't be meant it begins with the option as the command has it: "-strength: …".
func (r Request) Settings(own ...transfer.Extension) (*Settings, error) {
	s, err := r.resolve(own)
	if err != nil {
		return nil, err
	}
	if err := s.check(r); err != nil {
		return nil, err
	}
	return s, s.Options.Validate(len(s.Styles))
}

// resolve makes the settings, which are yet to be checked. The request is laid on twice: what it chooses decides the numbers over which the
// rest of it is laid.
func (r Request) resolve(own []transfer.Extension) (*Settings, error) {
	s := &Settings{Request: transfer.NewRequest("", ""), Choice: transfer.Choice{Preset: transfer.DefaultPreset, Own: own}, Strength: 1, Bits: 8,
		CheckpointEvery: CheckpointEvery}
	s.Styles = nil
	if err := r.apply(s, own...); err != nil {
		return nil, err
	}
	var err error
	if err = s.choose(r); err != nil {
		return nil, err
	}
	if err = r.apply(s, own...); err != nil {
		return nil, err
	}
	for _, text := range s.Terms {
		if err := setTerm(&s.Options, text); err != nil {
			return nil, fmt.Errorf("-term: %w", err)
		}
	}
	return s, nil
}

func (r Request) apply(s *Settings, own ...transfer.Extension) error {
	for _, o := range table {
		if !r.Given(o.Name) {
			continue
		}
		if err := exceptLayers(put(o.keep(s), r[o.Name]), own); err != nil {
			return fmt.Errorf("-%s: %w", o.Name, err)
		}
	}
	return nil
}

// choose sets the options that go with what is chosen, and says in Choice what that is.
func (s *Settings) choose(r Request) (err error) {
	c := &s.Choice
	if s.Fast {
		if r.Given("optimizer") && c.Optimizer != transfer.Fast {
			return fmt.Errorf("-fast is short for -optimizer fast: leave -optimizer %s out", c.Optimizer)
		}
		c.Optimizer = transfer.Fast
	}
	if c.Preset == transfer.Painting && r.Given("normalize-layers") && !c.NormalizeLayers {
		return fmt.Errorf("-normalize-layers: painting has relative losses: choose another -preset, such as pytorch")
	}
	if s.Options, err = transfer.Choose(*c); err != nil {
		return err
	}
	if r.Given("scales") {
		s.Options.Coarsest = 0 // unless it is given too
	}
	c.Optimizer, c.NormalizeLayers = s.Options.Optimizer, s.Options.NormalizeLayers
	c.ContentLoss, c.StyleLoss = s.Options.ContentLoss, s.Options.StyleLoss
	if r.Given("strength") && r.Given("style-weight") {
		return fmt.Errorf("-strength: says how much style, as -style-weight does: leave one of them out")
	}
	return s.Options.Strengthen(s.Strength)
}

// withNetwork are the options of a picture that a network paints.
var withNetwork = []string{"content", "out", "network", "size", "height", "width", "keep-colours", "backend", "memory", "quiet"}

// check reports what can't be meant with what else is asked for.
func (s *Settings) check(r Request) error {
	for _, o := range table {
		if s.Network != "" && r.Given(o.Name) && !slices.Contains(withNetwork, o.Name) {
			return fmt.Errorf("-%s: a network paints as it has learned to, in one pass: leave it out, or -network", o.Name)
		}
	}
	if s.Network != "" && r.Given("keep-colours") && s.Options.Colours != transfer.ColoursLuminance {
		return fmt.Errorf("-keep-colours %s: is of a training with a style picture: with -network choose luminance", s.Options.Colours)
	}
	if s.Bits == 16 && s.Options.Colours == transfer.ColoursMatched {
		return fmt.Errorf("-keep-colours painting: makes pictures of 8 bits: leave -bits out")
	}
	if r.Given("steps") && (s.Steps < 1 || r.Given("minutes")) {
		return fmt.Errorf("-steps: %d: give a number of at least 1, or -minutes", s.Steps)
	}
	for name, number := range map[string]int{"height": s.Height, "width": s.Width, "size": s.LongerSide} {
		if r.Given(name) && number < 1 {
			return fmt.Errorf("-%s %d: a size is at least 1 pixel", name, number)
		}
	}
	if r.Given("size") && (r.Given("height") || r.Given("width")) {
		return fmt.Errorf("-size: says how high and wide the result is: leave -height and -width out")
	}
	if r.Given("minutes") && (s.Limit <= 0 || r.Given("height") || r.Given("width")) {
		return fmt.Errorf("-minutes: chooses the size, and is above 0: leave -height and -width out")
	}
	for name, number := range map[string]int{"save-every": s.SaveEvery, "checkpoint-every": s.CheckpointEvery} {
		if number < 0 {
			return fmt.Errorf("-%s: %d is below 0", name, number)
		}
	}
	if s.Bits != 8 && s.Bits != 16 {
		return fmt.Errorf("-bits: %d: choose 8 or 16", s.Bits)
	}
	if ext := strings.ToLower(filepath.Ext(s.Out)); s.Bits == 16 && (ext == ".jpg" || ext == ".jpeg") {
		return fmt.Errorf("-bits: JPEG has 8 bits: name the result .png or .tif")
	}
	return nil
}

// Sized says whether size or epochs are given, so that nothing else may choose them.
func (r Request) Sized() bool {
	return r.Given("size") || r.Given("height") || r.Given("width") || r.Given("epochs")
}

// Require reports the first of some options that is not given, with its help.
func (r Request) Require(names ...string) error {
	for _, name := range names {
		if r.Text(name) == "" {
			o, err := Find(name)
			if err != nil {
				return err
			}
			_, help := o.usage()
			return fmt.Errorf("-%s is missing: %s", name, help)
		}
	}
	return nil
}

// Neutral are the values of options under which everything is as it was before there were these options.
func Neutral() transfer.Options {
	var s Settings
	for _, o := range table {
		if o.neutral != "" {
			_ = o.keep(&s).Set(o.neutral) // a test sets them all
		}
	}
	o := s.Options
	o.Optimizer, o.ContentLoss, o.StyleLoss = s.Choice.Optimizer, s.Choice.ContentLoss, s.Choice.StyleLoss
	return o
}

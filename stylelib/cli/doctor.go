package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/kernels"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/dustin/go-humanize"
	"github.com/shirou/gopsutil/v4/disk"
)

const doctorHelp = `stylize doctor says what is here and what to do about what isn't. It downloads nothing and leaves nothing behind.
Its exit status is 0 if a picture can be made.

Options:
`

// finding is what the doctor says of one thing.
type finding struct {
	Name   string `json:"name"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
	Bad    bool   `json:"bad"` // no picture can be made
}

// doctor looks at everything that a picture needs.
type doctor struct {
	request  transfer.Request
	engine   *engine.Engine // nil: none opens
	findings []finding
}

func (c *command) doctor(ctx context.Context, args []string) error {
	flags := newFlags("doctor")
	backend := flags.String("backend", "", "`engine`: xla:cpu, xla:cuda or go")
	spec := flags.String("weights", weights.Auto, "`weights` of the network")
	dir := flags.String("runs", "", "`folder` of the runs, or off")
	asJSON := flags.Bool("json", false, "one JSON object for each thing")
	if _, err := parseFlags(flags, args, doctorHelp, c.stdout); err != nil {
		return err
	}
	d := doctor{request: transfer.NewRequest("", "")}
	var err error
	if d.request.Options, err = transfer.Choose(transfer.Choice{Preset: transfer.DefaultPreset, Own: c.own}); err != nil {
		return err
	}
	d.request.Weights.Spec, d.request.Weights.Sources, d.request.Weights.Layers = *spec, nil, d.request.Options.Layers()
	d.open(ctx, *backend)
	if d.engine != nil {
		defer d.engine.Close()
	}
	d.picture(ctx, d.weights(ctx))
	d.cache()
	d.runs(*dir)
	if err := ctx.Err(); err != nil {
		return interruptedOr(ctx, err)
	}
	return c.report(d.findings, *asJSON)
}

func (c *command) report(findings []finding, asJSON bool) error {
	var bad []string
	before := ""
	for _, f := range findings {
		if f.Bad {
			bad = append(bad, f.Name)
		}
		if asJSON {
			continue
		}
		if f.Name == before {
			f.Name = ""
		}
		printLine(c.stdout, "%-8s %s", f.Name, f.Text)
		before = cmp.Or(f.Name, before)
		if f.Remedy != "" {
			printLine(c.stdout, "         → %s", f.Remedy)
		}
	}
	if asJSON {
		if err := printJSON(c.stdout, findings); err != nil {
			return err
		}
	}
	if bad != nil {
		return fmt.Errorf("no picture can be made: see %s", strings.Join(bad, ", "))
	}
	return nil
}

func (d *doctor) say(name, text, remedy string) {
	d.findings = append(d.findings, finding{Name: name, Text: text, Remedy: remedy})
}

func (d *doctor) fail(name string, err error, remedy string) {
	d.findings = append(d.findings, finding{Name: name, Text: oneline.First(err), Remedy: remedy, Bad: true})
}

// open looks at the engines.
func (d *doctor) open(ctx context.Context, backend string) {
	of := runs.Versions()
	d.say("program", fmt.Sprintf("stylize %s, %s", of["stylebook"], of["go"]), "")
	var err error
	if d.engine, err = engine.Open(backend); err != nil {
		d.fail("engine", err, "leave -backend and "+engine.BackendEnv+" away, and the fastest engine that is here is taken")
		return
	}
	remedy := ""
	if d.engine.Plugin == "" && backend == "" && os.Getenv(engine.BackendEnv) == "" {
		remedy = "XLA is faster: keep its plugin beside the program, as in the archive for Linux on x86-64, or run scripts/setup in a clone"
	}
	d.say("engine", d.engine.String(), cmp.Or(d.engine.Notice, remedy))
	d.gpu()
	if vectors := kernels.Vectors(d.engine.Backend); vectors != "" {
		d.say("kernels", "ours for wide convolutions and products of matrices, with vectors "+vectors, "")
	}
	if d.engine.Plugin == "" {
		return
	}
	text, err := describePlugin(ctx, d.engine)
	if err != nil {
		text = oneline.First(err)
	}
	d.say("plugin", text, "")
}

func (d *doctor) gpu() {
	cards, _ := filepath.Glob("/dev/nvidia[0-9]*") // an error is one of the pattern
	switch {
	case strings.HasPrefix(d.engine.Name, "xla:cuda"):
		d.say("GPU", "computes", "")
	case len(cards) > 0:
		d.say("GPU", "an NVIDIA card is here, but the engine is another", "in a clone, scripts/setup gets XLA's plugin for it; stylize doctor -backend xla:cuda says why it doesn't open")
	default:
		d.say("GPU", "no NVIDIA card is here; none is needed", "")
	}
}

// weights looks at the networks, and returns the one that a picture is made with, nil if there is none.
func (d *doctor) weights(ctx context.Context) *weights.Loaded {
	taken, err := weights.Load(ctx, d.request.Weights)
	if err != nil {
		d.fail("weights", err, "leave -weights and "+weights.EnvWeights+" away, and the best network that is here is taken")
		return nil
	}
	remedy := ""
	if taken.Path == "" && d.request.Weights.Spec == weights.Auto && os.Getenv(weights.EnvWeights) == "" {
		remedy = "with a connection the next picture gets VGG-19 (52 MB), if its servers answer; in a clone, scripts/setup gets VGG-16; or name a file of either in " + weights.EnvWeights
	}
	d.say("weights", hashed(taken), remedy)
	if taken.Why != "" {
		d.say("weights", "no VGG-19 could be had: "+taken.Why, "")
	}
	for _, spec := range []string{weights.VGG19, weights.VGG16} {
		options := d.request.Weights
		options.Spec = spec
		if other, err := weights.Load(ctx, options); err == nil && other.Path != taken.Path {
			d.say("weights", "also here: "+hashed(other), "")
		}
	}
	return taken
}

func hashed(l *weights.Loaded) string {
	if l.SHA256 == "" {
		return l.Source
	}
	return l.Source + ", SHA-256 " + l.SHA256
}

// picture gets a picture of the usual size ready and asks how long it would take, and whether memory does.
func (d *doctor) picture(ctx context.Context, network *weights.Loaded) {
	if network == nil || d.engine == nil || ctx.Err() != nil {
		return
	}
	t, err := d.transfer(network.Network)
	if err != nil {
		d.fail("picture", err, "")
		return
	}
	defer t.Close()
	estimate, err := t.Estimate()
	if err != nil {
		d.fail("picture", err, "")
		return
	}
	d.say("picture", fmt.Sprintf("%d × %d (height × width), %d epochs: %s", t.Height, t.Width, t.Options.Epochs, estimate), "")
	if free, ok := transfer.FreeMemory(); ok {
		d.memory(t, free)
	}
}

// transfer gets grey pictures ready.
func (d *doctor) transfer(network sl.FeatureNetwork) (*transfer.Transfer, error) {
	if own := d.request.Options.Network; own != nil {
		network = own.FeatureNetwork
	}
	grey := image.NewGray(image.Rect(0, 0, sl.ChapterWidth, sl.ChapterHeight))
	pictures := transfer.Pictures{Content: grey, Styles: []image.Image{grey}}
	return transfer.New(d.engine.Backend, network, pictures, sl.ChapterHeight, sl.ChapterWidth, d.request.Options)
}

func (d *doctor) memory(t *transfer.Transfer, free int64) {
	text := humanize.Bytes(uint64(free)) + " free"
	var tooLarge *transfer.TooLargeError
	switch err := t.CheckMemory(free); {
	case err == nil:
		d.say("memory", text, "")
	case errors.As(err, &tooLarge) && tooLarge.Height > 0:
		d.say("memory", text, oneline.First(err))
	default:
		d.fail("memory", err, "close other programs")
	}
}

// cache looks at the folder of downloads; a picture needs none.
func (d *doctor) cache() {
	dir, err := os.UserCacheDir()
	if err != nil {
		d.say("cache", oneline.First(err), "set HOME, and downloads are kept")
		return
	}
	dir = filepath.Join(dir, "stylebook")
	text, _, err := room(dir)
	if err != nil {
		d.say("cache", oneline.First(err), "make it writable, or set XDG_CACHE_HOME to a folder that is, and downloads are kept")
		return
	}
	d.say("cache", text, "")
}

// lowDisk is where a disk is nearly full, in bytes.
const lowDisk = 100e6

func (d *doctor) runs(dir string) {
	if dir == runsOff {
		d.say("runs", "none are kept, as asked", "")
		return
	}
	var err error
	if dir == "" {
		dir, err = runs.DefaultDir()
	}
	text, free, remedy := "", uint64(0), ""
	if err == nil {
		text, free, err = room(dir)
	}
	if err != nil {
		d.fail("runs", err, "name a folder that can be written in "+runs.EnvDir+" or with -runs, or keep none with -runs off")
		return
	}
	if free < lowDisk {
		remedy = "the disk is nearly full: make room"
	}
	d.say("runs", text, remedy)
}

// room says where a folder is or would be made, and how much its disk has left; an error if it can't be written to.
func room(dir string) (text string, free uint64, err error) {
	there := absolutePath(dir)
	for {
		if _, err = os.Stat(there); err == nil || filepath.Dir(there) == there {
			break
		}
		there = filepath.Dir(there)
	}
	if err := atomicfile.Check(filepath.Join(there, "file")); err != nil {
		return "", 0, fmt.Errorf("%s can't be written to: %w", dir, err)
	}
	usage, err := disk.Usage(there)
	if err != nil {
		return "", 0, err
	}
	text = fmt.Sprintf("%s, %s free on its disk", dir, humanize.Bytes(usage.Free))
	if there != absolutePath(dir) {
		text += "; it is not made yet"
	}
	return text, usage.Free, nil
}

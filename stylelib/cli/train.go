package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stylebook/data"
	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/feedforward"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/dustin/go-humanize"
)

const trainHelp = `stylize train-network trains a network that paints any photograph like one painting, in one pass: stylize -network paints with it.

  stylize train-network -style PICTURE -out NETWORK.safetensors [options]
  stylize -network NETWORK.safetensors -content PICTURE -out PICTURE.png
  stylize -network NETWORK.safetensors -content FOLDER -out FOLDER
  stylize -network NETWORK.safetensors -content FILM.mp4 -out PAINTED.mp4

While it trains, a photograph that it does not train on, -content where that is given, is painted every half minute into
NETWORK-painted.png.
The training is kept as a run: Ctrl-C ends it and saves the network so far, stylize resume RUN continues.

`

// showEvery is how often a picture shows how far a network is.
const showEvery = 30 * time.Second

// networkJob is a network's training that is ready to begin.
type networkJob struct {
	*settings
	kept
	e        *engine.Engine
	vgg      *sl.Extractor
	options  feedforward.Options
	spec     runs.Spec
	training *feedforward.Training
	painter  *feedforward.Painter
	style    image.Image
	photos   []image.Image
	first    *feedforward.Network // what it begins with; nil: random numbers
	unseen   *image.RGBA          // is not trained on
}

// trainNetwork trains a network.
func (c *command) trainNetwork(ctx context.Context, args []string) error {
	asked := request.Request{}
	flags, wrong := asked.Flags("train-network", request.OfNetworks())
	s, err := c.read(flags, wrong, asked, args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(c.stdout, trainHelp)
		return errors.Join(asked.PrintHelp(c.stdout, request.OfNetworks()), err)
	}
	if err != nil {
		return err
	}
	if err := asked.Require("style", "out"); err != nil {
		return &usageError{err}
	}
	s.asked = s.asked.With("preset", nil) // which is of pictures
	return keeping(s.Runs, func(store *runs.Store) error { return c.trainInto(ctx, s, store) })
}

// trainInto trains the network and keeps the run in store if that is not nil.
func (c *command) trainInto(ctx context.Context, s *settings, store *runs.Store) error {
	s.Say = func(line string) { c.say(s.Quiet, "%s", line) }
	if !s.Quiet {
		s.Weights.Progress = newDownloadProgress(c.stderr)
	}
	if err := s.checkNetworkOutputs(store); err != nil {
		return err
	}
	e, err := engine.Open(s.Backend)
	if err != nil {
		return err
	}
	defer e.Close()
	c.say(s.Quiet, "engine   %s", e)
	j := &networkJob{settings: s, kept: kept{store: store}, e: e}
	defer j.close()
	if err := j.open(ctx); err != nil {
		return errors.Join(interruptedOr(ctx, err), j.end(ctx, nil, err))
	}
	return j.do(ctx, c)
}

// checkNetworkOutputs refuses, before any work, files that can't be written or would destroy what is read.
func (s *settings) checkNetworkOutputs(store *runs.Store) error {
	if ext := strings.ToLower(filepath.Ext(s.Out)); ext != ".safetensors" {
		return fmt.Errorf("-out %s: a network is a .safetensors: name it so", s.Out)
	}
	if err := atomicfile.Check(s.Out); err != nil {
		return fmt.Errorf("-out %s: cannot be written: %w", s.Out, err)
	}
	inputs := append(s.inputs(), s.Photographs...)
	for _, path := range []string{s.Out, s.shownAt()} {
		if err := protect("-out", path, inputs, store); err != nil {
			return err
		}
	}
	if s.Log == "" {
		return nil
	}
	return protect("-log", s.Log, inputs, store)
}

// shownAt is where the picture is that shows how far the network is.
func (s *settings) shownAt() string {
	return strings.TrimSuffix(s.Out, filepath.Ext(s.Out)) + "-painted.png"
}

// open reads everything, decides how many steps there are, and begins the run or takes up what there is of it.
func (j *networkJob) open(ctx context.Context) error {
	if len(j.Styles) != 1 {
		return fmt.Errorf("-style: a network paints like one picture: name one")
	}
	files, err := j.read(ctx)
	if err != nil {
		return err
	}
	taps := feedforward.Taps()
	j.Weights.Layers, j.Weights.Seed = slices.Concat(taps.ContentLayers, taps.StyleLayers), j.Request.Options.Seed
	loaded, err := weights.Load(ctx, j.Weights)
	if err != nil {
		return err
	}
	j.Say("weights  " + loaded.Source)
	if j.vgg, err = sl.NewExtractor(j.e.Backend, loaded.Network, taps); err != nil {
		return err
	}
	if j.options, err = j.networkOptions(); err != nil {
		return err
	}
	free, known := transfer.FreeMemory()
	if err := j.checkMemory(free); known && err != nil {
		return err
	}
	if j.Limit > 0 {
		second, err := feedforward.Pace(ctx, j.vgg, j.photos, j.style, j.options)
		if err != nil {
			return err
		}
		j.options.Steps = max(1, int(j.Limit.Seconds()*second))
	}
	if j.spec, err = runs.NewNetworkSpec(j.options, loaded.Network, files, j.unseen.Rect.Dy(), j.unseen.Rect.Dx(), j.e.Name); err != nil {
		return err
	}
	if err := j.begin(); err != nil {
		return err
	}
	from, err := j.state()
	if err != nil {
		return err
	}
	if j.training, err = feedforward.NewTraining(j.vgg, j.photos, j.style, j.options, from); err != nil {
		return err
	}
	j.painter, err = j.training.Painter()
	return err
}

// read reads the pictures, and returns their hashes. The photograph that shows how far the network is is -content, or else the first
// of the others, which is then not trained on unless it is the only one.
func (j *networkJob) read(ctx context.Context) (files map[string]string, err error) {
	files = map[string]string{}
	if j.style, files["style 1"], err = j.ReadPicture(ctx, j.Styles[0]); err != nil {
		return nil, err
	}
	all, sums, err := j.photographs(ctx)
	if err != nil {
		return nil, err
	}
	shown := all[0]
	switch {
	case j.Content != "":
		if shown, files["content"], err = j.ReadPicture(ctx, j.Content); err != nil {
			return nil, err
		}
	case len(all) > 1:
		files["content"], all, sums = sums[0], all[1:], sums[1:]
	}
	j.photos = all
	for i, sum := range sums {
		files[fmt.Sprintf("photograph %d", i+1)] = sum
	}
	if j.unseen, err = j.fitted(shown); err != nil || j.From == "" {
		return files, err
	}
	if j.first, err = loadNetwork(j.From); err == nil {
		files["first network"], err = networkSum(j.From)
	}
	if err != nil {
		return nil, fmt.Errorf("-from: %w", err)
	}
	return files, nil
}

// networkSum is the hash of the file of a network that can be loaded.
func networkSum(name string) (string, error) {
	file, ok := data.Network(name)
	if !ok {
		var err error
		if file, err = os.ReadFile(name); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", sha256.Sum256(file)), nil
}

// photographs are the pictures that -photographs names, shrunk as for painting, with the hashes of their files; without it those that
// come with the program.
func (j *networkJob) photographs(ctx context.Context) (all []image.Image, sums []string, err error) {
	add := func(picture image.Image, sum string, err error) error {
		if err != nil {
			return err
		}
		shrunk, err := j.fitted(picture)
		all, sums = append(all, shrunk), append(sums, sum)
		return err
	}
	if len(j.Photographs) == 0 {
		for name, file := range data.Photographs() {
			picture, err := imagefile.Decode(file, name)
			if err := add(picture, fmt.Sprintf("%x", sha256.Sum256(file)), err); err != nil {
				return nil, nil, err
			}
		}
		return all, sums, nil
	}
	for _, path := range j.Photographs {
		inside := []string{path}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			if inside, _, err = picturesIn(path); err != nil {
				return nil, nil, fmt.Errorf("-photographs: %w", err)
			}
		}
		for _, path := range inside {
			if err := add(j.ReadPicture(ctx, path)); err != nil {
				return nil, nil, fmt.Errorf("-photographs: %w", err)
			}
		}
	}
	return all, sums, nil
}

// networkOptions are those that are asked for.
func (j *networkJob) networkOptions() (feedforward.Options, error) {
	o := feedforward.Default()
	if j.first != nil {
		o.Architecture = j.first.Architecture
	}
	o.Seed = j.Request.Options.Seed
	o.Style *= j.Strength * j.Strength
	o.StyleSide = int(math.Round(float64(o.StyleSide) * j.Request.Options.StyleScale))
	if j.Steps > 0 {
		o.Steps = j.Steps
	}
	return o, o.Validate()
}

// checkMemory refuses a training that needs more memory than is free.
func (j *networkJob) checkMemory(free int64) error {
	needs := j.options.Bytes()
	for _, photograph := range j.photos {
		needs += 4 * int64(photograph.Bounds().Dy()*photograph.Bounds().Dx())
	}
	if needs <= free {
		return nil
	}
	return fmt.Errorf("the training needs about %s of memory with %d photographs, and %s are free: close other programs, or give fewer -photographs",
		humanize.Bytes(uint64(needs)), len(j.photos), humanize.Bytes(uint64(free)))
}

// begin makes a folder and a row for the run, or takes up the ones it has.
func (j *networkJob) begin() (err error) {
	switch {
	case j.store == nil:
	case j.resume != "":
		j.run, err = j.store.Resume(j.resume, j.spec, j.CheckpointEvery)
	default:
		if j.Limit > 0 { // so that the run is resumed with the same steps
			j.asked = j.asked.With("minutes", nil)
			if err := j.asked.Set("", "steps", fmt.Sprint(j.options.Steps)); err != nil {
				return err
			}
		}
		j.run, err = j.store.Begin(j.spec, j.asked, j.CheckpointEvery)
	}
	return err
}

// state is where the run stands; nil for a beginning with random numbers.
func (j *networkJob) state() (*feedforward.State, error) {
	switch {
	case j.run != nil && j.run.From() != nil:
		return &feedforward.State{Step: j.run.Epoch, Arrays: j.run.From().Arrays}, nil
	case j.first != nil:
		return j.first.State()
	}
	return nil, nil
}

func (j *networkJob) close() {
	if j.painter != nil {
		j.painter.Finalize()
	}
	if j.training != nil {
		j.training.Finalize()
	}
	if j.vgg != nil {
		j.vgg.Finalize()
	}
}

// do trains, and shows how far it is.
func (j *networkJob) do(ctx context.Context, c *command) error {
	done := 0
	if j.run != nil {
		done = j.run.Epoch
		c.say(j.Quiet, "run      %s%s", j.run.ID, after("step", done))
	}
	c.say(j.Quiet, "train    %d steps on %d photographs; %s shows how far it is", j.options.Steps, len(j.photos), j.shownAt())
	log, err := openLog(j.Log)
	if err != nil {
		return errors.Join(err, j.end(ctx, nil, err))
	}
	defer log.Close()
	if _, err := j.before(log); err != nil {
		return errors.Join(err, j.end(ctx, nil, err))
	}
	bar := newProgress(c.stderr, "step", done, j.options.Steps, j.Quiet)
	shown := time.Now()
	trained := j.training.Run(ctx, func(step feedforward.Step) error {
		done = step.Epoch
		c.unsaved.Store(true)
		bar.report(step.Record)
		if err := log.Write(step.Record); err != nil {
			return err
		}
		if time.Since(shown) > showEvery {
			shown = time.Now()
			if _, err := j.show(); err != nil {
				return err
			}
		}
		return j.report(step, ctx.Err() != nil)
	})
	bar.finish()
	return j.finish(ctx, c, done, trained)
}

// report notes a step, and keeps what is needed to go on.
func (j *networkJob) report(step feedforward.Step, last bool) error {
	if j.run == nil {
		return nil
	}
	return j.run.Report(transfer.Epoch{Record: step.Record, Snapshot: func() (*transfer.State, error) {
		state, err := step.Snapshot()
		if err != nil {
			return nil, err
		}
		return &transfer.State{Epoch: state.Step, Arrays: state.Arrays}, nil
	}}, last)
}

// show paints the photograph that the network has not seen.
func (j *networkJob) show() (*image.RGBA, error) {
	picture, err := j.painter.Paint(j.unseen)
	if err != nil {
		return nil, err
	}
	return picture, sl.WriteImage(j.shownAt(), picture)
}

// finish saves the network, also after an error that came later than the first step.
func (j *networkJob) finish(ctx context.Context, c *command, done int, trained error) error {
	if done == 0 {
		return errors.Join(interruptedOr(ctx, trained), j.end(ctx, nil, trained))
	}
	about := map[string]string{"style": filepath.Base(j.Styles[0]), "style sha256": j.spec.Files["style 1"], "steps": fmt.Sprint(done), "stylebook": "1"}
	if j.first != nil {
		about["from"] = filepath.Base(j.From)
	}
	network, err := j.training.Network(about)
	var picture *image.RGBA
	if err == nil {
		err = network.Save(j.Out)
	}
	if err == nil {
		picture, err = j.show()
	}
	if err != nil {
		err = errors.Join(trained, err)
		return errors.Join(err, j.end(ctx, nil, err))
	}
	if err := j.end(ctx, picture, trained); err != nil {
		return errors.Join(trained, err)
	}
	switch {
	case ctx.Err() != nil:
		interrupted := &interruptedError{epoch: done, epochs: j.options.Steps, saved: j.Out, network: true}
		if j.run != nil {
			interrupted.run = j.run.ID
		}
		return interrupted
	case trained != nil:
		return fmt.Errorf("%w; the network of the last good step is in %s", trained, j.Out)
	}
	c.say(j.Quiet, "saved    %s, and %s, which it painted", j.Out, j.shownAt())
	return nil
}

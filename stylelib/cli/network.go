package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stylebook/data"
	sl "stylebook/stylelib"
	"stylebook/stylelib/clip"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/feedforward"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/transfer"

	"github.com/dustin/go-humanize"
)

// networkSide is how long the longer side of what a network paints is at most, in pixels, where no size is asked for: its strokes have
// a size of their own, and are lost in much larger pictures.
const networkSide = 1024

// byNetwork paints a picture, several, or a film, in one pass each.
func (c *command) byNetwork(ctx context.Context, s *settings) error {
	s.Say = func(line string) { c.sayOf(s, "%s", line) }
	pictures, left, err := s.contents()
	if err != nil {
		return fmt.Errorf("-content: %w", err)
	}
	results := []string{s.Out}
	switch {
	case pictures == nil:
		pictures = []string{s.Content}
	case slices.ContainsFunc(pictures, clip.IsFilm):
		return &usageError{errors.New("-content: a film is painted by itself: give one")}
	default:
		if results, err = s.resultsOfMany(pictures); err != nil {
			return &usageError{err}
		}
		if err := os.MkdirAll(s.Out, 0o755); err != nil {
			return err
		}
	}
	if err := s.checkPainted(pictures, results); err != nil {
		return err
	}
	network, err := loadNetwork(s.Network)
	if err != nil {
		return fmt.Errorf("-network: %w", err)
	}
	e, err := engine.Open(s.Backend)
	if err != nil {
		return err
	}
	defer e.Close()
	c.say(s.Quiet, "engine   %s", e)
	painter, err := feedforward.NewPainter(e.Backend, network)
	if err != nil {
		return err
	}
	defer painter.Finalize()
	c.say(s.Quiet, "network  %s%s", filepath.Base(s.Network), network.Says())
	if clip.IsFilm(s.Content) {
		return c.paintFilm(ctx, painter, s)
	}
	for _, l := range left {
		c.say(s.Quiet, "left out %v", l.reason)
	}
	failed := 0
	for i, path := range pictures {
		if ctx.Err() != nil {
			return &interruptedError{sweep: fmt.Sprintf("%d of %d pictures are painted", i, len(pictures))}
		}
		if err := c.paintOnce(ctx, painter, s, path, results[i]); err != nil {
			if len(pictures) == 1 {
				return err
			}
			failed++
			c.tell("failed   %v", err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d pictures failed", failed, len(pictures))
	}
	return nil
}

// loadNetwork reads a network that comes with the program, by its name, or one of a file.
func loadNetwork(name string) (*feedforward.Network, error) {
	if file, ok := data.Network(name); ok {
		return feedforward.Read(bytes.NewReader(file), int64(len(file)))
	}
	network, err := feedforward.Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file; with the program come %s, and stylize train-network makes others", name, strings.Join(data.Networks(), ", "))
	}
	return network, err
}

// checkPainted refuses, before any work, results that can't be written or would destroy what is read.
func (s *settings) checkPainted(pictures, results []string) error {
	if clip.IsFilm(s.Content) {
		return clip.Check(s.Content, s.Out)
	}
	for _, out := range results {
		if err := imagefile.CheckWritable(out); err != nil {
			return err
		}
		if err := protect("-out", out, append(pictures, s.Network), nil); err != nil {
			return err
		}
	}
	return nil
}

// paintFilm paints each picture of a film.
func (c *command) paintFilm(ctx context.Context, painter *feedforward.Painter, s *settings) error {
	o := clip.Default()
	o.Size, o.Height, o.Width, o.Most = s.LongerSide, s.Height, s.Width, networkSide
	var bar *progress
	last := time.Now()
	o.Progress = func(painted, of int) {
		if bar == nil {
			bar = newProgress(c.stderr, "picture", 0, max(of, painted), s.Quiet)
		}
		bar.report(sl.Record{Epoch: painted, Seconds: time.Since(last).Seconds()})
		last = time.Now()
	}
	fits := false
	made, err := clip.Paint(ctx, s.Content, s.Out, o, func(frame *image.RGBA) (*image.RGBA, error) {
		if !fits { // all are of one size
			if err := checkMemory(painter, frame.Rect.Dy(), frame.Rect.Dx(), s.Memory); err != nil {
				return nil, err
			}
			fits = true
		}
		c.unsaved.Store(true)
		return s.inColours(painter, frame)
	})
	if bar != nil {
		bar.finish()
	}
	for _, note := range made.Notes {
		c.say(s.Quiet, "film     %s", note)
	}
	switch {
	case ctx.Err() != nil && made.Pictures > 0:
		return &interruptedError{sweep: fmt.Sprintf("the film so far, of %d pictures, is in %s", made.Pictures, s.Out)}
	case err != nil:
		return interruptedOr(ctx, err)
	}
	c.sayOf(s, "saved    %s, %d pictures", s.Out, made.Pictures)
	return nil
}

// paintOnce paints one picture.
func (c *command) paintOnce(ctx context.Context, painter *feedforward.Painter, s *settings, path, out string) error {
	picture, _, err := s.ReadPicture(ctx, path)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	height, width, err := s.networkSize(picture.Bounds())
	if err != nil {
		return err
	}
	began := time.Now()
	painted, err := s.paintWith(painter, picture, height, width)
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	if err := sl.WriteImage(out, painted); err != nil {
		return err
	}
	c.sayOf(s, "saved    %s, %d × %d (height × width), painted in %.2f s", out, height, width, seconds)
	return nil
}

// paintWith paints a picture at a size, in the colours that are asked for.
func (s *settings) paintWith(painter *feedforward.Painter, picture image.Image, height, width int) (*image.RGBA, error) {
	if err := checkMemory(painter, height, width, s.Memory); err != nil {
		return nil, err
	}
	scaled, err := sl.Resize(picture, height, width, sl.AntialiasBilinear)
	if err != nil {
		return nil, err
	}
	return s.inColours(painter, scaled)
}

// fitted is a picture at the size at which a network paints it.
func (s *settings) fitted(picture image.Image) (*image.RGBA, error) {
	height, width, err := s.networkSize(picture.Bounds())
	if err != nil {
		return nil, err
	}
	return sl.Resize(picture, height, width, sl.AntialiasBilinear)
}

// inColours paints a picture as large as it is, in the colours that are asked for.
func (s *settings) inColours(painter *feedforward.Painter, picture *image.RGBA) (*image.RGBA, error) {
	painted, err := painter.Paint(picture)
	if err == nil && s.Options.Colours == transfer.ColoursLuminance {
		return transfer.KeepColours(painted, picture)
	}
	return painted, err
}

// networkSize is the size that is asked for, else that of the picture, shrunk to [networkSide].
func (s *settings) networkSize(of image.Rectangle) (height, width int, err error) {
	r := s.Request
	if r.LongerSide == 0 && r.Height == 0 && r.Width == 0 {
		r.LongerSide = min(networkSide, max(of.Dy(), of.Dx()))
	}
	return r.Size(of.Dy(), of.Dx())
}

// checkMemory refuses a picture that needs more memory than there is, or than may be taken.
func checkMemory(painter *feedforward.Painter, height, width int, has int64) error {
	free, known := transfer.FreeMemory()
	if has == 0 {
		has = free
	}
	needs := painter.Bytes(height, width)
	if needs <= has || has == 0 && !known {
		return nil
	}
	shrunk := math.Sqrt(float64(has) / float64(needs))
	return fmt.Errorf("a picture of %d × %d (height × width) needs about %s of memory, and %s may be taken: -size %d fits", height, width,
		humanize.Bytes(uint64(needs)), humanize.Bytes(uint64(has)), int(shrunk*float64(max(height, width))))
}

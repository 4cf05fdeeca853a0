// Package clip paints films. One ffmpeg takes a film apart, a function paints its pictures one after the other, and another ffmpeg
// makes a film of them, all three at the same time and through pipes: no picture comes to the disk. The sound of the film goes along.
package clip

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"runtime"

	"stylebook/stylelib/film"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/oneline"
)

// Options say how a film is painted.
type Options struct {
	Size          int // of the longer side of the pictures, in pixels; 0: the film's own
	Height, Width int // in place of Size; one that is 0 follows from the other, in the shape of the film
	Most          int // to which the longer side is shrunk where none of these is given; 0: it is not
	CRF           int // of libx264: from 1, the best, to 51; other encoders take what is like it
	// Progress, if there is one, hears of each picture when it is painted, and about how many there will be: 0 where the film doesn't say.
	Progress func(painted, of int)
}

// Default keeps the film's size.
func Default() Options { return Options{CRF: 18} }

// Result is what came of a film.
type Result struct {
	Pictures int      // in the film that was written; 0: none was
	Notes    []string // of one line each: what of the film was left out
}

// Paint paints the pictures of the film in and writes the film out, an .mp4 or .webm, in place of a file that is there. It is shown
// upright, with square pixels, in the colours of BT.709 and at a constant rate: a film of another kind is brought to it, and what is
// HDR is mapped to it where ffmpeg can. The sides are even numbers of pixels.
//
// paint is called for one picture after the other, but not for one that is the same as that before it. What it is given is its own;
// what it returns must not change later, and has the same size each time.
//
// Where ctx ends, paint fails or the film is cut off, the error says so, as one line that wraps that of ctx or paint, and the film is
// written as far as it is painted, with as much of its sound. Without any picture, and where the encoder fails, nothing is written.
// Errors of [Check] hold here too; others are of a size or quality out of range, and of a film that is none, or too large, fast or long.
func Paint(ctx context.Context, in, out string, o Options, paint func(frame *image.RGBA) (*image.RGBA, error)) (r Result, err error) {
	encoder, err := check(in, out)
	if err != nil {
		return r, err
	}
	runtime.LockOSThread() // with the thread that started them its processes end where the system lets them
	defer runtime.UnlockOSThread()
	p := painting{Options: o, encoder: encoder, muxer: film.Kind(out)[1:], paint: paint}
	if p.source, err = probe(ctx, in); err == nil {
		p.height, p.width, err = o.size(p.source)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", oneline.Quote(in), err)
	}
	var cut error
	err = atomicfile.Beside(out, func(silent *os.File) error {
		if r.Pictures, cut = p.run(ctx, silent.Name()); r.Pictures == 0 {
			return cut
		}
		return atomicfile.Replace(out, func(whole *os.File) (err error) {
			r.Notes, err = p.addSound(silent.Name(), whole.Name(), r.Pictures, cut != nil)
			return err
		})
	})
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", oneline.Quote(out), err)
	}
	if cut != nil {
		return r, fmt.Errorf("%s: has the first %d pictures: %w", oneline.Quote(out), r.Pictures, cut)
	}
	return r, nil
}

// size is that of the painted pictures.
func (o Options) size(f *source) (height, width int, err error) {
	h, w := float64(o.Height), float64(o.Width)
	switch {
	case min(o.Size, o.Height, o.Width, o.Most) < 0:
		return 0, 0, errors.New("a size is negative: give pixels, or 0 for the film's own")
	case o.CRF < 1 || o.CRF > 51:
		return 0, 0, fmt.Errorf("the quality %d is none: give 1 (best) to 51", o.CRF)
	case o.Height > 0 && o.Width > 0:
	case o.Height > 0:
		w = h * f.wide / f.high
	case o.Width > 0:
		h = w * f.high / f.wide
	default:
		scale := 1.0
		if longer := max(f.high, f.wide); o.Size > 0 {
			scale = float64(o.Size) / longer
		} else if o.Most > 0 {
			scale = min(1, float64(o.Most)/longer)
		}
		h, w = scale*f.high, scale*f.wide
	}
	even := func(side float64) int { return max(2, int(math.Round(min(side, math.MaxInt32)))&^1) }
	height, width = even(h), even(w)
	if imagefile.Exceeds(height, width, imagefile.MaxMade) {
		return 0, 0, fmt.Errorf("pictures of %d × %d (height × width) have more than %d megapixels: choose a smaller size",
			height, width, imagefile.MaxMade/1_000_000)
	}
	return height, width, nil
}

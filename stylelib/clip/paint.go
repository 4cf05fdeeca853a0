package clip

import (
	"context"
	"errors"
	"fmt"
	"image"
)

// painting is a film while it is painted.
type painting struct {
	*source
	Options
	height, width  int // of what is painted
	encoder, muxer string
	paint          func(*image.RGBA) (*image.RGBA, error)

	made *encoding   // from the first painted picture on
	last *image.RGBA // that was painted,
	of   uint64      // of a frame with this sum
}

// run paints pictures into the file silent. It returns how many are in it, and what ended it before the film's end.
func (p *painting) run(ctx context.Context, silent string) (n int, err error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	frames, ended, err := p.decode(running, p.height, p.width)
	if err != nil {
		return 0, err
	}
	for next := range frames {
		if running.Err() != nil {
			break
		}
		if err = p.add(next, silent, stop); err != nil {
			err = fmt.Errorf("picture %d: %w", n+1, err)
			break
		}
		n++
		if p.Progress != nil {
			p.Progress(n, p.pictures)
		}
	}
	stop()
	decoded := <-ended
	if p.made != nil {
		if err := p.made.end(); err != nil {
			return 0, err
		}
	}
	switch {
	case err != nil:
		return n, err
	case ctx.Err() != nil:
		return n, ctx.Err()
	case n == 0 && decoded == nil:
		return 0, errors.New("the film has no pictures")
	}
	return n, decoded
}

// add paints a frame.
func (p *painting) add(next frame, silent string, stop func()) (err error) {
	if p.last == nil || next.sum != p.of {
		if p.last, err = p.paint(next.picture); err != nil {
			return err
		}
		p.of = next.sum
	}
	size := p.last.Rect.Size()
	if p.made == nil {
		if p.made, err = p.encode(size, silent, stop); err != nil {
			return err
		}
	}
	if size != p.made.size {
		return fmt.Errorf("its %v pixels when painted are not the %v of those before it", size, p.made.size)
	}
	p.made.pictures <- p.last
	return nil
}

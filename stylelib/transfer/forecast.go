package transfer

import (
	"context"
	"image"
	"image/color"

	"github.com/gomlx/compute"
)

// Forecast is what a request comes to.
type Forecast struct {
	Estimate
	Height, Width, Epochs int
}

// Blank is a picture of which only the size is known, for [Foresee].
type Blank image.Rectangle

func (b Blank) ColorModel() color.Model { return color.GrayModel }
func (b Blank) Bounds() image.Rectangle { return image.Rectangle(b) }
func (b Blank) At(int, int) color.Color { return color.Gray{} }

// Foresee tells what a request for pictures in memory will take, of which it looks at the sizes only. It downloads nothing: for weights that are not here
// those count that are. With a cache what was measured before is not measured again.
func Foresee(ctx context.Context, engine compute.Backend, r Request) (Forecast, error) {
	r.Weights.Sources, r.Say = nil, nil
	t := &Transfer{Options: r.Options, Pictures: r.Pictures}
	bounds := t.Pictures.Content.Bounds()
	var err error
	if t.Height, t.Width, err = r.Size(bounds.Dy(), bounds.Dx()); err != nil {
		return Forecast{}, err
	}
	defer func() { t.Close() }()
	if _, err = t.load(ctx, r); err == nil {
		err = t.place(engine)
	}
	if err == nil && r.Limit > 0 {
		err = t.fit(r)
	}
	if err != nil {
		return Forecast{}, err
	}
	estimate, err := t.Estimate()
	return Forecast{estimate, t.Height, t.Width, t.Options.Epochs}, err
}

package runs

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"
)

// variations are what [Summary.Vary] makes of a run.
var variations = map[string]func(r request.Request, of Summary, s *request.Settings) error{
	"more":   func(r request.Request, _ Summary, s *request.Settings) error { return strengthen(r, s, 1.5) },
	"less":   func(r request.Request, _ Summary, s *request.Settings) error { return strengthen(r, s, 1/1.5) },
	"larger": larger,
	"seed":   reseed,
}

// strengthen makes the style's share so many times as large.
func strengthen(r request.Request, s *request.Settings, times float64) error {
	if r.Given("style-weight") { // which goes with the square
		return r.Set("", "style-weight", fmt.Sprintf("%.3g", s.Options.StyleWeight*times*times))
	}
	return r.Set("", "strength", fmt.Sprintf("%.3g", min(max(s.Strength, 0.1)*times, transfer.MaxStrength)))
}

// larger paints at twice the size: coarse to fine from the picture, where the run does not go coarse to fine from the photograph.
func larger(r request.Request, of Summary, s *request.Settings) error {
	for _, name := range []string{"height", "width", "minutes"} {
		delete(r, name)
	}
	change := map[string]string{"size": fmt.Sprint(2 * max(of.Spec.Height, of.Spec.Width))}
	if s.Options.Coarsest == 0 {
		change["init"], change["scales"] = of.Picture(), fmt.Sprint(max(2, s.Options.Scales))
	}
	for name, value := range change {
		if err := r.Set("", name, value); err != nil {
			return err
		}
	}
	return nil
}

// reseed takes other random numbers, where there are any: a training that starts from the photograph is the same with each seed.
func reseed(r request.Request, _ Summary, s *request.Settings) error {
	if !s.Options.Seeded() {
		return errors.New("nothing in this run is random, so another seed makes the same picture")
	}
	return r.Set("", "seed", fmt.Sprint(1+rand.Int64N(math.MaxInt32)))
}

// Vary returns what to ask for to paint the run again, but differently: with "more" or "less" style, "larger", or with another "seed". Where
// results go is left out. The error says if there is nothing like that.
func (r Summary) Vary(how string) (request.Request, error) {
	vary := variations[how]
	if vary == nil {
		return nil, fmt.Errorf("there is no variation %q", how)
	}
	asked := request.Request{}
	for _, o := range request.Table() {
		if r.Request.Given(o.Name) && o.OfRun() {
			asked[o.Name] = r.Request[o.Name]
		}
	}
	s, err := asked.Settings()
	if err == nil {
		err = vary(asked, r, s)
	}
	return asked, err
}

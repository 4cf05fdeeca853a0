package transfer

import "github.com/gomlx/gomlx/core/tensors"

// renewed is a part with something that serves for several epochs. A state keeps the image for which it was found, so that a training
// that goes on finds the same.
type renewed interface {
	part
	array() string             // what that image is called in a state
	foundFor() *tensors.Tensor // that image
	latestDue(epoch int) int   // the latest epoch, up to this one, in which it was found
	find(image *tensors.Tensor, epoch int) error
	finalize()
}

// renewed are the parts that have such a thing.
func (o *objective) renewed() (all []renewed) {
	for _, p := range o.parts {
		if s, ok := p.(*scenePart); ok && s.renew == nil {
			continue
		}
		if r, ok := p.(renewed); ok {
			all = append(all, r)
		}
	}
	return all
}

// restore finds what a state was saved with.
func (o *objective) restore(s *State) error {
	for _, p := range o.renewed() {
		image := raster{o.pictures.size, s.Arrays[p.array()]}.tensor()
		if err := p.find(image, p.latestDue(s.Epoch)); err != nil {
			return err
		}
	}
	return nil
}

func (o *objective) finalize() {
	for _, p := range o.renewed() {
		p.finalize()
	}
}

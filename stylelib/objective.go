package stylelib

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Objective is what [Minimize] lowers.
type Objective struct {
	// Loss is a graph: what is lowered, a scalar, and the parts of it that records tell. image has shape [1, h, w, 3].
	Loss func(vgg *VGG, image *Node, inputs []*Node) (total *Node, parts []Part)

	// Inputs returns what Loss gets in an epoch, counted from 1, besides the image: targets, and what changes with the
	// epoch. The number of tensors and their shapes stay the same.
	Inputs func(image *tensors.Tensor, epoch int) ([]*tensors.Tensor, error)
}

// Constant returns the same inputs for every epoch.
func Constant(inputs []*tensors.Tensor) func(*tensors.Tensor, int) ([]*tensors.Tensor, error) {
	return func(*tensors.Tensor, int) ([]*tensors.Tensor, error) { return inputs, nil }
}

// Part is a named part of a loss, a scalar.
type Part struct {
	Name  string
	Value *Node
}

// Record tells of one finished epoch. The losses are those of the epoch's forward pass, before its update.
type Record struct {
	Epoch   int        // from 1
	Losses  []TermLoss // the parts of the total, weighted; the style losses not yet times StyleRepeat
	Total   float64    // what is minimized
	LR      float64    // learning rate of the update
	Seconds float64    // wall time of the epoch

	// Image is the synthesized image after the update, normalized. It is valid during the callback only.
	Image *tensors.Tensor
}

// TermLoss is the value of one term of the loss.
type TermLoss struct {
	Name  string
	Value float64
}

// Loss returns the loss of a name, such as content, style or tv; 0 where there is none.
func (r Record) Loss(name string) float64 {
	for _, l := range r.Losses {
		if l.Name == name {
			return l.Value
		}
	}
	return 0
}

// MarshalJSON writes the record as one flat object: epoch, the losses by their names, total, lr, seconds.
func (r Record) MarshalJSON() ([]byte, error) {
	text := fmt.Appendf(nil, `{"epoch":%d`, r.Epoch)
	for _, l := range slices.Concat(r.Losses, []TermLoss{{"total", r.Total}, {"lr", r.LR}, {"seconds", r.Seconds}}) {
		value, err := json.Marshal(l.Value)
		if err != nil {
			return nil, err
		}
		text = fmt.Appendf(text, ",%q:%s", l.Name, value)
	}
	return append(text, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes; the losses are then in the order of their names.
func (r *Record) UnmarshalJSON(text []byte) error {
	values := map[string]float64{}
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	*r = Record{Epoch: int(values["epoch"]), Total: values["total"], LR: values["lr"], Seconds: values["seconds"]}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains([]string{"epoch", "total", "lr", "seconds"}, name) {
			r.Losses = append(r.Losses, TermLoss{name, values[name]})
		}
	}
	return nil
}

// DivergedError reports a loss that is no longer a number. The image returned with it is the last good one.
type DivergedError struct {
	Epoch int
}

func (e *DivergedError) Error() string {
	if e.Epoch == 1 { // nothing has been learned yet
		return "the loss is not a number from the start: lower the weights, or look at your own terms"
	}
	return fmt.Sprintf("training diverged: the loss of epoch %d is not a number; lower the learning rate or the weights", e.Epoch)
}

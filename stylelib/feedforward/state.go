package feedforward

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// State is where a training stands: what is needed to go on and end with the same bits.
type State struct {
	Step   int                  // steps done
	Arrays map[string][]float32 // by the paths of GoMLX's variables: the weights, and what its trainer keeps
}

// snapshot copies where the training stands.
func (t *Training) snapshot() (*State, error) {
	s := &State{Step: int(optimizer.GetGlobalStep(t.store)), Arrays: map[string][]float32{}}
	err := t.each(func(v *model.Variable, value *tensors.Tensor) (err error) {
		s.Arrays[v.Path()], err = tensors.CopyFlatData[float32](value)
		return err
	})
	return s, err
}

// State is where a training begins that goes on from the network, for another painting perhaps.
func (n *Network) State() (*State, error) {
	s := &State{Arrays: map[string][]float32{}}
	for name, value := range n.Parameters {
		values, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, err
		}
		s.Arrays["/"+name] = values
	}
	return s, nil
}

// each calls use with each float32 variable that may change.
func (t *Training) each(use func(v *model.Variable, value *tensors.Tensor) error) error {
	for v := range t.store.IterVariables() {
		if strings.HasPrefix(v.Path(), frozen) || v.DType() != dtypes.Float32 {
			continue
		}
		value, err := v.Value()
		if err == nil {
			err = use(v, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// restored gives GoMLX's store the values of a state, each when it is first asked for.
type restored struct {
	*State
	shapes map[string][]int // of the parameters
}

func (r *restored) LoadVariable(_ *model.Store, path string) (*tensors.Tensor, bool) {
	if path == "/"+optimizer.GlobalStepVariableName {
		return tensors.FromScalar(int64(r.Step)), true
	}
	values, ok := r.Arrays[path]
	if !ok {
		return nil, false
	}
	var shape []int // of a scalar
	for name, of := range r.shapes {
		if strings.Contains(path, "/"+name) { // a parameter, or what the optimizer keeps of it
			shape = of
		}
	}
	return tensors.FromFlatDataAndDimensions(slices.Clone(values), shape...), true
}

// DeleteVariable is called for what the trainer sets anew.
func (r *restored) DeleteVariable(*model.Store, string) error { return nil }

// Check reports what is wrong with a state that a training with these options can't have.
func (s *State) Check(o Options) error {
	for name, shape := range o.Shapes() {
		size := shapes.Make(dtypes.Float32, shape...).Size()
		if len(s.Arrays["/"+name]) != size {
			return fmt.Errorf("%s has %d values where there should be %d", name, len(s.Arrays["/"+name]), size)
		}
	}
	if s.Step < 1 || s.Step > o.Steps {
		return fmt.Errorf("step %d of %d can't be", s.Step, o.Steps)
	}
	return nil
}

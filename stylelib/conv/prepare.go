package conv

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// GradientFilters returns the filter of each one's gradient, [Filter.Backward], on an engine, for graphs that run often. It makes
// them one after the other to need little memory.
func GradientFilters(engine compute.Backend, filters []*tensors.Tensor) (backward []*tensors.Tensor, err error) {
	exec, err := NewExec(engine, func(filter *Node) *Node { return NewFilter(filter).Backward })
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	for _, filter := range filters {
		out, err := exec.Call1(filter)
		if err != nil {
			return nil, err
		}
		backward = append(backward, out)
	}
	return backward, nil
}

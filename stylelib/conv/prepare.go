package conv

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// PrepareAll returns the forms of each filter, for [FromForms], on an engine. It makes them one after the other to need little
// memory.
func PrepareAll(engine compute.Backend, filters []*tensors.Tensor) (forms [][]*tensors.Tensor, err error) {
	exec, err := NewExec(engine, func(filter *Node) []*Node {
		forms := Prepare(filter).Forms()
		forms[0] = Identity(forms[0]) // an input of a graph can't be its output
		return forms
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	for _, filter := range filters {
		out, err := exec.Call(filter)
		if err != nil {
			return nil, err
		}
		forms = append(forms, out)
	}
	return forms, nil
}

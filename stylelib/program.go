package stylelib

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Program is a graph, mostly one that uses a network. The first run with inputs of new shapes compiles it, unless the extractor's
// [Programs] have it. It is for one goroutine.
type Program struct {
	programs   *Programs
	build      func(in []*Node) []*Node
	parameters []*tensors.Tensor
	graphs     map[string]*compiled // by the shapes of inputs
}

// donated is an input whose memory the program may take; the tensor can't be used afterwards.
type donated struct{ *tensors.Tensor }

// Run executes the program; inputs are tensors or numbers, as GoMLX takes them.
func (p *Program) Run(inputs ...any) ([]*tensors.Tensor, error) {
	outputs, _, err := p.run(inputs)
	return outputs, err
}

// run is Run that tells the names of losses too, where the graph has them.
func (p *Program) run(inputs []any) (outputs []*tensors.Tensor, losses []string, err error) {
	all := append(AsInputs(p.parameters), inputs...)
	if len(all) == 0 {
		return nil, nil, nil // options without layers ask for nothing
	}
	c, err := p.compile(all)
	if err != nil {
		return nil, nil, err
	}
	for i, in := range all {
		if d, ok := in.(donated); ok {
			if all[i], err = DonateTensorBuffer(d.Tensor, p.programs.backend, 0); err != nil {
				return nil, nil, err
			}
		}
	}
	outputs, err = c.run(all)
	if err != nil {
		return nil, nil, err
	}
	return outputs[:len(outputs)-1], c.losses, nil
}

// once is Run, or a result that is kept.
func (p *Program) once(inputs []any) ([]*tensors.Tensor, error) {
	if p.programs.bytes == 0 || len(p.parameters)+len(inputs) == 0 {
		return p.Run(inputs...)
	}
	c, err := p.compile(append(AsInputs(p.parameters), inputs...))
	if err != nil {
		return nil, err
	}
	if c.key == "" {
		return p.Run(inputs...)
	}
	key, err := hashOf(inputs)
	if err != nil {
		return nil, err
	}
	key += c.key
	if outputs, ok := p.programs.recall(key, p.parameters); ok {
		return outputs, nil
	}
	outputs, err := p.Run(inputs...)
	if err == nil {
		p.programs.remember(result{key, p.parameters, outputs})
	}
	return outputs, err
}

// compile returns the graph for inputs of these shapes, numbers among which it makes tensors.
func (p *Program) compile(inputs []any) (c *compiled, err error) {
	of := make([]shapes.Shape, len(inputs))
	for i, in := range inputs {
		switch in := in.(type) {
		case *tensors.Tensor:
			of[i] = in.Shape()
		case donated:
			of[i] = in.Shape()
		default:
			t, err := tensors.FromAnyValue(in)
			if err != nil {
				return nil, err
			}
			of[i], inputs[i] = t.Shape(), donated{t}
		}
	}
	key := fmt.Sprint(of)
	if p.graphs[key] == nil {
		if c, err = p.programs.get(p.build, of); err != nil {
			return nil, err
		}
		p.graphs[key] = c
	}
	return p.graphs[key], nil
}

// Finalize gives the compiled graphs back.
func (p *Program) Finalize() {
	for key, c := range p.graphs {
		p.programs.giveBack(c)
		delete(p.graphs, key)
	}
}

// AsInputs returns tensors in the form that [Program.Run] takes.
func AsInputs(ts []*tensors.Tensor) []any {
	inputs := make([]any, len(ts))
	for i, t := range ts {
		inputs[i] = t
	}
	return inputs
}

// Package session opens in one call what a cell of a notebook trains with: the fastest engine, pictures, weights and network,
// and a context that ends with the cell.
package session

import (
	"context"
	"image"
	"sync"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/nbui"
	"stylebook/stylelib/transfer"

	"github.com/gomlx/gomlx/core/tensors"
)

// cell is the context of the program, which in a notebook is a cell.
var cell = sync.OnceValue(func() context.Context {
	ctx, _ := nbui.Interruptible() // it ends with the program
	return ctx
})

// Studio is a training that is ready to begin, on an engine of its own. Close it when done.
type Studio struct {
	*transfer.Transfer
	Engine  *engine.Engine
	Context context.Context // ends when the notebook's user interrupts the cell

	status  *nbui.Status
	targets []*tensors.Tensor // content features, then Gram matrices; nil until they are asked for
	losses  *sl.Program       // each layer's loss of a picture; nil until it is asked for
	wishes  *sl.Program       // what each loss wants of a picture; nil until it is asked for
}

// Open gets everything ready on the fastest engine; see [engine.Open] and [transfer.Open].
func Open(r transfer.Request) (*Studio, error) {
	status := nbui.NewStatus("opening the engine, the pictures and the network")
	defer status.Say("")
	fastest, err := engine.Open("")
	if err != nil {
		return nil, err
	}
	t, err := transfer.Open(cell(), fastest.Backend, r)
	if err != nil {
		fastest.Close()
		return nil, nbui.Began(err)
	}
	return &Studio{Transfer: t, Engine: fastest, Context: cell(), status: status}, nil
}

// Close frees what Open took.
func (s *Studio) Close() {
	for _, program := range []*sl.Program{s.losses, s.wishes} {
		if program != nil {
			program.Finalize()
		}
	}
	s.Transfer.Close()
	s.Engine.Close()
}

// kept drops the error of a training that was interrupted after some epoch: what it has is good.
func (s *Studio) kept(x *tensors.Tensor, err error, epochs int) (*tensors.Tensor, error) {
	if s.Context.Err() != nil && x != nil && epochs > 0 {
		return x, nil
	}
	return x, nbui.Began(err)
}

// Paint makes the picture that is asked for: Open, train, Close. An interrupted training returns what it has.
func Paint(r transfer.Request) (*image.RGBA, error) {
	s, err := Open(r)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	return s.Paint()
}

// Paint makes the picture that was asked for. An interrupted training returns what it has; one that was finished before, in this
// cell or an earlier one, is not repeated: see [TrainingsEnv].
func (s *Studio) Paint() (*image.RGBA, error) {
	x, _, err := s.keeping(s.trainingFile("paint", nil), func() (x *tensors.Tensor, last sl.Record, err error) {
		s.status.Train(s.Options.Epochs)
		defer s.status.Say("")
		x, err = s.Train(s.Context, nil, func(e transfer.Epoch) error {
			s.status.Report(e.Record)
			last = e.Record
			return nil
		})
		x, err = s.kept(x, err, last.Epoch)
		return x, last, err
	})
	if err != nil {
		return nil, err
	}
	return sl.Postprocess(x)
}

// Knobs lets the weights of a request be turned on the notebook's page; see [nbui.Knobs].
func Knobs(r transfer.Request, out string) error {
	fastest, err := engine.Open("")
	if err != nil {
		return err
	}
	defer fastest.Close()
	return nbui.Knobs(cell(), fastest.Backend, r, out)
}

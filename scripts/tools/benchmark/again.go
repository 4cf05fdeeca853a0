package main

import (
	"context"
	"errors"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"
)

// begun is what a process takes from a request to the first loss.
type begun struct {
	Name string  `json:"name"`
	CPU  float64 `json:"cpu"` // seconds of all processors
}

// others are requests that differ from one in a single thing.
var others = []struct {
	name   string
	differ func(ask *transfer.Request, r request)
}{
	{"the same", func(*transfer.Request, request) {}},
	{"another weight", func(ask *transfer.Request, _ request) { ask.Options.ContentWeight *= 2 }},
	{"another strength", func(ask *transfer.Request, _ request) { ask.Options.StyleWeight *= 4 }}, // -strength 2
	{"another seed", func(ask *transfer.Request, _ request) { ask.Options.Seed++ }},
	{"another learning rate", func(ask *transfer.Request, _ request) { ask.Options.LearningRate /= 2 }},
	{"another photograph of this size", func(ask *transfer.Request, r request) { ask.Content = r.again }},
}

// again trains as the command does by default, and then, in the same process, begins trainings that differ in one thing.
func again(e *engine.Engine, r request) error {
	ask, err := asked(r)
	if err != nil {
		return err
	}
	ask.Cache = transfer.NewCache(e.Backend)
	defer ask.Cache.Close()
	const firstEpochs = 10
	cpu, err := begin(e, ask, firstEpochs)
	if err != nil {
		return err
	}
	all := []begun{{"the first", cpu}}
	for _, other := range others {
		ask := ask
		other.differ(&ask, r)
		if cpu, err = begin(e, ask, 1); err != nil {
			return err
		}
		all = append(all, begun{other.name, cpu})
	}
	write(answer{Engine: e.Name, Again: all})
	return nil
}

// asked is the request that all others are made of.
func asked(r request) (transfer.Request, error) {
	ask := transfer.NewRequest(r.content, r.style)
	ask.Height, ask.Width, ask.Weights.Spec = r.height, r.width, r.weights
	var err error
	ask.Options, err = transfer.Choose(transfer.Choice{Preset: transfer.DefaultPreset})
	return ask, err
}

// begin trains for some epochs and returns what it took to the first loss.
func begin(e *engine.Engine, ask transfer.Request, epochs int) (cpu float64, err error) {
	start, _ := used()
	t, err := transfer.Open(context.Background(), e.Backend, ask)
	if err != nil {
		return 0, err
	}
	defer t.Close()
	_, err = t.Train(context.Background(), nil, func(p transfer.Epoch) error {
		if p.Epoch == 1 {
			now, _ := used()
			cpu = now - start
		}
		if p.Epoch < epochs {
			return nil
		}
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return cpu, err
}

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"
)

// train runs one whole training and tells the loss it reaches: for the exact loop the mean of the last ten epochs, which
// jump, for a fast one the loss of its picture.
func train(e *engine.Engine, r request) error {
	ask := transfer.NewRequest(r.content, r.style)
	ask.Height, ask.Width, ask.Weights.Spec = r.height, r.width, r.weights
	last := 1
	switch r.method {
	case "exact":
		last = 10
	case "fast":
		ask.Options.Use(transfer.Fast)
	default:
		return fmt.Errorf("there is no method %q: choose exact or fast", r.method)
	}
	start := time.Now()
	t, err := transfer.Open(context.Background(), e.Backend, ask)
	if err != nil {
		return err
	}
	defer t.Close()
	a := answer{Engine: e.Name, Setup: time.Since(start).Seconds()}
	var totals, seconds []float64
	_, err = t.Train(context.Background(), nil, func(p transfer.Epoch) error {
		totals, seconds = append(totals, p.Total), append(seconds, p.Seconds)
		return nil
	})
	if err != nil {
		return err
	}
	a.Total = mean(totals[len(totals)-last:])
	a.Epochs, a.Compile = len(totals), max(0, seconds[0]-slices.Min(seconds))
	write(a)
	return nil
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

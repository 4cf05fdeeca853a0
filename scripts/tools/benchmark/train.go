package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/studio"
)

// train runs one whole training and tells the loss it reaches: for the exact loop the mean of the last ten epochs, which
// jump, for a fast one the loss of its picture.
func train(e *engine.Engine, r request) error {
	ask := studio.Default()
	ask.Content, ask.Style, ask.Height, ask.Width = r.content, r.style, r.height, r.width
	ask.Weights.Spec = r.weights
	start := time.Now()
	s, err := studio.Open(context.Background(), e.Backend, ask)
	if err != nil {
		return err
	}
	defer s.Close()
	a := answer{Engine: e.Name, Setup: time.Since(start).Seconds()}
	var totals, seconds []float64
	report := func(record sl.Record) error {
		totals, seconds = append(totals, record.Total), append(seconds, record.Seconds)
		return nil
	}
	last := 1
	switch r.method {
	case "exact":
		last = 10
		_, err = sl.Train(context.Background(), s.Extractor, s.Content, s.Style, s.Options, report)
	case "fast":
		_, err = sl.TrainFast(context.Background(), s.Extractor, s.Content, s.Style, s.Options, sl.DefaultFast(), report)
	default:
		return fmt.Errorf("there is no method %q: choose exact or fast", r.method)
	}
	if err != nil {
		return err
	}
	a.Total = mean(totals[len(totals)-last:])
	a.Epochs, a.PeakBytes, a.Compile = len(totals), peakBytes(), max(0, seconds[0]-slices.Min(seconds))
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

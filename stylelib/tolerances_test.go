package stylelib_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/kernels"
)

// quantity is a kind of value that tests compare.
type quantity string

const (
	pixelLevels      quantity = "resized pixels, in grey levels"
	decodedLevels    quantity = "pixels of a JPEG without antialias, in grey levels"
	normalizedPixels quantity = "normalized pixels of the same picture, absolute"
	features         quantity = "features, relative L2"
	gramMatrices     quantity = "Gram matrices, relative L2"
	firstLosses      quantity = "losses of epoch 1, relative"
	noContent        quantity = "content loss of epoch 1, absolute"
	firstGradient    quantity = "gradient of epoch 1, relative L2"
	adamSteps        quantity = "Adam's steps, relative to the largest value"
	naiveLoops       quantity = "naive float64 loops, relative"
	finiteDifference quantity = "finite differences, relative L2"

	quietNarrow quantity = "trace without TV, epochs 2 to 5, narrow network"
	quietWide   quantity = "trace without TV, epochs 2 to 5, caffe network"
	second      quantity = "trace, epoch 2"
	earlyTotal  quantity = "trace, epochs 3 to 5, total and TV"
	early       quantity = "trace, epochs 3 to 5, content and style"
	lateTotal   quantity = "trace, epochs 6 to 30, total and TV"
	late        quantity = "trace, epochs 6 to 30, content and style"
)

// column is how a value was computed.
type column int

const (
	xla32         column = iota // float32, XLA's CPU engine
	go32                        // float32, the pure-Go engine with plain convolutions
	transformed32               // float32, any engine that transforms its convolutions (Winograd): five times plain
	double                      // float64, any engine
)

// tolerances is the one table of what the golden tests and the tests of losses and gradients allow. A zero stands
// where a quantity is never compared in that way.
//
// Features, losses and gradients: where a maximum or a ReLU rounds the other way, a gradient goes elsewhere, so only
// it may be off by much. Traces: runs diverge, because the gradient of the total variation is a sign and that of
// maximum pooling a choice; the widths were measured with weights moved by 1e-7.
var tolerances = map[quantity][4]float64{
	//                xla32  go32  transformed32  double
	pixelLevels:      {1, 1, 1, 1},
	decodedLevels:    {4, 4, 4, 4}, // what a JPEG decoder may be off at full size: nothing averages it away
	normalizedPixels: {1e-6, 1e-6, 1e-6, 1e-6},
	features:         {1e-5, 1e-5, 5e-5, 0},
	gramMatrices:     {1e-5, 1e-5, 5e-5, 0},
	firstLosses:      {1e-5, 1e-5, 5e-5, 0},
	noContent:        {1e-9, 1e-9, 1e-9, 0},
	firstGradient:    {1e-2, 1e-2, 5e-2, 0},
	adamSteps:        {1e-6, 1e-6, 1e-6, 1e-14},
	naiveLoops:       {1e-5, 1e-5, 1e-5, 1e-13},
	finiteDifference: {0, 0, 0, 1e-6},

	quietNarrow: {1e-5, 1e-5, 5e-5, 0},
	quietWide:   {1e-3, 1e-3, 5e-3, 0},
	second:      {5e-3, 5e-3, 25e-3, 0},
	earlyTotal:  {1e-2, 1e-2, 5e-2, 0},
	early:       {5e-2, 5e-2, 25e-2, 0},
	lateTotal:   {5e-2, 5e-2, 25e-2, 0},
	late:        {1e-1, 1e-1, 5e-1, 0},
}

// columnOf tells in which way an engine computes with float32, where a network's last maps have so many channels.
func columnOf(e *engine.Engine, channels int) column {
	switch {
	case kernels.FitChannels(e.Backend, channels, channels):
		return transformed32
	case e.Name == "go":
		return go32
	}
	return xla32
}

// traceQuantity is the row of the table for one loss of one epoch, from 1.
func traceQuantity(c goldenCase, loss string, epoch int) quantity {
	total := loss == "total" || loss == "tv"
	switch {
	case epoch == 1:
		return firstLosses
	case epoch <= 5 && c.Case.TVWeight == 0:
		if strings.Contains(c.Case.Net, "caffe") {
			return quietWide
		}
		return quietNarrow
	case epoch == 2:
		return second
	case epoch <= 5 && total:
		return earlyTotal
	case epoch <= 5:
		return early
	case total:
		return lateTotal
	}
	return late
}

// worst compares by the table and keeps the largest error seen of each kind.
type worst struct {
	column column
	seen   map[string]float64
}

func newWorst(column column) worst { return worst{column, map[string]float64{}} }

// check fails the test if err is beyond the tolerance of its row. detail tells apart what is logged, not what is allowed.
func (w worst) check(t *testing.T, row quantity, detail string, err float64) {
	t.Helper()
	tolerance := tolerances[row][w.column]
	if tolerance == 0 {
		t.Fatalf("no tolerance for %s", row)
	}
	name := string(row)
	if detail != "" {
		name += ": " + detail
	}
	w.seen[name] = max(w.seen[name], err)
	if !(err <= tolerance) {
		t.Errorf("%s: off by %.2e, want at most %.0e", name, err, tolerance)
	}
}

func (w worst) log(t *testing.T) {
	t.Helper()
	t.Logf("computed in %s", [...]string{"float32, plain", "float32, plain", "float32, transformed convolutions", "float64"}[w.column])
	for _, name := range slices.Sorted(maps.Keys(w.seen)) {
		t.Logf("largest error: %-75s %.1e", name, w.seen[name])
	}
}

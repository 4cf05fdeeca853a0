package conv

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// winogradChannels is from how many channels on, in and out, Winograd's method pays. Measured on whole training steps on
// two cores: at 300 × 450 with VGG-19's widths the step takes half the time, whatever the bound between 64 and 128, and
// with a quarter of the widths a tenth less; from 16 channels on, the transforms cost what the products save.
const winogradChannels = 64

// winogradPays says whether a filter [3, 3, in, out] should be transformed: the rule looks at the engine and the
// channels only, so that a filter serves maps of any size. (Where a map is so small that tiles hang over its border, the
// whole layer costs next to nothing.)
func winogradPays(filter *Node) bool {
	f := filter.Shape()
	return isXLACPU(filter) && f.Dim(2) >= winogradChannels && f.Dim(3) >= winogradChannels
}

// sharedFormSize is from how many values on a transformed filter serves for the gradient too: those of 256 × 512 channels
// and more are most of the memory that filters take, and their maps are small.
const sharedFormSize = places * 256 * 512

func sharesForm(filter *Node) bool {
	return places*filter.Shape().Dim(2)*filter.Shape().Dim(3) >= sharedFormSize
}

// isXLA tells whether a node is computed by XLA, on whatever device.
func isXLA(x *Node) bool { return x.Graph().Backend().Name() == "xla" }

// isXLACPU tells whether a node is computed by XLA on a CPU.
func isXLACPU(x *Node) bool {
	backend, ok := x.Graph().Backend().(interface{ IsCPU() bool })
	return ok && isXLA(x) && backend.IsCPU()
}

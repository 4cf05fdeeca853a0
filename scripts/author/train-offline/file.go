package main

import (
	"fmt"

	sl "stylebook/stylelib"
	"stylebook/stylelib/weights"
)

// maxFile is the most bytes that the numbers may take: the file goes into every program that uses the library.
const maxFile = 3_990_000

// write writes the network in half precision.
func write(path string, net *sl.Network, metadata map[string]string) error {
	size := 0
	for _, conv := range net.Convs {
		size += 2 * (conv.Filter.Shape().Size() + conv.Bias.Shape().Size())
	}
	if size > maxFile {
		return fmt.Errorf("the file would have %d bytes, more than %d: choose narrower layers", size, maxFile)
	}
	return weights.WriteHalf(path, net, metadata)
}

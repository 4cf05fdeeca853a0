package testkit

import "github.com/gomlx/gomlx/core/tensors"

// Numbers are a tensor of a golden file of JSON.
type Numbers struct {
	Shape  []int     `json:"shape"`
	Values []float64 `json:"values"`
}

// Tensor is the tensor in float32.
func (n Numbers) Tensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(Float32s(n.Values), n.Shape...)
}

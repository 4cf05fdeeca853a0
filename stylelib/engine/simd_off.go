//go:build !goexperiment.simd

package engine

const simd = false

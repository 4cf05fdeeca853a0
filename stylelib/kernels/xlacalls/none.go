//go:build !((linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla)

package xlacalls

// Vectors names the vectors that the loops use: there are none here.
func Vectors() string { return "" }

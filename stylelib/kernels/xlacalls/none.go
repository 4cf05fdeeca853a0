//go:build !((linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla)

package xlacalls

//go:build !linux || !cgo || noxla

package engine

func giveMemoryBack() {}

// StartWithHugePages does nothing here: only XLA on Linux gains by it.
func StartWithHugePages() {}

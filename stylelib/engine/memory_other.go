//go:build !linux || !cgo || noxla

package engine

func giveMemoryBack() {}

// StartWithHugePages does nothing here: only XLA on Linux gains by it.
func StartWithHugePages() {}

// Pages has nothing to say here, for the same reason.
func Pages() (state, remedy string) { return "", "" }

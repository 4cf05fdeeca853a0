//go:build !linux || !cgo || noxla

package engine

func giveMemoryBack() {}

// Pages has nothing to say here: only XLA on Linux gains by large pages.
func Pages() (state, remedy string) { return "", "" }

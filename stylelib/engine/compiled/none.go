//go:build !((linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla)

package compiled

import "errors"

// Keep can't: this platform, or this build, has no such plugins.
func Keep(string, string) error { return errors.New("this program was built without XLA") }

//go:build !(((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && cgo && !noxla)

package engine

const withXLA = false

// openXLA fails: this platform, or this build, has no XLA.
func openXLA(kind, _, _ string) (*Engine, error) { return nil, &NoPluginError{Engine: kind} }

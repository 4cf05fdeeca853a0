// Package engine opens what computes: XLA on a CPU ("xla:cpu"), XLA on an NVIDIA GPU ("xla:cuda"), or pure Go ("go"),
// which needs nothing installed and always works.
//
// XLA comes as a plugin, a shared library that is loaded at run time. It is looked for in the folders of
// PJRT_PLUGIN_LIBRARY_PATH, then beside the program, where scripts/dist puts it, then in [PluginDir], where scripts/setup puts it,
// then where go-xla installs it. Nothing is downloaded here.
package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/kernels"
	_ "stylebook/stylelib/kernels/gocalls" // hands in loops for "go"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"
)

// BackendEnv names the environment variable that chooses the engine when the caller does not.
const BackendEnv = compute.ConfigEnvVar

// EnvCompiled names the environment variable that says in which folder XLA's compiled programs are kept, or off: empty means
// stylebook/compiled in the user's cache folder.
const EnvCompiled = "STYLEBOOK_COMPILED"

// Engine is an open engine.
type Engine struct {
	Backend compute.Backend // what GoMLX computes with
	Name    string          // xla:cpu, xla:cuda, go, or what was asked for, with its options: xla:cuda,tf32=false
	Reason  string          // why this one, in a few words
	Notice  string          // what the user should know about its speed, or ""
	Plugin  string          // the file of XLA's plugin, or ""
	PJRT    string          // the version of the plugin's interface, or ""
}

// Close frees the engine and all that is on it.
func (e *Engine) Close() {
	e.Backend.Finalize()
	kernels.ReleaseMemory()
}

// String says in one line which engine it is and why.
func (e *Engine) String() string { return e.Name + " (" + e.Reason + ")" }

// NoPluginError reports that an XLA engine was asked for and its plugin is not there.
type NoPluginError struct {
	Engine string // xla:cpu or xla:cuda
}

func (e *NoPluginError) Error() string {
	if !withXLA {
		return fmt.Sprintf("this program was built without XLA, which %s needs: choose the engine go", e.Engine)
	}
	return fmt.Sprintf("no plugin for %s found, beside the program or elsewhere: in a clone, run scripts/setup to install it; else choose the engine go", e.Engine)
}

// PluginDir returns the folder in the user's cache where scripts/setup puts XLA's CPU plugin.
func PluginDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "stylebook", "pjrt"), nil
}

// Open opens the named engine: xla:cpu, xla:cuda, xla (either), go, or xla: followed by a plugin's absolute path;
// GoMLX's options may follow after commas: "xla:cuda,tf32=false" computes in full float32, where NVIDIA GPUs otherwise
// round factors to TF32's 11 bits. An empty name takes the one in GOMLX_BACKEND; if that
// is empty too, the fastest engine present.
//
// An XLA engine whose plugin is missing is a *[NoPluginError].
func Open(name string) (*Engine, error) {
	if name != "" {
		return openNamed(name, "as asked")
	}
	if name = os.Getenv(BackendEnv); name != "" {
		return openNamed(name, "named by "+BackendEnv)
	}
	return openFastest()
}

func openNamed(name, reason string) (*Engine, error) {
	kind, options, _ := strings.Cut(name, ",")
	switch {
	case kind == "go":
		return openGo(options, reason)
	case kind == "xla":
		e, err := openXLA("xla:cuda", options, reason)
		if err != nil {
			e, err = openXLA("xla:cpu", options, reason)
		}
		return e, err
	case kind == "xla:cpu", kind == "xla:cuda", strings.HasPrefix(kind, "xla:/"):
		return openXLA(kind, options, reason)
	}
	return nil, fmt.Errorf("there is no engine %q (%s): choose xla:cpu, xla:cuda or go", name, reason)
}

func openFastest() (*Engine, error) {
	e, cudaErr := openXLA("xla:cuda", "", "the fastest present: an NVIDIA GPU")
	if cudaErr == nil {
		return e, nil
	}
	reason := "the fastest present: no usable GPU"
	var missing *NoPluginError
	if !errors.As(cudaErr, &missing) {
		reason = "the GPU did not open: " + oneline.First(cudaErr)
	}
	e, cpuErr := openXLA("xla:cpu", "", reason)
	if cpuErr == nil {
		return e, nil
	}
	reason = "no XLA plugin found: in a clone, scripts/setup installs one"
	switch {
	case !withXLA:
		reason = "built without XLA"
	case !errors.As(cpuErr, &missing):
		reason = "XLA did not open: " + oneline.First(cpuErr)
	}
	return openGo("", reason)
}

// see says in the notice why there are no loops of ours, where there could be.
func (e *Engine) see() {
	if err := kernels.Usable(e.Backend); err != nil {
		e.Notice = err.Error()
	}
}

func named(kind, options string) string { return strings.TrimSuffix(kind+","+options, ",") }

// goConfig is how the pure-Go engine is opened. GoMLX would compute several nodes of a graph at once, though each uses all
// cores already, and large matrix products side by side can wait for each other's workers for ever (compute v0.1.2 and later).
const goConfig = "go:ops_sequential"

func openGo(options, reason string) (*Engine, error) {
	config := goConfig
	if options != "" {
		config += "," + options
	}
	backend, err := compute.NewWithConfig(config)
	if err != nil {
		return nil, fmt.Errorf("engine go: %w", err)
	}
	e := &Engine{Backend: backend, Name: named("go", options), Reason: reason}
	e.see()
	return e, nil
}

//go:build ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && cgo && !noxla

package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"stylebook/stylelib/engine/compiled"
	_ "stylebook/stylelib/kernels/xlacalls" // hands in its loops

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

const withXLA = true

// openXLA opens xla:cpu, xla:cuda or xla:/path/of/a/plugin.
func openXLA(kind, options, reason string) (*Engine, error) {
	path := findPlugin(kind)
	if path == "" {
		return nil, &NoPluginError{Engine: kind}
	}
	xla.EnableAutoInstall(false) // a run must not stop to download
	forbidTF32(options)
	client := pjrt.NamedValuesMap{}
	if strings.Contains(filepath.Base(path), "cpu") {
		client["asynchronous"] = false // else a step can begin, with memory of its own, before the last one's is given back
	}
	backend, err := xla.NewWithOptions(named(path, options), client)
	if err != nil {
		return nil, fmt.Errorf("engine %s: %w", kind, err)
	}
	keepCompiled(path)
	e := &Engine{Backend: backend, Name: named(kind, options), Reason: reason, Plugin: path}
	if backend.IsCPU() {
		e.see()
	}
	if plugin, err := pjrt.GetPlugin(path); err == nil { // which is loaded already
		major, minor := plugin.Version()
		e.PJRT = fmt.Sprintf("%d.%d", major, minor)
	}
	return e, nil
}

// keepCompiled keeps what the plugin compiles, if there is a place for it; where it can't be kept, it is compiled again.
func keepCompiled(plugin string) {
	folder := os.Getenv(EnvCompiled)
	if cache, err := os.UserCacheDir(); folder == "" && err == nil {
		folder = filepath.Join(cache, "stylebook", "compiled")
	}
	if folder != "" && folder != "off" {
		_ = compiled.Keep(plugin, folder)
	}
}

// tf32Env is read by cuBLAS and cuDNN when they are loaded: "0" forbids TF32.
const tf32Env = "NVIDIA_TF32_OVERRIDE"

// forbidTF32 carries GoMLX's option tf32=false to the convolutions; by itself it reaches matrix products only. It holds
// for the process.
func forbidTF32(options string) {
	for option := range strings.SplitSeq(options, ",") {
		name, value, _ := strings.Cut(option, "=")
		allowed, err := strconv.ParseBool(value)
		if name == "notf32" || name == "tf32" && err == nil && !allowed {
			_ = os.Setenv(tf32Env, "0")
		}
	}
}

// findPlugin returns the path of the plugin for kind, or "".
func findPlugin(kind string) string {
	device := strings.TrimPrefix(kind, "xla:")
	if filepath.IsAbs(device) {
		return device
	}
	if os.Getenv(pjrt.PJRTPluginPathsEnv) == "" {
		if path := ownPlugin(device); path != "" {
			return path
		}
	}
	for name, path := range pjrt.AvailablePlugins() {
		if name == device || strings.HasPrefix(name, device+"_v") {
			return path
		}
	}
	return ownPlugin(device)
}

// ownPlugin returns the plugin that lies beside the program, else the one that scripts/setup installed, or "". CUDA's lies
// beside NVIDIA's libraries.
func ownPlugin(device string) string {
	var dirs []string
	if program, err := os.Executable(); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			dirs = append(dirs, filepath.Dir(program))
		}
	}
	if dir, err := PluginDir(); err == nil {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		if device == "cuda" {
			dir = filepath.Join(dir, "lib", "go-xla", "nvidia")
		}
		for _, extension := range []string{"so", "dylib", "dll"} {
			path := filepath.Join(dir, "pjrt_c_api_"+device+"_plugin."+extension)
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	return ""
}

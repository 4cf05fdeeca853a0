package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stylebook/stylelib/engine"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestGoAlwaysOpens(t *testing.T) {
	e, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if got, want := e.String(), "go (as asked)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Products side by side, as the Gram matrices of several layers, must not wait for each other.
func TestGoDoesNotWaitForItself(t *testing.T) {
	e, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var features []any
	for range 12 {
		features = append(features, tensors.FromShape(shapes.Make(dtypes.Float32, 2304, 62)))
	}
	exec, err := NewExec(e.Backend, func(features []*Node) (products []*Node) {
		for _, x := range features {
			products = append(products, Einsum("nc,nd->cd", x, x))
		}
		return products
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	done := make(chan error)
	go func() {
		var err error
		for i := 0; i < 100 && err == nil; i++ {
			_, err = exec.Call(features...)
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Minute):
		t.Fatal("a hundred small graphs take more than ten minutes")
	}
}

func TestGoTakesOptions(t *testing.T) {
	if _, err := engine.Open("go,no_such_option"); err == nil || !strings.Contains(err.Error(), "no_such_option") {
		t.Errorf("got %v, want an error that names the option", err)
	}
	e, err := engine.Open("go,creation_order")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Name != "go,creation_order" { // which is in what identifies a run
		t.Errorf("the engine is called %s", e.Name)
	}
}

func TestEnvironmentNamesTheEngine(t *testing.T) {
	t.Setenv(engine.BackendEnv, "go")
	e, err := engine.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if got, want := e.String(), "go (named by GOMLX_BACKEND)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnknownEngine(t *testing.T) {
	for _, name := range []string{"tpu", "xla:tpu", "xla:relative.so"} {
		_, err := engine.Open(name)
		if err == nil || !strings.Contains(err.Error(), "choose xla:cpu, xla:cuda or go") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// NVIDIA's libraries learn through their environment that TF32 is not wanted. No GPU is needed to see it set.
func TestTF32(t *testing.T) {
	if _, err := engine.Open("xla:cpu"); err != nil {
		t.Skip("skipped: no XLA here")
	}
	for options, want := range map[string]string{"": "", ",tf32": "", ",tf32=true": "", ",tf32=false": "0", ",notf32": "0"} {
		t.Setenv("NVIDIA_TF32_OVERRIDE", "")
		if _, err := engine.Open("xla:/nowhere/plugin.so" + options); err == nil {
			t.Fatal("a plugin that isn't there was opened")
		}
		if got := os.Getenv("NVIDIA_TF32_OVERRIDE"); got != want {
			t.Errorf("%q: NVIDIA_TF32_OVERRIDE is %q, want %q", options, got, want)
		}
	}
}

// Without a plugin anywhere the program must say so and run on pure Go; an engine asked for by name is an error.
func TestNoPlugin(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", empty)
	t.Setenv("HOME", empty)
	t.Setenv(engine.BackendEnv, "")
	if installed(t) {
		t.Skip("skipped: a plugin is installed for the whole system")
	}
	var missing *engine.NoPluginError
	if _, err := engine.Open("xla:cpu"); !errors.As(err, &missing) || !strings.Contains(err.Error(), "run scripts/setup") {
		t.Errorf("got %v, want a NoPluginError that names the remedy", err)
	}
	e, err := engine.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Name != "go" || !strings.Contains(e.Reason, "no XLA plugin found") {
		t.Errorf("got %s", e)
	}
}

// installed tells whether go-xla, whose folders are fixed when the program starts, sees a plugin.
func installed(t *testing.T) bool {
	t.Helper()
	e, err := engine.Open("xla:cpu")
	if err != nil {
		return false
	}
	e.Close()
	return true
}

func TestBrokenPluginIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(path, []byte("no library"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := engine.Open("xla:" + path)
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
}

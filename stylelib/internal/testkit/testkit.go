// Package testkit holds what the tests of several packages need: the engines present and the shared fixtures.
package testkit

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"stylebook/stylelib/engine"
)

// Root returns the repository's top folder.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = parent
	}
}

// Shared returns the path of a fixture in the data folder beside the repository, and skips the test where it is absent.
func Shared(t testing.TB, elements ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{Root(t), "..", "shared", "data"}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: %s is not here", filepath.Join(elements...))
	}
	return path
}

const cuda = "xla:cuda,tf32=false"

var hasCUDA = sync.OnceValue(func() bool {
	e, err := engine.Open(cuda)
	if err == nil {
		e.Close()
	}
	return err == nil
})

// Engines runs a test on the pure-Go engine and on XLA's CPU engine; the latter is skipped where it has no plugin. Where
// there is a usable NVIDIA GPU, the test runs there too, in float32.
func Engines(t *testing.T, test func(t *testing.T, e *engine.Engine)) {
	t.Helper()
	names := []string{"xla:cpu", "go"}
	if hasCUDA() {
		names = append(names, cuda)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { test(t, Engine(t, name)) })
	}
}

// Engine opens one engine for a test and skips the test where it is missing.
func Engine(t testing.TB, name string) *engine.Engine {
	t.Helper()
	e, err := engine.Open(name)
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	t.Cleanup(e.Close)
	return e
}

// Fastest opens the fastest engine present.
func Fastest(t testing.TB) *engine.Engine {
	t.Helper()
	return Engine(t, "")
}

// ReadJSON reads a JSON file into v.
func ReadJSON(t testing.TB, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Float32s rounds values.
func Float32s(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

// RelativeError returns |got - want| / |want|, and |got| where want is 0.
func RelativeError(got, want float64) float64 {
	if want == 0 {
		return math.Abs(got)
	}
	return math.Abs(got-want) / math.Abs(want)
}

// RelativeL2 returns ‖got - want‖ / ‖want‖.
func RelativeL2(t testing.TB, got, want []float32) float64 {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d values, want %d", len(got), len(want))
	}
	var difference, norm float64
	for i := range got {
		d := float64(got[i]) - float64(want[i])
		difference += d * d
		norm += float64(want[i]) * float64(want[i])
	}
	if norm == 0 {
		return math.Sqrt(difference)
	}
	return math.Sqrt(difference / norm)
}

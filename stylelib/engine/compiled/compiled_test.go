package compiled_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"stylebook/stylelib/engine"

	. "github.com/gomlx/gomlx/core/graph"
)

// A program is compiled once and then read; a damaged file is not, and is written anew.
func TestProgramsAreKept(t *testing.T) {
	folder := t.TempDir()
	t.Setenv(engine.EnvCompiled, folder)
	e, err := engine.Open("xla:cpu")
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	defer e.Close()
	run := func() float32 {
		exec, err := NewExec(e.Backend, func(x *Node) *Node { return ReduceAllSum(Sin(Mul(x, AddScalar(x, 3)))) })
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		out, err := exec.Call1([]float32{1, 2, 3, 4, 5})
		if err != nil {
			t.Fatal(err)
		}
		return out.Value().(float32)
	}
	only := func() string {
		files, err := filepath.Glob(filepath.Join(folder, "*.xla"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%d files are kept: %v", len(files), err)
		}
		return files[0]
	}
	want := run()
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(only(), long, long); err != nil {
		t.Fatal(err)
	}
	if got := run(); got != want {
		t.Errorf("what was kept gives %g, compiled it gave %g", got, want)
	}
	if info, err := os.Stat(only()); err != nil || !info.ModTime().After(long) {
		t.Errorf("what was kept was not read: %v", err)
	}
	whole, err := os.ReadFile(only())
	if err != nil {
		t.Fatal(err)
	}
	whole[len(whole)/2] ^= 1
	if err := os.WriteFile(only(), whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := run(); got != want {
		t.Errorf("after the damage it gives %g, want %g", got, want)
	}
	if mended, err := os.ReadFile(only()); err != nil || string(mended) == string(whole) {
		t.Errorf("the damaged file is still there: %v", err)
	}
}

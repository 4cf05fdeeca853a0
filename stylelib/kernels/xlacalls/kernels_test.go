//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

package xlacalls

import (
	"os"
	"path/filepath"
	"testing"

	"stylebook/stylelib/kernels"
	"stylebook/stylelib/kernels/kernelstest"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
)

// cpu opens XLA on the CPU, whose plugin scripts/setup puts into the user's cache.
func cpu(t *testing.T) compute.Backend {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(cache, "stylebook", "pjrt", "pjrt_c_api_cpu_plugin.so")
	if _, err := os.Stat(plugin); err != nil {
		t.Skip("skipped: no plugin of XLA here")
	}
	b, err := xla.New(plugin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	if err := kernels.Usable(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The loops for every kind of processor, as far as this one runs them.
func TestEveryProcessor(t *testing.T) {
	b := cpu(t)
	levels := map[string]bool{}
	t.Cleanup(func() { limit(2) })
	for level := range 3 {
		if limit(level); levels[linked{}.Vectors()] {
			continue // this processor has no more
		}
		levels[linked{}.Vectors()] = true
		kernelstest.Agree(t, linked{}.Vectors(), b, false)
	}
}

func TestNoNumber(t *testing.T) { kernelstest.NoNumber(t, cpu(t)) }

func TestSameAgain(t *testing.T) { kernelstest.SameAgain(t, cpu(t), 20) }

package kernels_test

import (
	"errors"
	"strings"
	"testing"

	"stylebook/stylelib/kernels"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
)

// A program that doesn't link an engine's loops gets by without.
func TestNotLinked(t *testing.T) {
	engine, err := compute.NewWithConfig("go")
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Finalize()
	var unusable *kernels.UnusableError
	if err := kernels.Usable(engine); !errors.As(err, &unusable) || !strings.HasPrefix(err.Error(), "Go Backend can't be given") {
		t.Errorf("got %v, want an UnusableError that names the engine", err)
	}
	kernels.ReleaseMemory()
}

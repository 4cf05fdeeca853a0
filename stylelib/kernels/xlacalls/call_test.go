//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

package xlacalls

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/stablehlo"
)

// fakeNode has no field value, fakeValue one of another type.
type (
	fakeNode  struct{}
	fakeValue struct{ stmt *int }
	sound     struct{ value *fakeValue }
)

var _ = sound{value: &fakeValue{stmt: nil}}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		node, value reflect.Type
		want        string
	}{
		{reflect.TypeFor[xla.Node](), reflect.TypeFor[stablehlo.Value](), ""},
		{reflect.TypeFor[fakeNode](), reflect.TypeFor[stablehlo.Value](), "no field value"},
		{reflect.TypeFor[sound](), reflect.TypeFor[fakeValue](), "no field stmt"},
	} {
		if err := fits(c.node, c.value); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: got %v, want %q", c.node, c.value, err, c.want)
		}
	}
}

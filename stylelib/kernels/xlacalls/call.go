//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

package xlacalls

import (
	"fmt"
	"reflect"

	"github.com/gomlx/go-xla/stablehlo"
	"github.com/gomlx/go-xla/types/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// typedFFI is the version of StableHLO's custom calls that a plugin makes by XLA's FFI.
const typedFFI = 4

// GoMLX has no custom calls. So the node is one of GoMLX's that has the right shape and inputs, and its statement in XLA's program
// is replaced by the call. Two fields on the way to it are private in go-xla and are found by their names here; [fits] tells whether
// they are there.

// fits tells why fields aren't as in version 0.4.2 of go-xla.
func fits(node, value reflect.Type) error {
	for _, f := range []struct {
		of   reflect.Type
		name string
		is   reflect.Type
	}{
		{node, "value", reflect.PointerTo(value)},
		{value, "stmt", reflect.TypeFor[*stablehlo.Statement]()},
	} {
		if field, ok := f.of.FieldByName(f.name); !ok || field.Type != f.is {
			return fmt.Errorf("go-xla's %s has no field %s of type %s", f.of, f.name, f.is)
		}
	}
	return nil
}

// Call makes a custom call compute a node, of the operands, all of them in row order, and returns the node.
func (linked) Call(target string, node *Node, operands ...*Node) *Node {
	var values []*stablehlo.Value
	for _, x := range operands {
		values = append(values, valueOf(x))
	}
	result := valueOf(node)
	rowOrder := make([][]int, len(operands))
	if _, err := stablehlo.CustomCallV2(target, "", values, rowOrder, []shapes.Shape{result.Shape()}, rowOrder[:1]); err != nil {
		exceptions.Panicf("xlacalls: %s: %v", target, err)
	}
	statement := *private[*stablehlo.Statement](result, "stmt")
	statements := &statement.Function.Statements
	last := (*statements)[len(*statements)-1]
	*statements = (*statements)[:len(*statements)-1]
	statement.OpType, statement.Inputs, statement.Attributes = last.OpType, last.Inputs, last.Attributes
	statement.Attributes["api_version"] = int32(typedFFI)
	return node
}

func valueOf(x *Node) *stablehlo.Value {
	return *private[*stablehlo.Value](InternalBackendOutputs(x)[0], "value")
}

// private returns a field of what pointer points to, which fits.
func private[T any](pointer any, field string) *T {
	return (*T)(reflect.ValueOf(pointer).Elem().FieldByName(field).Addr().UnsafePointer())
}

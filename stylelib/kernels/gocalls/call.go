package gocalls

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// The pure-Go engine takes no operations from outside: they are in an internal package, whose functions are linked by name here,
// and whose fields are found by theirs. Version 0.1.3 of compute is named in go.mod, and the tests see it if another is otherwise.

//go:linkname setNodeExecutor github.com/gomlx/compute/internal/gobackend.SetNodeExecutor
func setNodeExecutor(kind compute.OpType, priority int, e executor)

//go:linkname getBuffer github.com/gomlx/compute/internal/gobackend.(*Backend).GetBuffer
func getBuffer(engine unsafe.Pointer, shape shapes.Shape) (buffer unsafe.Pointer, err error)

//go:linkname bufferData github.com/gomlx/compute/internal/gobackend.(*Buffer).Data
func bufferData(buffer unsafe.Pointer) (flat any, err error)

// executor is what computes nodes of some kind, from buffers, some of which it may use for its result.
type executor = func(engine, node unsafe.Pointer, inputs []unsafe.Pointer, owned []bool) (result unsafe.Pointer, err error)

// kind is one of which the pure-Go engine knows the name only: its nodes are ours.
const kind = compute.OpTypeCollectiveBroadcast

// call is what a node of ours computes.
type call struct {
	shape shapes.Shape // of the result
	loop  loop
}

// Call makes a loop compute a node, of the operands, and returns a node that stands for it. The node given is one of GoMLX's that
// has the right shape; it is not computed.
func (linked) Call(loop string, node *Node, operands ...*Node) *Node {
	var dimensions [][]int
	for _, x := range operands {
		dimensions = append(dimensions, x.Shape().Dimensions)
	}
	c := &call{node.Shape(), loopOf(loop, dimensions, node.Shape().Dimensions)}
	node = OptimizationBarriers(node)[0] // GoMLX makes one node of two that are alike, but for barriers
	into := reflect.ValueOf(InternalBackendOutputs(node)[0]).Elem()
	register(into.Type())
	inputs := reflect.MakeSlice(into.FieldByName("Inputs").Type(), 0, len(operands))
	for _, x := range operands {
		inputs = reflect.Append(inputs, reflect.ValueOf(InternalBackendOutputs(x)[0]))
	}
	into.FieldByName("OpType").Set(reflect.ValueOf(kind))
	into.FieldByName("Inputs").Set(inputs)
	into.FieldByName("Data").Set(reflect.ValueOf(c))
	return node
}

var once sync.Once

// register makes the engine compute nodes of ours by their calls.
func register(node reflect.Type) {
	once.Do(func() {
		data, ok := node.FieldByName("Data")
		if !ok {
			exceptions.Panicf("gocalls: GoMLX's %s has no field Data any more", node)
		}
		setNodeExecutor(kind, 0, func(engine, node unsafe.Pointer, inputs []unsafe.Pointer, _ []bool) (unsafe.Pointer, error) {
			return (*(*any)(unsafe.Add(node, data.Offset))).(*call).execute(engine, inputs)
		})
	})
}

func (c *call) execute(engine unsafe.Pointer, inputs []unsafe.Pointer) (unsafe.Pointer, error) {
	result, err := getBuffer(engine, c.shape)
	if err != nil {
		return nil, err
	}
	var all values
	for _, buffer := range append(inputs[:len(inputs):len(inputs)], result) {
		flat, err := bufferData(buffer)
		if err != nil {
			return nil, err
		}
		all = append(all, flat)
	}
	c.loop(all)
	return result, nil
}

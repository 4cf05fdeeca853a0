package gocalls

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// The pure-Go engine takes no operations from outside: they are in an internal package. All that is used of it is in this file: the
// table of what computes nodes, linked by its name, and fields and methods, found by theirs. [fits] tells whether they are there.

// executors is the engine's table. If GoMLX has none of this name, it is one of our own, which is empty.
//
//go:linkname executors github.com/gomlx/compute/internal/gobackend.nodeExecutors
var executors [compute.OpTypeLast]executor

// executor is what computes nodes of some kind, from buffers, some of which it may use for its result.
type executor = func(engine, node unsafe.Pointer, inputs []unsafe.Pointer, owned []bool) (result unsafe.Pointer, err error)

// kind is one of which the pure-Go engine knows the name only: its nodes are ours.
const kind = compute.OpTypeCollectiveBroadcast

// call is what a node of ours computes.
type call struct {
	shape shapes.Shape // of the result
	loop  loop
}

// buffer is what the engine's buffers have.
type buffer interface{ Data() (flat any, err error) }

// internals are the places of what is used of the engine's types.
type internals struct {
	engine, buffer reflect.Type
	getBuffer      int     // method of the engine
	data           uintptr // field of a node
}

// fits tells why an engine with nodes of some type can't compute ours, or where its internals are.
func fits(engine, node reflect.Type) (p internals, err error) {
	if engine.Kind() != reflect.Pointer || node.Kind() != reflect.Pointer || node.Elem().Kind() != reflect.Struct {
		return p, fmt.Errorf("GoMLX's %s or %s is no pointer", engine, node)
	}
	get, ok := engine.MethodByName("GetBuffer")
	if !ok || get.Type.NumIn() != 2 || get.Type.In(1) != reflect.TypeFor[shapes.Shape]() || get.Type.NumOut() != 2 ||
		get.Type.Out(0).Kind() != reflect.Pointer || !get.Type.Out(0).Implements(reflect.TypeFor[buffer]()) || get.Type.Out(1) != reflect.TypeFor[error]() {
		return p, fmt.Errorf("GoMLX's %s has no method GetBuffer as in version 0.1.3 of compute", engine)
	}
	for name, of := range map[string]reflect.Type{
		"OpType": reflect.TypeFor[compute.OpType](), "Inputs": reflect.SliceOf(node), "Data": reflect.TypeFor[any]()} {
		if f, ok := node.Elem().FieldByName(name); !ok || f.Type != of {
			return p, fmt.Errorf("GoMLX's %s has no field %s of type %s", node, name, of)
		}
	}
	data, _ := node.Elem().FieldByName("Data")
	return internals{engine.Elem(), get.Type.Out(0).Elem(), get.Index, data.Offset}, nil
}

var (
	once  sync.Once
	unfit error
)

// register makes the engine compute nodes of ours by their calls, once, or says why it can't.
func register(engine compute.Backend) error {
	once.Do(func() {
		node, err := engine.Builder("fits").Main().Parameter("x", shapes.Make(dtypes.Float32), nil)
		if err != nil {
			unfit = err
			return
		}
		of, err := fits(reflect.TypeOf(engine), reflect.TypeOf(node))
		if err == nil && (executors[compute.OpTypeAdd] == nil || executors[kind] != nil) {
			err = errors.New("GoMLX's pure-Go engine has no table nodeExecutors with a place for them")
		}
		if unfit = err; err == nil {
			executors[kind] = of.execute
		}
	})
	return unfit
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
	inputs := reflect.MakeSlice(into.FieldByName("Inputs").Type(), 0, len(operands))
	for _, x := range operands {
		inputs = reflect.Append(inputs, reflect.ValueOf(InternalBackendOutputs(x)[0]))
	}
	into.FieldByName("OpType").Set(reflect.ValueOf(kind))
	into.FieldByName("Inputs").Set(inputs)
	into.FieldByName("Data").Set(reflect.ValueOf(c))
	return node
}

// execute is the executor of nodes of ours.
func (p internals) execute(engine, node unsafe.Pointer, inputs []unsafe.Pointer, _ []bool) (unsafe.Pointer, error) {
	c, ok := (*(*any)(unsafe.Add(node, p.data))).(*call)
	if !ok {
		return nil, fmt.Errorf("gocalls: a node of kind %s is none of ours", kind)
	}
	out := reflect.NewAt(p.engine, engine).Method(p.getBuffer).Call([]reflect.Value{reflect.ValueOf(c.shape)})
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, err
	}
	result := out[0].UnsafePointer()
	var all values
	for _, of := range append(inputs[:len(inputs):len(inputs)], result) {
		flat, err := reflect.NewAt(p.buffer, of).Interface().(buffer).Data()
		if err != nil {
			return nil, err
		}
		all = append(all, flat)
	}
	c.loop(all)
	return result, nil
}

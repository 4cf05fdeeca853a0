package gocalls

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// The types of an engine of another version, each with something else missing.
type (
	fakeBuffer  struct{}
	fakeBackend struct{}
	noBuffers   struct{}
	fakeNode    struct {
		OpType compute.OpType
		Inputs []*fakeNode
		Data   any
	}
	noData struct {
		OpType compute.OpType
		Inputs []*noData
	}
	otherInputs struct {
		OpType compute.OpType
		Inputs map[string]*otherInputs
		Data   any
	}
)

func (*fakeBuffer) Data() (any, error) { return nil, nil }

func (*fakeBackend) GetBuffer(shapes.Shape) (*fakeBuffer, error) { return nil, nil }

func (*noBuffers) GetBuffer(int) (*fakeBuffer, error) { return nil, nil }

func TestFits(t *testing.T) {
	for _, c := range []struct {
		engine, node any
		want         string
	}{
		{&fakeBackend{}, &fakeNode{}, ""},
		{&noBuffers{}, &fakeNode{}, "no method GetBuffer"},
		{&fakeNode{}, &fakeNode{}, "no method GetBuffer"},
		{&fakeBackend{}, &noData{}, "no field Data"},
		{&fakeBackend{}, &otherInputs{}, "no field Inputs"},
		{&fakeBackend{}, 3, "is no pointer"},
	} {
		_, err := fits(reflect.TypeOf(c.engine), reflect.TypeOf(c.node))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T, %T: got %v, want %q", c.engine, c.node, err, c.want)
		}
	}
}

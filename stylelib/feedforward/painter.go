package feedforward

import (
	"fmt"
	"image"

	"stylebook/stylelib/internal/oneline"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Painter is a network on an engine. The first picture of a size compiles. It is for one goroutine; call [Painter.Finalize] to free it.
type Painter struct{ exec *model.Exec }

// NewPainter places a network on an engine.
func NewPainter(engine compute.Backend, n *Network) (*Painter, error) {
	store := model.NewStore()
	for name, value := range n.Parameters {
		if _, err := store.CreateVariable("/"+name, value); err != nil {
			return nil, fmt.Errorf("place the network on the engine: %w", err)
		}
	}
	return newPainter(engine, store, Options{Architecture: n.Architecture}.forward)
}

func newPainter(engine compute.Backend, store *model.Store, network func(*model.Scope, *Node) *Node) (*Painter, error) {
	exec, err := model.NewExec(engine, store, func(scope *model.Scope, pixels *Node) *Node { return paint(scope, pixels, network) })
	if err != nil {
		return nil, fmt.Errorf("place the network on the engine: %w", err)
	}
	return &Painter{exec.SetMaxCache(-1)}, nil
}

// smallest is the least height and width of a picture, in pixels, of which borders can be mirrored.
const smallest = 16

// Paint paints a picture of any size of at least 16 × 16 pixels.
func (p *Painter) Paint(picture *image.RGBA) (*image.RGBA, error) {
	b := picture.Bounds()
	if b.Dy() < smallest || b.Dx() < smallest {
		return nil, fmt.Errorf("height %d, width %d: a network paints pictures of at least %d × %d pixels", b.Dy(), b.Dx(), smallest, smallest)
	}
	pixels := make([]uint8, 0, b.Dy()*b.Dx()*4)
	for y := range b.Dy() {
		pixels = append(pixels, picture.Pix[y*picture.Stride:][:4*b.Dx()]...)
	}
	out, err := p.exec.Call1(tensors.FromFlatDataAndDimensions(pixels, b.Dy(), b.Dx(), 4))
	if err != nil {
		return nil, fmt.Errorf("paint: %s", oneline.First(err))
	}
	defer out.FinalizeAll()
	painted, err := tensors.CopyFlatData[uint8](out)
	if err != nil {
		return nil, fmt.Errorf("paint: %w", err)
	}
	return &image.RGBA{Pix: painted, Stride: 4 * b.Dx(), Rect: image.Rect(0, 0, b.Dx(), b.Dy())}, nil
}

// Bytes is about how much memory a picture of so many pixels takes, as measured on a CPU.
func (p *Painter) Bytes(height, width int) int64 { return int64(height) * int64(width) * 350 }

// Finalize frees what was compiled.
func (p *Painter) Finalize() { p.exec.Finalize() }

// paint is the graph from the pixels of a picture, [h, w, 4], to those of the painted one.
func paint(scope *model.Scope, pixels *Node, network func(*model.Scope, *Node) *Node) *Node {
	h, w := pixels.Shape().Dim(0), pixels.Shape().Dim(1)
	x := DivScalar(ConvertDType(Slice(pixels, AxisRange(), AxisRange(), AxisRange(0, 3)), dtypes.Float32), 255)
	x = mirror(Reshape(x, 1, h, w, 3), 0, 0, -h&(Multiple-1), -w&(Multiple-1))
	x = Slice(network(scope, x), AxisElem(0), AxisRange(0, h), AxisRange(0, w))
	x = ConvertDType(Round(MulScalar(Reshape(x, h, w, 3), 255)), dtypes.Uint8)
	return Concatenate([]*Node{x, BroadcastToDims(Const(x.Graph(), [][][]uint8{{{255}}}), h, w, 1)}, 2) // opaque
}

package stylelib

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"stylebook/stylelib/kernels"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Programs keeps compiled graphs by what they compute: a graph that is built a second time, for another picture or other
// numbers in its inputs, is not compiled again. It keeps results of [Extractor.RunOnce] too, by what they were computed from. It
// may be used by several goroutines.
type Programs struct {
	backend compute.Backend
	keep    int
	bytes   int // of results to keep

	mu      sync.Mutex
	known   map[string]*compiled
	turn    int
	results []result // the latest last
	made    int
}

// result is what a graph gave.
type result struct {
	key     string
	network []*tensors.Tensor // its parameters; no others have these addresses as long as they are here
	outputs []*tensors.Tensor
}

// compiled is a graph with its users.
type compiled struct {
	graph  *Graph
	key    string   // "": what it computes can't be told, so it has one user
	losses []string // their names, where the graph has them
	users  int
	freed  int // the turn at which the last user gave it back
}

// NewPrograms keeps compiled graphs of an engine, so many of those that nobody uses, and so many bytes of results.
func NewPrograms(backend compute.Backend, keep, bytes int) *Programs {
	return &Programs{backend: backend, keep: keep, bytes: bytes, known: map[string]*compiled{}}
}

// New makes a program of a graph that uses no network.
func (p *Programs) New(build func(in []*Node) []*Node) *Program {
	return &Program{programs: p, build: build, graphs: map[string]*compiled{}}
}

// Compiled tells how many graphs have been compiled so far.
func (p *Programs) Compiled() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// Finalize frees the graphs that nobody uses, and from now on each when its last user gives it back.
func (p *Programs) Finalize() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep, p.bytes, p.results = 0, 0, nil
	p.drop()
}

// get builds a graph for inputs of some shapes, and returns it compiled. Give it back when done.
func (p *Programs) get(build func(in []*Node) []*Node, inputs []shapes.Shape) (*compiled, error) {
	g := NewGraph(p.backend, "stylebook")
	var outputs []*Node
	err := exceptions.TryCatch[error](func() {
		in := make([]*Node, len(inputs))
		for i, shape := range inputs {
			in[i] = Parameter(g, fmt.Sprintf("in%d", i), shape)
		}
		// GoMLX can't run a graph without outputs, which is what options without layers ask for.
		outputs = append(build(in), ScalarZero(g, dtypes.Float32))
	})
	if err != nil {
		g.Finalize()
		return nil, err
	}
	key, whole := Fingerprint(g, outputs...)
	if !whole {
		key = ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.known[key]; c != nil {
		g.Finalize()
		c.users++
		return c, nil
	}
	if err := g.Compile(outputs...); err != nil {
		g.Finalize()
		return nil, err
	}
	p.made++
	c := &compiled{graph: g, key: key, losses: lossNames(outputs), users: 1}
	if key != "" {
		p.known[key] = c
	}
	return c, nil
}

// named writes names of losses into the graph: they are those of the values of x.
func named(x *Node, names []string) *Node {
	text, err := json.Marshal(names)
	if err != nil {
		panic(err) // a list of texts can be written
	}
	return x.WithAlias(lossesAlias + string(text))
}

// lossesAlias is how the alias of a node of named losses begins.
const lossesAlias = "/losses "

// lossNames are the names that [named] wrote.
func lossNames(outputs []*Node) (names []string) {
	for _, node := range outputs {
		if text, ok := strings.CutPrefix(node.GetAlias(), lossesAlias); ok {
			_ = json.Unmarshal([]byte(text), &names) // as named wrote it
		}
	}
	return names
}

// giveBack ends the use of a graph.
func (p *Programs) giveBack(c *compiled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn++
	if c.users--; c.users > 0 {
		return
	}
	if c.freed = p.turn; c.key == "" {
		c.graph.Finalize()
	}
	p.drop()
}

// drop frees those that were used longest ago, beyond the number to keep.
func (p *Programs) drop() {
	var unused []*compiled
	for _, c := range p.known {
		if c.users == 0 {
			unused = append(unused, c)
		}
	}
	slices.SortFunc(unused, func(a, b *compiled) int { return cmp.Compare(b.freed, a.freed) })
	for _, c := range unused[min(p.keep, len(unused)):] {
		delete(p.known, c.key)
		c.graph.Finalize()
	}
}

// recall returns a result that is kept.
func (p *Programs) recall(key string, network []*tensors.Tensor) ([]*tensors.Tensor, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range p.results {
		if r.key == key && slices.Equal(r.network, network) {
			p.results = append(slices.Delete(p.results, i, i+1), r)
			return slices.Clone(r.outputs), true
		}
	}
	return nil, false
}

// remember keeps a result, and forgets those that were asked for longest ago where they are too many.
func (p *Programs) remember(r result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results = append(p.results, r)
	total := 0
	for i := len(p.results) - 1; i >= 0; i-- {
		for _, t := range p.results[i].outputs {
			total += int(t.Shape().ByteSize())
		}
		if total > p.bytes {
			p.results = slices.Clone(p.results[i+1:])
			return
		}
	}
}

// hashOf is a hash of tensors' shapes and values.
func hashOf(inputs []any) (string, error) {
	h := sha256.New()
	for _, in := range inputs {
		t := in.(*tensors.Tensor)
		fmt.Fprintln(h, t.Shape())
		if err := t.ConstBytes(func(data []byte) { h.Write(data) }); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// run executes the graph.
func (c *compiled) run(inputs []any) (outputs []*tensors.Tensor, err error) {
	err = exceptions.TryCatch[error](func() { outputs = c.graph.Run(inputs...) })
	return outputs, err
}

// constants is up to how many values a constant is told by GoMLX, which keeps only small ones by default; of a larger one a
// fingerprint has only the shape.
const constants = 1 << 20

func init() { MinConstValueSizeToKeep = constants }

// Fingerprint is a hash of what a graph computes of its parameters: its operations with their settings, constants and shapes,
// and which of them are its outputs, in hexadecimal. Graphs that differ have different ones, if whole is true. GoMLX does not
// tell everything of large constants and of functions, such as the body of a loop: of these there is only their shape in it.
func Fingerprint(g *Graph, outputs ...*Node) (print string, whole bool) {
	h := sha256.New()
	whole = true
	for _, node := range g.Nodes() {
		if kind := node.Type(); kind >= NodeTypeCall || kind == NodeTypeConstant && node.ConstantValue() == nil {
			whole = false // GoMLX numbers what holds functions from there
		}
		fmt.Fprintln(h, node, ids(node.Inputs()))
	}
	fmt.Fprintln(h, kernels.CallsOf(g), ids(outputs))
	return fmt.Sprintf("%x", h.Sum(nil)), whole
}

func ids(nodes []*Node) (all []NodeId) {
	for _, node := range nodes {
		all = append(all, node.Id())
	}
	return all
}

package weights

import (
	"encoding/binary"
	"strings"
	"testing"

	sl "stylebook/stylelib"
)

// array writes a NumPy array as NumPy's __reduce__ and pickle protocol 3 do.
func (p *pickler) array(t rawTensor, shape []int, order string, fortran bool) {
	p.global("numpy.core.multiarray", "_reconstruct")
	p.global("numpy", "ndarray")
	p.op('K', 0, 0x85, 'C', 1, 'b', 0x87, 'R', '(', 'K', 1)
	p.tuple(shape...)
	p.global("numpy", "dtype")
	p.text(pickleStyle{}, map[string]string{"F32": "f4", "F64": "f8"}[t.dtype])
	p.op(0x89, 0x88, 0x87, 'R', '(', 'K', 3)
	p.text(pickleStyle{}, order)
	p.op('N', 'N', 'N', 'J', 0xff, 0xff, 0xff, 0xff, 'J', 0xff, 0xff, 0xff, 0xff, 'K', 0, 't', 'b')
	if fortran {
		p.op(0x88)
	} else {
		p.op(0x89)
	}
	p.WriteByte('B')
	binary.Write(p, binary.LittleEndian, uint32(len(t.data)))
	p.Write(t.data)
	p.op('t', 'b')
}

// heightFirst reorders the numbers of a filter [out, in, 3, 3] to [3, 3, in, out].
func heightFirst(t rawTensor) rawTensor {
	out, in := t.shape[0], t.shape[1]
	data := make([]byte, 0, len(t.data))
	for at := range 9 {
		for i := range in {
			for o := range out {
				from := 4 * ((o*in+i)*9 + at)
				data = append(data, t.data[from:from+4]...)
			}
		}
	}
	return rawTensor{t.name, t.dtype, []int{3, 3, in, out}, data}
}

// flaxStyle is how a fixture differs from the usual one.
type flaxStyle struct {
	convs   int // 0 for all
	evil    string
	order   string
	fortran bool // biases only: of one axis, they are the same
	spoil   func(t *rawTensor)
}

// flaxCheckpoint pickles a VGG-16, given as tensors of torchvision's layout, beside an array that nobody needs.
func flaxCheckpoint(list []rawTensor, style flaxStyle) []byte {
	p := &pickler{}
	p.op(0x80, 3, '}', '(')
	if style.order == "" {
		style.order = "<"
	}
	if style.evil != "" {
		module, name, _ := strings.Cut(style.evil, " ")
		p.text(pickleStyle{}, "evil")
		p.global(module, name)
		p.op('(')
		p.text(pickleStyle{}, "touch /tmp/pwned")
		p.op('t', 'R')
	}
	p.text(pickleStyle{}, "NetLinLayer_0")
	p.array(filled("lin", ascending, 4), []int{1, 1, 4, 1}, "<", false)
	p.text(pickleStyle{}, flaxVGG16)
	p.op('}', '(')
	for i := 0; 2*i < len(list) && (style.convs == 0 || i < style.convs); i++ {
		kernel, bias := heightFirst(list[2*i]), list[2*i+1]
		if style.spoil != nil {
			style.spoil(&kernel)
		}
		p.text(pickleStyle{}, "Conv_"+itoa(i))
		p.op('}', '(')
		p.text(pickleStyle{}, "kernel")
		p.array(kernel, kernel.shape, style.order, false)
		p.text(pickleStyle{}, "bias")
		p.array(bias, bias.shape, style.order, style.fortran)
		p.op('u')
	}
	p.op('u', 'u', '.')
	return p.Bytes()
}

func TestFlax(t *testing.T) {
	list := narrowTensorsOf(sl.VGG16, widthsOf(sl.VGG16)...)
	want, err := readBytes(t, safetensorsBytes(nil, list...))
	if err != nil {
		t.Fatal(err)
	}
	for _, style := range []flaxStyle{{}, {fortran: true}} {
		got, err := readFlax(t.Context(), flaxCheckpoint(list, style))
		if err != nil {
			t.Fatal(err)
		}
		sameNetworks(t, got, want)
	}
}

// An array whose first axis varies fastest, as NumPy keeps the transpose of another.
func TestFlaxFirstAxisFastest(t *testing.T) {
	p := &pickler{}
	p.op(0x80, 3)
	p.array(filled("", ascending, 6), []int{2, 3}, "<", true)
	p.op('.')
	loaded, err := newFlaxDict(p.Bytes()).load()
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.(*pyArray).strides; got[0] != 1 || got[1] != 2 {
		t.Errorf("strides are %v", got)
	}
}

func TestFlaxRefusesCode(t *testing.T) {
	list := narrowTensorsOf(sl.VGG16, widthsOf(sl.VGG16)...)
	for _, evil := range []string{"os system", "builtins eval", "numpy.core.multiarray fromfile", "numpy load",
		"collections OrderedDict", "torch._utils _rebuild_tensor_v2", "numpy.dtype __reduce__"} {
		_, err := readFlax(t.Context(), flaxCheckpoint(list, flaxStyle{evil: evil}))
		wantError(t, err, `"`+strings.Replace(evil, " ", ".", 1)+`"`, "refused")
	}
	_, err := readFlax(t.Context(), flaxCheckpoint(list, flaxStyle{evil: "numpy ndarray"}))
	wantError(t, err, "calls numpy.ndarray in a way weights don't need")
}

func TestFlaxDamaged(t *testing.T) {
	list := narrowTensorsOf(sl.VGG16, widthsOf(sl.VGG16)...)
	good := flaxCheckpoint(list, flaxStyle{})
	with := func(spoil func(*rawTensor)) []byte { return flaxCheckpoint(list, flaxStyle{spoil: spoil}) }
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"cut off":     {good[:len(good)/2], "its pickle ends too early"},
		"shallow":     {flaxCheckpoint(list, flaxStyle{convs: 12}), "has no Conv_12, which is VGG-16's conv5_3"},
		"big-endian":  {flaxCheckpoint(list, flaxStyle{order: ">"}), "not little-endian"},
		"double":      {with(func(t *rawTensor) { t.dtype = "F64" }), "something other than float32"},
		"short":       {with(func(t *rawTensor) { t.data = t.data[4:] }), "has an array of shape [3 3 3 1] in 104 bytes"},
		"huge":        {with(func(t *rawTensor) { t.shape = []int{1 << 24, 1 << 24, 1 << 24, 1 << 24} }), "has an array of shape"},
		"negative":    {with(func(t *rawTensor) { t.shape = []int{-3, -3, 3, 1} }), "describes an array wrongly"},
		"rank":        {with(func(t *rawTensor) { t.shape = []int{9, t.shape[2], t.shape[3]} }), "has no kernel of 4 axes in Conv_0"},
		"shape":       {with(func(t *rawTensor) { t.shape = []int{9, 1, t.shape[2], t.shape[3]} }), "has shape [1 3 9 1], expected [out 3 3 3]"},
		"no state":    {[]byte("\x80\x03}X\x07\x00\x00\x00VGG16_0}X\x06\x00\x00\x00Conv_0}X\x06\x00\x00\x00kernelcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nNN\x87Rsss."), "has no kernel of 4 axes in Conv_0"},
		"two states":  {[]byte("\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nNN\x87R)b."), "describes an array wrongly"},
		"state":       {[]byte("\x80\x03K\x01)b."), "sets the state of something that has none"},
		"other":       {[]byte("\x80\x03K\x01."), "other than a dictionary"},
		"empty":       {[]byte("\x80\x03}."), "has no VGG16_0"},
		"outside":     {[]byte("\x80\x03K\x01Q."), "refers to something outside"},
		"nothing":     {nil, "its pickle ends too early"},
		"instruction": {[]byte("\x80\x03ios\nsystem\n."), "instruction 0x69"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readFlax(t.Context(), test.content)
			wantError(t, err, test.want)
		})
	}
}

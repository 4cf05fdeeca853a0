package weights

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"stylebook/stylelib/safetensors"
)

// pickleStyle is how a fixture's pickle differs from the usual one.
type pickleStyle struct {
	zip     bool // as inside a zip archive
	v1      bool // _rebuild_tensor, as in torchvision's files of 2017
	python2 bool // byte strings, and the dictionary filled from a list of pairs
	nested  bool // the state_dict is an entry of a checkpoint
	evil    string
}

// pickler writes pickle instructions of protocol 2.
type pickler struct{ bytes.Buffer }

func (p *pickler) op(codes ...byte)           { p.Write(codes) }
func (p *pickler) global(module, name string) { p.WriteString("c" + module + "\n" + name + "\n") }
func (p *pickler) number(n int) {
	p.WriteByte('J')
	binary.Write(p, binary.LittleEndian, int32(n))
}

func (p *pickler) text(style pickleStyle, text string) {
	if style.python2 {
		p.op('U', byte(len(text)))
	} else {
		p.WriteByte('X')
		binary.Write(p, binary.LittleEndian, int32(len(text)))
	}
	p.WriteString(text)
}

func (p *pickler) tuple(numbers ...int) {
	p.WriteByte('(')
	for _, n := range numbers {
		p.number(n)
	}
	p.WriteByte('t')
}

func (p *pickler) tensor(style pickleStyle, t rawTensor, key string, skip int, strides []int) {
	name := "_rebuild_tensor_v2"
	if style.v1 {
		name = "_rebuild_tensor"
	}
	p.global("torch._utils", name)
	p.op('(', '(')
	p.text(style, "storage")
	p.global("torch", map[string]string{"F32": "FloatStorage", "F64": "DoubleStorage"}[t.dtype])
	p.text(style, key)
	p.text(style, "cuda:0")
	p.number(skip + len(t.data)/int(safetensors.DTypeSize(t.dtype)))
	if !style.zip {
		p.op('N')
	}
	p.op('t', 'Q')
	p.number(skip)
	p.tuple(t.shape...)
	p.tuple(strides...)
	if !style.v1 {
		p.op(0x89) // requires_grad
		p.global("collections", "OrderedDict")
		p.op(')', 'R')
	}
	p.op('t', 'R')
}

func stateDictPickle(list []rawTensor, style pickleStyle) []byte {
	p := &pickler{}
	p.op(0x80, 2)
	if style.evil != "" {
		module, name, _ := strings.Cut(style.evil, " ")
		p.global(module, name)
		p.op('(')
		p.text(style, "touch /tmp/pwned")
		p.op('t', 'R', '0')
	}
	if style.nested {
		p.op('}', 'q', 0)
		p.text(style, "state_dict")
	}
	p.global("collections", "OrderedDict")
	if style.python2 {
		p.op('(', ']', '(')
	} else {
		p.op(')', 'R', 'q', 1, '(')
	}
	for i, t := range list {
		if style.python2 {
			p.op(']', '(')
		}
		p.text(style, t.name)
		p.tensor(style, t, itoa(i), 0, rowMajor(t.shape))
		if style.python2 {
			p.op('e')
		}
	}
	if style.python2 {
		p.op('e', 't', 'R')
	} else {
		p.op('u', '}')
		p.text(style, "_metadata")
		p.global("collections", "OrderedDict")
		p.op(')', 'R', 's', 'b')
	}
	if style.nested {
		p.op('s')
		p.text(style, "epoch")
		p.number(7)
		p.op('s')
	}
	p.op('.')
	return p.Bytes()
}

func legacyPth(stateDict []byte, list []rawTensor) []byte {
	p := &pickler{}
	p.WriteString("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")
	p.WriteString("\x80\x02M\xe9\x03.")
	p.WriteString("\x80\x02}q\x00(X\x10\x00\x00\x00protocol_versionq\x01M\xe9\x03X\x0d\x00\x00\x00little_endianq\x02\x88u.")
	p.Write(stateDict)
	p.op(0x80, 2, ']', '(')
	for i := len(list) - 1; i >= 0; i-- { // in another order than the tensors
		p.text(pickleStyle{}, itoa(i))
	}
	p.op('e', '.')
	for i := len(list) - 1; i >= 0; i-- {
		binary.Write(p, binary.LittleEndian, int64(len(list[i].data))/safetensors.DTypeSize(list[i].dtype))
		p.Write(list[i].data)
	}
	return p.Bytes()
}

func zipPth(stateDict []byte, list []rawTensor) []byte {
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	add := func(name string, content []byte) {
		w, _ := archive.CreateRaw(&zip.FileHeader{Name: "archive/" + name, CRC32: crc32.ChecksumIEEE(content),
			CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content))})
		w.Write(content)
	}
	add("data.pkl", stateDict)
	add("byteorder", []byte("little"))
	for i, t := range list {
		add("data/"+itoa(i), t.data)
	}
	add("version", []byte("3\n"))
	archive.Close()
	return file.Bytes()
}

func TestPth(t *testing.T) {
	list := append(narrowTensors(2, 3, 1), filled("classifier.0.weight", ascending, 2, 2))
	want, err := readBytes(t, safetensorsBytes(nil, list...))
	if err != nil {
		t.Fatal(err)
	}
	for name, style := range map[string]pickleStyle{
		"legacy": {}, "zip": {zip: true}, "torchvision's of 2017": {v1: true}, "Python 2": {v1: true, python2: true},
		"checkpoint": {zip: true, nested: true},
	} {
		t.Run(name, func(t *testing.T) {
			content := legacyPth(stateDictPickle(list, style), list)
			if style.zip {
				content = zipPth(stateDictPickle(list, style), list)
			}
			got, err := readBytes(t, content)
			if err != nil {
				t.Fatal(err)
			}
			sameNetworks(t, got, want)
		})
	}
}

// A filter saved channels-last, as a view behind other elements, is the same filter.
func TestPthStrides(t *testing.T) {
	const out, in, skip = 2, 3, 4
	value := func(o, i, h, w int) float32 { return float32(o*1000 + i*100 + h*10 + w) }
	stored := make([]float32, skip)
	for o := range out {
		for h := range 3 {
			for w := range 3 {
				for i := range in {
					stored = append(stored, value(o, i, h, w))
				}
			}
		}
	}
	weight := rawTensor{"features.0.weight", "F32", []int{out, in, 3, 3}, float32Bytes(stored[skip:]...)}
	bias := filled("features.0.bias", ascending, out)
	p := &pickler{}
	p.op(0x80, 2, '}', '(')
	p.text(pickleStyle{}, weight.name)
	p.tensor(pickleStyle{zip: true}, weight, "0", skip, []int{27, 1, 9, 3})
	p.text(pickleStyle{}, bias.name)
	p.tensor(pickleStyle{zip: true}, bias, "1", 0, []int{1})
	p.op('u', '.')
	weight.data = float32Bytes(stored...)
	net, err := readBytes(t, zipPth(p.Bytes(), []rawTensor{weight, bias}))
	if err != nil {
		t.Fatal(err)
	}
	if got := flat(t, net.Convs[0].Filter)[((1*3+2)*in+1)*out+1]; got != value(1, 1, 1, 2) {
		t.Errorf("element is %v, want %v", got, value(1, 1, 1, 2))
	}
}

func TestPthRefusesCode(t *testing.T) {
	list := narrowTensors(1)
	for _, evil := range []string{"os system", "posix system", "builtins eval", "__builtin__ getattr", "torch load",
		"torchvision.models.vgg VGG", "collections OrderedDictX", "torch.storage _load_from_bytes", "numpy.core.multiarray _reconstruct"} {
		for _, style := range []pickleStyle{{evil: evil}, {evil: evil, zip: true}} {
			content := legacyPth(stateDictPickle(list, style), list)
			if style.zip {
				content = zipPth(stateDictPickle(list, style), list)
			}
			_, err := readBytes(t, content)
			wantError(t, err, `"`+strings.Replace(evil, " ", ".", 1)+`"`, "refused")
		}
	}
	// A class that is allowed must not be called like a function it isn't.
	_, err := readBytes(t, zipPth([]byte("\x80\x02ctorch\nFloatStorage\n)R."), nil))
	wantError(t, err, "calls torch.FloatStorage in a way weights don't need")
}

func TestPthDamaged(t *testing.T) {
	list := narrowTensors(1, 1)
	legacy := legacyPth(stateDictPickle(list, pickleStyle{}), list)
	zipped := zipPth(stateDictPickle(list, pickleStyle{zip: true}), list)
	shorter := append([]rawTensor(nil), list...)
	shorter[2].data = shorter[2].data[4:]
	big := bytes.Replace(legacy, []byte("little_endianq\x02\x88"), []byte("little_endianq\x02\x89"), 1)
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"legacy cut off", legacy[:len(legacy)-1], "is cut off inside storage"},
		{"legacy cut off early", legacy[:200], "its pickle ends too early"},
		{"legacy big-endian", big, "big-endian"},
		{"legacy storage size", legacyPth(stateDictPickle(list, pickleStyle{}), shorter), "another size than its tensor"},
		{"legacy without a storage", legacyPth(stateDictPickle(list, pickleStyle{}), list[:3]), "lists other storages"},
		{"zip cut off", zipped[:len(zipped)-30], "is a zip archive that is cut off or damaged"},
		{"zip without a storage", zipPth(stateDictPickle(list, pickleStyle{zip: true}), list[:3]), `lacks storage "3"`},
		{"zip storage size", zipPth(stateDictPickle(list, pickleStyle{zip: true}), shorter), "another size than its tensor"},
		{"other zip", zipFile(map[string]string{"word/document.xml": "x"}), "is a zip archive that torch.save did not write"},
		{"TorchScript", zipFile(map[string]string{"a/data.pkl": "x", "a/constants.pkl": "y"}), "is a TorchScript program"},
		{"not a dictionary", zipPth([]byte("\x80\x02K\x01."), nil), "other than a state_dict"},
		{"long string", zipPth([]byte("\x80\x02X\xff\xff\xff\xffabc."), nil), "its pickle ends too early"},
		{"empty stack", zipPth([]byte("\x80\x02R."), nil), "empty stack"},
		{"lost mark", zipPth([]byte("\x80\x02t."), nil), "lacks a mark"},
		{"instruction", zipPth([]byte("\x80\x02ios\nsystem\n."), nil), "instruction 0x69"},
		{"memo", zipPth([]byte("\x80\x02h\x05."), nil), "recalls what it never stored"},
		{"protocol", zipPth([]byte("\x80\x09."), nil), "protocol 9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readBytes(t, test.content)
			wantError(t, err, test.want)
		})
	}
}

func zipFile(members map[string]string) []byte {
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for name, content := range members {
		w, _ := archive.Create(name)
		w.Write([]byte(content))
	}
	archive.Close()
	return file.Bytes()
}

// A tensor must not reach beyond its storage, nor make the reader allocate more than the file has.
func TestPthBounds(t *testing.T) {
	weight := filled("features.0.weight", ascending, 1, 3, 3, 3)
	for _, test := range []struct {
		want    string
		strides []int
	}{
		{"reaches beyond its storage of 27 elements", []int{27, 9, 3, 2}},
		{"reaches beyond its storage of 27 elements", []int{1 << 30, 1 << 30, 1 << 30, 1 << 30}},
		{"makes a tensor of the wrong parts", []int{27, 9, 3, -1}},
	} {
		p := &pickler{}
		p.op(0x80, 2, '}')
		p.text(pickleStyle{}, weight.name)
		p.tensor(pickleStyle{zip: true}, weight, "0", 0, test.strides)
		p.op('s', '.')
		_, err := readBytes(t, zipPth(p.Bytes(), []rawTensor{weight}))
		wantError(t, err, test.want)
	}
}

// A few bytes can stand for a value of 2⁶⁰ parts, or ask for the same list again and again.
func TestPthBombs(t *testing.T) {
	shared := ")" + strings.Repeat("q\x00h\x00\x86", 60) // a tuple of itself, twice, sixty times
	pairs := "](" + strings.Repeat("K\x01K\x02\x86", 1000) + "eq\x000"
	dict := "ccollections\nOrderedDict\nh\x00\x85R"
	protocol := strings.Replace(string(legacyPth(nil, nil)), "M\xe9\x03.", shared+".", 1)
	for want, content := range map[string][]byte{
		"its pickle calls something else in a way": zipPth([]byte("\x80\x02"+shared+")R."), nil),
		"has torch.save protocol something else":   []byte(protocol),
		"makes a dictionary of something":          zipPth([]byte("\x80\x02"+strings.Repeat("ccollections\nOrderedDict\n", 20_000)+")"+strings.Repeat("R\x85", 20_000)+"."), nil),
		"longer, or nested deeper,":                zipPth([]byte("\x80\x02)"+strings.Repeat("\x85", 1<<20)+"."), nil),
		"than weights need":                        zipPth([]byte("\x80\x02"+pairs+strings.Repeat(dict, 10_000)+"."), nil),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readBytes(t, content)
		runtime.ReadMemStats(&after)
		wantError(t, err, want)
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 64 || len(err.Error()) > 1000 {
			t.Errorf("%d MB, and a message of %d bytes", took, len(err.Error()))
		}
	}
}

// The two files were written by PyTorch itself, see testdata/README.md.
func TestPthFromPyTorch(t *testing.T) {
	want, err := Read(context.Background(), filepath.Join("testdata", "torch.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"torch-legacy.pth", "torch-zip.pth"} {
		got, err := Read(context.Background(), filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Convs) != 16 {
			t.Errorf("%s: %d convolutions", name, len(got.Convs))
		}
		sameNetworks(t, got, want)
	}
	if _, err := os.Stat("testdata/README.md"); err != nil {
		t.Error(err)
	}
}

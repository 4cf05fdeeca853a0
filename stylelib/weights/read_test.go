package weights

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
)

// Element (o, i, h, w) of a filter must end up at (h, w, i, o).
func TestFilterOrder(t *testing.T) {
	const out, in = 2, 3
	net, err := readBytes(t, safetensorsBytes(nil,
		filled("features.0.weight", func(k int) float32 {
			o, i, h, w := k/27, k/9%3, k/3%3, k%3
			return float32(1000*o + 100*i + 10*h + w)
		}, out, in, 3, 3),
		filled("features.0.bias", func(k int) float32 { return float32(7 + k) }, out)))
	if err != nil {
		t.Fatal(err)
	}
	filter := flat(t, net.Convs[0].Filter)
	for h := range 3 {
		for w := range 3 {
			for i := range in {
				for o := range out {
					if got, want := filter[((h*3+w)*in+i)*out+o], float32(1000*o+100*i+10*h+w); got != want {
						t.Errorf("element [%d %d %d %d] is %v, want %v", h, w, i, o, got, want)
					}
				}
			}
		}
	}
	if bias := flat(t, net.Convs[0].Bias); bias[0] != 7 || bias[1] != 8 {
		t.Errorf("bias is %v", bias)
	}
}

func TestFloatTypes(t *testing.T) {
	tests := []struct {
		dtype string
		raw   []byte // 1.5, -0.25
	}{
		{"F16", []byte{0x00, 0x3e, 0x00, 0xb4}},
		{"BF16", []byte{0xc0, 0x3f, 0x80, 0xbe}},
		{"F64", []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0xd0, 0xbf}},
		{"F32", float32Bytes(1.5, -0.25)},
	}
	for _, test := range tests {
		net, err := readBytes(t, safetensorsBytes(nil, filled("features.0.weight", ascending, 2, 3, 3, 3),
			rawTensor{"features.0.bias", test.dtype, []int{2}, test.raw}))
		if err != nil {
			t.Errorf("%s: %v", test.dtype, err)
			continue
		}
		if bias := flat(t, net.Convs[0].Bias); bias[0] != 1.5 || bias[1] != -0.25 {
			t.Errorf("%s: bias is %v, want [1.5 -0.25]", test.dtype, bias)
		}
	}
}

func TestOtherTensorsAreIgnored(t *testing.T) {
	list := narrowTensors(2, 3)
	for i := range list {
		list[i].name = "module." + list[i].name
	}
	list = append(list, filled("module.classifier.0.weight", func(int) float32 { return float32(math.NaN()) }, 4, 4),
		rawTensor{"step", "I64", []int{}, make([]byte, 8)})
	net, err := readBytes(t, safetensorsBytes(nil, list...))
	if err != nil {
		t.Fatal(err)
	}
	if len(net.Convs) != 2 || net.Convs[1].Index != 2 || net.Convs[1].Filter.Shape().Dimensions[3] != 3 {
		t.Errorf("read %d convolutions, the second %v", len(net.Convs), net.Convs[1])
	}
}

func TestLayers(t *testing.T) {
	content := safetensorsBytes(nil, narrowTensors(1, 2, 3, 1)...) // up to conv2_2, layer 7
	for _, test := range []struct {
		layers []string
		convs  int
	}{
		{[]string{"0"}, 1}, {[]string{"relu1_1"}, 1}, {[]string{"conv1_2"}, 2}, {[]string{"pool1", "conv1_1"}, 2},
		{[]string{"conv2_last", "7", "conv1_1"}, 4}, {[]string{"pool2"}, 4}, {nil, 4}, {[]string{}, 4},
	} {
		net, err := readBytes(t, content, test.layers...)
		if err != nil {
			t.Errorf("%v: %v", test.layers, err)
		} else if len(net.Convs) != test.convs {
			t.Errorf("%v: %d convolutions, want %d", test.layers, len(net.Convs), test.convs)
		}
	}
	_, err := readBytes(t, content, "conv1_1", "10")
	wantError(t, err, "stops at conv2_2 (7), but conv3_1 (10) is needed", "earlier layers")
	var depth *DepthError
	if !errors.As(err, &depth) || depth.Has.Index != 7 || depth.Needs.Index != 10 {
		t.Errorf("error holds %+v", depth)
	}
	for _, name := range []string{"37", "-2", "conv1_3", ""} {
		var layer *sl.LayerError
		_, err := readBytes(t, content, "conv1_1", name)
		wantError(t, err, "VGG-19 has no layer", "choose other layers")
		if !errors.As(err, &layer) || layer.Layer != name {
			t.Errorf("layer %q gives %v", name, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	tests := []struct {
		metadata map[string]string
		pooling  sl.Pooling
		padding  sl.Padding
		wrong    string
	}{
		{nil, sl.MaxPooling, sl.ZeroPadding, ""},
		{map[string]string{"pool": "average", "padding": "reflect", "title": "x"}, sl.AveragePooling, sl.ReflectPadding, ""},
		{map[string]string{"pool": "max", "padding": "zero"}, sl.MaxPooling, sl.ZeroPadding, ""},
		{map[string]string{"pool": "l2"}, "", "", `pool "l2"; known are max and average`},
		{map[string]string{"padding": ""}, "", "", `padding ""; known are zero and reflect`},
	}
	for _, test := range tests {
		net, err := readBytes(t, safetensorsBytes(test.metadata, narrowTensors(1)...))
		if test.wrong != "" {
			wantError(t, err, test.wrong)
		} else if err != nil || net.Pooling != test.pooling || net.Padding != test.padding {
			t.Errorf("%v: network %+v, error %v", test.metadata, net, err)
		}
	}
}

func TestUnusableFiles(t *testing.T) {
	good := safetensorsBytes(nil, narrowTensors(1, 1)...)
	with := func(change func(list []rawTensor) []rawTensor) []byte {
		return safetensorsBytes(nil, change(narrowTensors(1, 1, 1, 1))...)
	}
	rename := func(i int, name string) []byte {
		return with(func(list []rawTensor) []rawTensor { list[i].name = name; return list })
	}
	tests := []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "is empty"},
		{"html", []byte("\n<!DOCTYPE html><html>Log in</html>"), "is an HTML page, neither"},
		{"jpeg", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), "is a JPEG picture"},
		{"lfs", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "a Git LFS pointer"},
		{"text", []byte("not found"), "is a text file"},
		{"zeros", make([]byte, 600), "nothing but zeros"},
		{"tar", append(append(make([]byte, 257), "ustar\x0000"...), make([]byte, 600)...), "is a tar archive"},
		{"noise", []byte{9, 1, 200, 3, 4, 5, 6, 7, 8, 9, 10}, "of an unknown kind"},
		{"cut off in data", good[:len(good)-5], "is cut off"},
		{"cut off in header", good[:60], "is cut off inside its header"},
		{"bytes behind", append(bytes.Clone(good), 0), "has 1 bytes behind its last tensor"},
		{"huge header", append(bytes.Repeat([]byte{0xff}, 8), "{}"...), "has a header of 18446744073709551615 bytes"},
		{"header too long", append([]byte{1, 0, 0x80, 0, 0, 0, 0, 0}, "{}"...), "at most 8388608 are accepted"},
		{"json", withHeader(`{"features.0.weight":{"dtype":`, nil), "damaged header"},
		{"second object", withHeader(`{} {}`, nil), "behind the JSON object"},
		{"name twice", withHeader(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)), `names "a" twice`},
		{"overlap", withHeader(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)), "overlap or leave a gap at byte 4"},
		{"hole", withHeader(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, make([]byte, 8)), "overlap or leave a gap at byte 0"},
		{"offsets and shape", withHeader(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, make([]byte, 4)), "takes 8 bytes"},
		{"negative", withHeader(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, make([]byte, 4)), "impossible shape [-1]"},
		{"overflow", withHeader(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, nil), "impossible shape"},
		{"unknown type", withHeader(`{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`, make([]byte, 4)), `a: unknown type "F31"`},
		{"no tensors", withHeader(`{}`, nil), "holds no tensors"},
		{"other names", rename(0, "conv1.weight"), "lacks features.0.weight"},
		{"only other names", safetensorsBytes(nil, filled("conv1.weight", ascending, 1)), `no tensor named features.0.weight (its first is "conv1.weight")`},
		{"another network", rename(1, "features.1.bias"), "has features.1, where no convolution of VGG-19, VGG-16, VGG-13, VGG-11 stands: another network?"},
		{"batch norm", rename(1, "features.0.running_mean"), "has features.0.running_mean, which no VGG has"},
		{"two prefixes", rename(2, "a.features.0.weight"), "has both features.0.weight and a.features.0.weight"},
		{"missing bias", with(func(l []rawTensor) []rawTensor { return append(l[:3], l[4:]...) }), "lacks features.2.bias, the bias of conv1_2"},
		{"gap", with(func(l []rawTensor) []rawTensor { return append(l[:2], l[6:]...) }), "lacks conv1_2 (features.2) but has conv2_2 (features.7)"},
		{"starts late", with(func(l []rawTensor) []rawTensor { return l[2:] }), "lacks conv1_1 (features.0)"},
		{"filter shape", with(func(l []rawTensor) []rawTensor {
			l[2] = filled("features.2.weight", ascending, 1, 2, 3, 3)
			return l
		}), "features.2.weight (conv1_2) has shape [1 2 3 3], expected [out 1 3 3]"},
		{"5x5", with(func(l []rawTensor) []rawTensor {
			l[0] = filled("features.0.weight", ascending, 1, 3, 5, 5)
			return l
		}), "features.0.weight (conv1_1) has shape [1 3 5 5]"},
		{"bias shape", with(func(l []rawTensor) []rawTensor { l[1] = filled("features.0.bias", ascending, 2); return l }),
			"features.0.bias (conv1_1) has shape [2], expected [1]"},
		{"NaN", with(func(l []rawTensor) []rawTensor {
			l[4] = filled("features.5.weight", func(int) float32 { return float32(math.NaN()) }, 1, 1, 3, 3)
			return l
		}), "features.5.weight holds a value that is not finite (NaN)"},
		{"infinite", with(func(l []rawTensor) []rawTensor {
			l[3] = filled("features.2.bias", func(int) float32 { return float32(math.Inf(-1)) }, 1)
			return l
		}), "features.2.bias holds a value that is not finite (-Inf)"},
		{"integers", with(func(l []rawTensor) []rawTensor { l[1].dtype = "I32"; return l }),
			"features.0.bias has type I32"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readBytes(t, test.content)
			wantError(t, err, test.want)
			var file *FileError
			if !errors.As(err, &file) || file.Path == "" {
				t.Errorf("error %v is no FileError with a path", err)
			}
		})
	}
}

func TestUnreadablePaths(t *testing.T) {
	dir := t.TempDir()
	_, err := Read(context.Background(), dir)
	wantError(t, err, dir, "is a directory", "name the file inside it")
	_, err = Read(context.Background(), filepath.Join(dir, "none"))
	wantError(t, err, "does not exist")
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v does not wrap os.ErrNotExist", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	path := writeFile(t, filepath.Join(dir, "file"), safetensorsBytes(nil, narrowTensors(1)...))
	if _, err := Read(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled read gives %v", err)
	}
}

func TestWrite(t *testing.T) {
	net, err := Random(3, sl.VGG19, [5]int{2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	net.Pooling, net.Padding = sl.AveragePooling, sl.ReflectPadding
	dir := t.TempDir()
	path := filepath.Join(dir, "net.safetensors")
	if err := Write(path, net, map[string]string{"title": "a test", "pool": "max"}); err != nil {
		t.Fatal(err)
	}
	got, err := Read(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	sameNetworks(t, got, net)
	first, _ := os.ReadFile(path)
	if !strings.Contains(string(first), `"title":"a test"`) {
		t.Error("the metadata is not in the file")
	}
	if err := Write(path, net, map[string]string{"pool": "max", "title": "a test"}); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(path); !bytes.Equal(first, second) {
		t.Error("the same network gave other bytes")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("files left behind: %v", entries)
	}
	wantError(t, Write(filepath.Join(dir, "none", "x"), net, nil), "can't be written", "no such file")
	wantError(t, Write(path, &sl.Network{Architecture: sl.VGG19, Convs: net.Convs[1:]}, nil), "convolution 0 is not conv1_1 (0) of VGG-19")
	wantError(t, Write(path, &sl.Network{Architecture: sl.VGG16, Convs: net.Convs}, nil), "16 convolutions is no VGG-16")
	wantError(t, Write(path, &sl.Network{Architecture: sl.VGG19}, nil), "0 convolutions")
	wantError(t, Write(path, &sl.Network{Convs: net.Convs}, nil), "VGG-0 is none of VGG-19, VGG-16, VGG-13, VGG-11")
	if after, _ := os.ReadFile(path); !bytes.Equal(first, after) {
		t.Error("a failed write changed the file")
	}
}

// The networks lie outside the repository.
func TestTrainedNarrowNetwork(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "weights", "vgg19-narrow.safetensors")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no trained network to read: %v", err)
	}
	net, err := Read(context.Background(), path, "28")
	if err != nil {
		t.Fatal(err)
	}
	var widths []int
	for _, conv := range net.Convs {
		widths = append(widths, conv.Bias.Shape().Dimensions[0])
	}
	want := []int{16, 16, 32, 32, 64, 64, 64, 64, 128, 128, 128, 128, 128}
	if !slices.Equal(widths, want) || net.Convs[12].Index != 28 {
		t.Errorf("widths are %v, want %v", widths, want)
	}
}

// Whatever bytes there are, parsing ends with a result or an error.
func FuzzParse(f *testing.F) {
	f.Add(safetensorsBytes(map[string]string{"pool": "max"}, narrowTensors(1, 1)...))
	f.Add(legacyPth(stateDictPickle(narrowTensors(1, 1), pickleStyle{}), narrowTensors(1, 1)))
	f.Add(zipPth(stateDictPickle(narrowTensors(1, 1), pickleStyle{zip: true}), narrowTensors(1, 1)))
	f.Fuzz(func(t *testing.T, content []byte) {
		_, _ = readNetwork(context.Background(), bytes.NewReader(content), int64(len(content)), request{})
	})
}

func TestDecode(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "data", "weights", "vgg19-random.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	net, err := Decode(t.Context(), data, "random", "28")
	if err != nil || len(net.Convs) != 13 {
		t.Fatalf("got %v and %v, want 13 convolutions", net, err)
	}
	var file *FileError
	if _, err := Decode(t.Context(), data[:1000], "the half", "28"); !errors.As(err, &file) || file.Path != "the half" {
		t.Errorf("a cut-off file gives %v, want a *FileError that names it", err)
	}
}

package weights

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	sl "stylebook/stylelib"
)

// widthsOf gives every convolution another number of channels than the one before.
func widthsOf(architecture sl.Architecture) (widths []int) {
	for i := range convsOf(architecture) {
		widths = append(widths, 1+i%3)
	}
	return widths
}

// Every network comes back from every format.
func TestEveryArchitecture(t *testing.T) {
	for _, architecture := range sl.Architectures() {
		list := append(narrowTensorsOf(architecture, widthsOf(architecture)...), filled("classifier.0.weight", ascending, 2, 2))
		zipped := pickleStyle{zip: true}
		var first *sl.Network
		for name, content := range map[string][]byte{
			"safetensors": safetensorsBytes(nil, list...),
			"told":        safetensorsBytes(map[string]string{"architecture": slug(architecture)}, list...),
			"zip":         zipPth(stateDictPickle(list, zipped), list),
			"legacy":      legacyPth(stateDictPickle(list, pickleStyle{}), list),
			"2017":        legacyPth(stateDictPickle(list, pickleStyle{v1: true}), list),
		} {
			t.Run(architecture.String()+"/"+name, func(t *testing.T) {
				net, err := readBytes(t, content)
				if err != nil {
					t.Fatal(err)
				}
				if net.Architecture != architecture || len(net.Convs) != int(architecture)-3 {
					t.Errorf("got %s with %d convolutions", net.Architecture, len(net.Convs))
				}
				if first == nil {
					first = net
				}
				sameNetworks(t, net, first)
				if got, want := describe(net), "narrow "+architecture.String(); got != want {
					t.Errorf("it is called %q, want %q", got, want)
				}
			})
		}
	}
}

func TestArchitectureOfAFile(t *testing.T) {
	told := func(key string) map[string]string { return map[string]string{"architecture": key} }
	of := func(architecture sl.Architecture, convs int) []rawTensor {
		return narrowTensorsOf(architecture, widthsOf(architecture)[:convs]...)
	}
	for _, test := range []struct {
		metadata map[string]string
		list     []rawTensor
		want     sl.Architecture
	}{
		{nil, of(sl.VGG16, 7), sl.VGG19}, // 0 to 14 are common to both
		{nil, of(sl.VGG16, 8), sl.VGG16},
		{nil, of(sl.VGG13, 6), sl.VGG19},
		{nil, of(sl.VGG13, 7), sl.VGG13},
		{nil, of(sl.VGG11, 1), sl.VGG19},
		{nil, of(sl.VGG11, 2), sl.VGG11},
		{told("vgg16"), of(sl.VGG16, 7), sl.VGG16},
		{told("vgg13"), of(sl.VGG16, 2), sl.VGG13},
		{told("vgg11"), of(sl.VGG16, 1), sl.VGG11},
		{told("vgg19"), of(sl.VGG19, 16), sl.VGG19},
	} {
		net, err := readBytes(t, safetensorsBytes(test.metadata, test.list...))
		if err != nil || net.Architecture != test.want || len(net.Convs) != len(test.list)/2 {
			t.Errorf("%v, %d convolutions: got %+v, %v; want %s", test.metadata, len(test.list)/2, net, err, test.want)
		}
	}
	for key, want := range map[string]string{
		"vgg16":  `has metadata architecture "vgg16", but features.16, where VGG-16 has no convolution`,
		"vgg11":  `has metadata architecture "vgg11", but features.2, where VGG-11 has no convolution`,
		"VGG-19": `has metadata architecture "VGG-19", which is not vgg and the number of VGG-19, VGG-16, VGG-13, VGG-11`,
		"":       `has metadata architecture "", which`,
	} {
		_, err := readBytes(t, safetensorsBytes(told(key), of(sl.VGG19, 9)...))
		wantError(t, err, want)
		var file *FileError
		if !errors.As(err, &file) {
			t.Errorf("%v is no FileError", err)
		}
	}
	mixed := append(of(sl.VGG19, 9), filled("features.17.weight", ascending, 1, 1, 3, 3))
	_, err := readBytes(t, safetensorsBytes(nil, mixed...))
	wantError(t, err, "has features.17, where no convolution of VGG-19 stands: another network?")
	gap := of(sl.VGG16, 9)
	_, err = readBytes(t, safetensorsBytes(nil, append(gap[:12:12], gap[14:]...)...))
	wantError(t, err, "lacks conv3_3 (features.14) but has conv4_1 (features.17)")
}

// Names of layers are those of the file's network.
func TestLayersOfAnotherArchitecture(t *testing.T) {
	content := safetensorsBytes(nil, narrowTensorsOf(sl.VGG16, widthsOf(sl.VGG16)[:10]...)...) // up to conv4_3
	for name, convs := range map[string]int{"conv4_last": 10, "conv4_3": 10, "conv4_1": 8, "17": 8, "pool3": 7} {
		if net, err := readBytes(t, content, "conv1_1", name); err != nil || len(net.Convs) != convs {
			t.Errorf("%s: %v, %v; want %d convolutions", name, net, err, convs)
		}
	}
	_, err := readBytes(t, content, "conv4_4")
	wantError(t, err, `VGG-16 has no layer "conv4_4"`, "choose other layers or other weights")
	var layer *sl.LayerError
	if !errors.As(err, &layer) || layer.Network != sl.VGG16 {
		t.Errorf("got %v", err)
	}
	_, err = readBytes(t, content, "conv5_1")
	wantError(t, err, "stops at conv4_3 (21), but conv5_1 (24) is needed")
}

func TestWriteAnotherArchitecture(t *testing.T) {
	dir := t.TempDir()
	for _, architecture := range sl.Architectures() {
		net, err := Random(3, architecture, [5]int{2, 3, 4, 5, 6}, "conv2_1")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, slug(architecture))
		if err := Write(path, net, map[string]string{"architecture": "vgg7"}); err != nil {
			t.Fatal(err)
		}
		got, err := Read(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		sameNetworks(t, got, net)
		content, _ := os.ReadFile(path)
		if told := strings.Contains(string(content), `"architecture":"`+slug(architecture)+`"`); told != (architecture != sl.VGG19) {
			t.Errorf("the file of %s says it: %v", architecture, told)
		}
	}
}

// The hash was taken when there was only VGG-19: its files stay the same, byte for byte.
func TestFilesOfVGG19StayTheSame(t *testing.T) {
	net, err := Random(3, sl.VGG19, [5]int{2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	net.Pooling, net.Padding = sl.AveragePooling, sl.ReflectPadding
	path := filepath.Join(t.TempDir(), "net")
	if err := Write(path, net, map[string]string{"title": "a test <1>", "pool": "max"}); err != nil {
		t.Fatal(err)
	}
	content, _ := os.ReadFile(path)
	if got, want := fmt.Sprintf("%x", sha256.Sum256(content)), "3c140965a06524070ed8d54d2f14a5887224efb382a5bfd69f242b8d747c4e22"; got != want {
		t.Errorf("SHA-256 is %s, want %s", got, want)
	}
}

func TestRandomOfAnotherArchitecture(t *testing.T) {
	net, err := Random(7, sl.VGG16, FullWidths(), "conv1_last")
	if err != nil {
		t.Fatal(err)
	}
	same, _ := Random(7, sl.VGG19, FullWidths(), "conv1_2")
	same.Architecture = sl.VGG16
	sameNetworks(t, net, same) // layers of the same index have the same filters
	if describe(net) != "VGG-16" || describe(&sl.Network{Architecture: sl.VGG19, Convs: net.Convs}) != "VGG-19" {
		t.Errorf("it is called %q", describe(net))
	}
	var layer *sl.LayerError
	if _, err := Random(7, sl.VGG16, FullWidths(), "conv3_4"); !errors.As(err, &layer) {
		t.Errorf("conv3_4 gives %v", err)
	}
	_, err = Random(7, 17, FullWidths())
	wantError(t, err, "VGG-17 is none of VGG-19")
}

// A file of another network is taken where it is named. Where VGG-19 is looked for, it is passed over.
func TestLoadAnotherArchitecture(t *testing.T) {
	content := safetensorsBytes(nil, narrowTensorsOf(sl.VGG16, widthsOf(sl.VGG16)...)...)
	dir := t.TempDir()
	options := testOptions(filepath.Join(dir, "cache"))
	options.Spec = writeFile(t, filepath.Join(dir, "vgg16.safetensors"), content)
	options.Layers = []string{"conv4_last", "conv5_1"}
	loaded := mustLoad(t, options)
	if loaded.Network.Architecture != sl.VGG16 || len(loaded.Network.Convs) != 11 || loaded.Source != "narrow VGG-16 from "+options.Spec {
		t.Errorf("got %+v", loaded)
	}

	options.Spec = Auto
	writeFile(t, filepath.Join(options.CacheDir, "vgg19-to-conv5_1.safetensors"), content)
	writeFile(t, filepath.Join(dir, "hub/checkpoints", pthName), content)
	options.Getenv = environment(map[string]string{"TORCH_HOME": dir})
	server := newServer(t, content)
	options.Sources = []Remote{{URL: server.URL}, {URL: server.URL, Whole: true}}
	loaded = mustLoad(t, options)
	if got := strings.Count(loaded.Why, "is VGG-16, not VGG-19"); got != 4 || !isOffline(loaded) {
		t.Errorf("%d of 4 places are passed over: %+v", got, loaded)
	}

	options.Layers = []string{"conv6_1"}
	var layer *sl.LayerError
	if _, err := Load(t.Context(), options); !errors.As(err, &layer) {
		t.Errorf("a layer that VGG-19 lacks gives %v", err)
	}
}

// The cache can hold other networks beside VGG-19.
func TestCacheFileNames(t *testing.T) {
	c := &cache{dir: t.TempDir()}
	convs := convsOf(sl.VGG16)
	path := c.fileFor(sl.VGG16, convs[10])
	if filepath.Base(path) != "vgg16-to-conv5_1.safetensors" {
		t.Errorf("it is called %s", path)
	}
	writeFile(t, path, nil)
	if found := c.candidates(sl.VGG16, 11); len(found) != 1 || found[0] != path {
		t.Errorf("found %v", found)
	}
	if found := append(c.candidates(sl.VGG16, 12), c.candidates(sl.VGG19, 1)...); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

func wantClean(t *testing.T, name string, err error, part string) {
	t.Helper()
	if err == nil || strings.ContainsFunc(err.Error(), unicode.IsControl) || !strings.Contains(err.Error(), part) {
		t.Errorf("%s: %q must be clean and have %s", name, err, part)
	}
}

// A name, of a file or inside it, can't break the line of a message, flood it, or colour a terminal.
func TestMessagesAreShortAndClean(t *testing.T) {
	evil := "\x1b[31m\n\u009b" + strings.Repeat("x", 1<<16)
	weight, bias := filled("features.0.weight", ascending, 1, 3, 3, 3), filled("features.0.bias", ascending, 1)
	named := func(name string) []byte {
		p := &pickler{}
		p.op(0x80, 2, '}')
		p.text(pickleStyle{}, weight.name)
		p.tensor(pickleStyle{zip: true}, weight, name, 0, rowMajor(weight.shape))
		p.op('s', '.')
		return zipPth(p.Bytes(), nil)
	}
	long := filled("\x1b"+strings.Repeat("x", 1<<16)+".features.0.weight", ascending, 1, 3, 5, 5)
	for name, content := range map[string][]byte{
		"storage":  named(evil),
		"class":    zipPth([]byte("\x80\x02c\x1b[31m"+strings.Repeat("x", 1<<16)+"\nsystem\n."), nil),
		"tensor":   safetensorsBytes(nil, long, bias),
		"others":   safetensorsBytes(nil, filled(evil, ascending, 1)),
		"metadata": safetensorsBytes(map[string]string{"pool": evil}, weight, bias),
		"type":     safetensorsBytes(nil, rawTensor{"x", evil, []int{1}, make([]byte, 4)}),
	} {
		_, err := readBytes(t, content)
		wantClean(t, name, err, "weights file")
		if len(err.Error()) > 1500 {
			t.Errorf("%s: the message has %d bytes", name, len(err.Error()))
		}
	}

	dir := filepath.Join(t.TempDir(), "a\n\x1b[31m")
	_, err := Read(t.Context(), filepath.Join(dir, "none"))
	wantClean(t, "missing", err, `a\n\x1b[31m`)
	net, _ := Random(1, sl.VGG19, [5]int{1, 1, 1, 1, 1}, "0")
	wantClean(t, "write", Write(filepath.Join(dir, "none"), net, nil), `a\n\x1b[31m`)
	path := writeFile(t, filepath.Join(dir, "net"), safetensorsBytes(nil, weight, bias))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Read(ctx, path)
	wantClean(t, "canceled", err, `a\n\x1b[31m`)

	options := testOptions(filepath.Join(dir, "cache"))
	options.Layers, options.Spec = []string{"0"}, path
	wantClean(t, "source", errors.New(mustLoad(t, options).Source), `a\n\x1b[31m`)
	options.Spec, options.CacheDir = Auto, filepath.Join(path, "no folder")
	options.Sources = []Remote{{URL: "http://127.0.0.1:1"}}
	wantClean(t, "why", errors.New(mustLoad(t, options).Why), `a\n\x1b[31m`)
}

package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	sl "stylebook/stylelib"
)

// narrowFile is a complete safetensors file whose network differs with the seed.
func narrowFile(t *testing.T, seed int64, layers ...string) ([]byte, *sl.Network) {
	t.Helper()
	net, err := Random(seed, sl.VGG19, [5]int{2, 3, 4, 5, 6}, layers...)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net")
	if err := Write(path, net, nil); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, net
}

// upTo cuts a network off behind a layer.
func upTo(net *sl.Network, lastLayer int) *sl.Network {
	short := *net
	short.Convs = slices.DeleteFunc(slices.Clone(net.Convs), func(c sl.Conv) bool { return c.Index > lastLayer })
	return &short
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// Each place that auto looks in wins over those after it.
func TestAutoOrder(t *testing.T) {
	dir := t.TempDir()
	variables := map[string]string{"HOME": filepath.Join(dir, "home")}
	remote, _ := narrowFile(t, 1)
	server := newServer(t, remote)
	options := testOptions(filepath.Join(dir, "cache"))
	options.Getenv = environment(variables)
	options.Layers = []string{"12"}

	expect := func(seed int64, source, path, note string) *Loaded {
		t.Helper()
		loaded := mustLoad(t, options)
		if seed >= 0 {
			_, want := narrowFile(t, seed)
			sameNetworks(t, loaded.Network, upTo(want, 12))
		}
		if !strings.Contains(loaded.Source, source) || loaded.Path != path || !strings.Contains(loaded.Note, note) || (note == "" && loaded.Note != "") {
			t.Fatalf("got %+v; want source %q, path %q, note %q", *loaded, source, path, note)
		}
		if loaded.Normalize || isOffline(loaded) != (path == "") {
			t.Errorf("Normalize is %v for %s", loaded.Normalize, loaded.Source)
		}
		return loaded
	}

	loaded := expect(-1, "offline network", "", "downloads are turned off")
	if !strings.Contains(loaded.Note, "stylize doctor says what to do") {
		t.Errorf("the note gives no advice: %s", loaded.Note)
	}

	options.Sources = []Remote{{URL: server.URL + "/model.safetensors"}}
	cached := filepath.Join(dir, "cache", "vgg19-to-conv3_2.safetensors")
	expect(1, "narrow VGG-19 from "+server.URL, cached, "")
	options.Sources = nil
	expect(1, "(stylebook's cache)", cached, "")

	os.RemoveAll(options.CacheDir)
	content, _ := narrowFile(t, 2)
	hub := writeFile(t, filepath.Join(dir, "home/.cache/torch/hub/checkpoints", pthName), content)
	expect(2, "(PyTorch's hub cache)", hub, "is not torchvision's file")
	content, _ = narrowFile(t, 3)
	variables["XDG_CACHE_HOME"] = filepath.Join(dir, "xdg")
	hub = writeFile(t, filepath.Join(dir, "xdg/torch/hub/checkpoints", pthName), content)
	expect(3, "hub cache", hub, "is not torchvision's file")
	content, _ = narrowFile(t, 4)
	variables["TORCH_HOME"] = "~/torch"
	hub = writeFile(t, filepath.Join(dir, "home/torch/hub/checkpoints", pthName), content)
	expect(4, "hub cache", hub, "is not torchvision's file")

	content, _ = narrowFile(t, 5)
	deeper := writeFile(t, filepath.Join(dir, "cache", "vgg19-to-conv4_1.safetensors"), content)
	expect(5, "(stylebook's cache)", deeper, "")

	content, _ = narrowFile(t, 6)
	variables[EnvWeights] = writeFile(t, filepath.Join(dir, "mine.safetensors"), content)
	expect(6, "(STYLEBOOK_WEIGHTS)", variables[EnvWeights], "")
	variables[EnvWeights] = "auto"
	expect(5, "stylebook's cache", deeper, "")
	variables[EnvWeights] = "offline"
	expect(-1, "ships with stylebook (STYLEBOOK_WEIGHTS)", "", offlineRemedy)
	options.Spec = "mine.safetensors"
	options.Dir = dir
	expect(6, "mine.safetensors", filepath.Join(dir, "mine.safetensors"), "")
}

func TestBadNamedFileIsAnError(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, filepath.Join(dir, "page.html"), []byte("<html>"))
	options := testOptions(dir)
	options.Getenv = environment(map[string]string{EnvWeights: "page.html"})
	options.Dir = dir
	_, err := Load(context.Background(), options)
	wantError(t, err, "STYLEBOOK_WEIGHTS: ", path, "is an HTML page")
	var file *FileError
	if !errors.As(err, &file) || file.Path != path {
		t.Errorf("no FileError in %v", err)
	}
	options.Spec = "none.pth"
	_, err = Load(context.Background(), options)
	wantError(t, err, filepath.Join(dir, "none.pth"), "does not exist")
	options.Spec = "https://example.org/vgg19.pth"
	_, err = Load(context.Background(), options)
	wantError(t, err, "is an address, not a file")
	var layer *sl.LayerError
	options.Spec, options.Layers = Offline, []string{"40"}
	if _, err = Load(context.Background(), options); !errors.As(err, &layer) {
		t.Errorf("layer 40 gives %v", err)
	}
}

func TestRelativePathsCountFromHere(t *testing.T) {
	content, _ := narrowFile(t, 1)
	t.Chdir(t.TempDir())
	writeFile(t, "vgg.safetensors", content)
	options := testOptions("cache")
	options.Spec = "vgg.safetensors"
	if loaded := mustLoad(t, options); loaded.Path != "vgg.safetensors" {
		t.Errorf("path is %s", loaded.Path)
	}
}

func TestDamagedHubFileIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	content, _ := narrowFile(t, 1)
	writeFile(t, filepath.Join(dir, "hub/checkpoints", pthName), content[:len(content)/2])
	options := testOptions(filepath.Join(dir, "cache"))
	options.Getenv = environment(map[string]string{"TORCH_HOME": dir})
	loaded := mustLoad(t, options)
	for _, part := range []string{"passed over a file in PyTorch's hub cache", pthName, "is cut off"} {
		if !strings.Contains(loaded.Why, part) {
			t.Errorf("why %q lacks %q", loaded.Why, part)
		}
	}
}

// A single changed byte in the cache is seen, told, and repaired by a download.
func TestDamagedCache(t *testing.T) {
	content, net := narrowFile(t, 1)
	server := newServer(t, content)
	options := testOptions(t.TempDir(), Remote{URL: server.URL})
	first := mustLoad(t, options)
	cached, err := os.ReadFile(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cached)
	if want := hex.EncodeToString(sum[:]); first.SHA256 != want {
		t.Errorf("SHA-256 is %s, want %s", first.SHA256, want)
	}
	recorded, _ := os.ReadFile(first.Path + ".sha256")
	if string(recorded) != first.SHA256+"  vgg19-to-conv5_1.safetensors\n" {
		t.Errorf("recorded is %q", recorded)
	}

	for name, damage := range map[string]func() error{
		"bit":       func() error { return flipBit(first.Path) },
		"truncated": func() error { return os.Truncate(first.Path, 100) },
		"record":    func() error { return os.WriteFile(first.Path+".sha256", []byte("?"), 0o644) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		server.set(nil)
		loaded := mustLoad(t, options)
		if !strings.Contains(loaded.Note, "passed over a cached file") || !strings.Contains(loaded.Note, first.Path) {
			t.Errorf("%s: note is %q", name, loaded.Note)
		}
		if requests, _ := server.log(); len(requests) == 0 {
			t.Errorf("%s: nothing was downloaded", name)
		}
		sameNetworks(t, loaded.Network, upTo(net, 28))
		if again := mustLoad(t, options); again.Note != "" || !strings.Contains(again.Source, "cache") {
			t.Errorf("%s: after the repair: %+v", name, again)
		}
	}
}

func flipBit(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	content[len(content)-3] ^= 1
	return os.WriteFile(path, content, 0o644)
}

func TestCacheServesUpToItsDepth(t *testing.T) {
	content, net := narrowFile(t, 1)
	server := newServer(t, content)
	options := testOptions(t.TempDir(), Remote{URL: server.URL})
	options.Layers = []string{"9"}
	loaded := mustLoad(t, options)
	if filepath.Base(loaded.Path) != "vgg19-to-conv2_2.safetensors" {
		t.Errorf("cached as %s", loaded.Path)
	}
	server.set(nil)
	options.Layers = []string{"5"}
	sameNetworks(t, mustLoad(t, options).Network, upTo(net, 5))
	if requests, _ := server.log(); len(requests) > 0 {
		t.Errorf("a shallower run downloaded: %v", requests)
	}
	options.Layers = []string{"21", "conv2_1"}
	sameNetworks(t, mustLoad(t, options).Network, upTo(net, 21))
	options.Layers = nil
	sameNetworks(t, mustLoad(t, options).Network, net)
	if got := filepath.Base(mustLoad(t, options).Path); got != "vgg19-to-conv5_4.safetensors" {
		t.Errorf("all layers are cached as %s", got)
	}
}

func TestNoPlaceForDownloads(t *testing.T) {
	server := newServer(t, nil)
	blocked := writeFile(t, filepath.Join(t.TempDir(), "file"), nil)
	loaded := mustLoad(t, testOptions(filepath.Join(blocked, "cache"), Remote{URL: server.URL}))
	if !isOffline(loaded) || !strings.Contains(loaded.Why, "downloads can't be kept") {
		t.Errorf("got %+v", loaded)
	}
}

func TestDefault(t *testing.T) {
	options := Default()
	if options.Spec != "auto" || !slices.Equal(options.Layers, []string{"conv5_1"}) || len(options.Sources) != 2 || options.AnswerTimeout != 10*time.Second {
		t.Errorf("defaults are %+v", options)
	}
	if !options.Sources[1].Whole || !strings.Contains(options.Sources[1].URL, "vgg19-dcbb9e9d.pth") {
		t.Errorf("the second source is %+v", options.Sources[1])
	}
	if !regexp.MustCompile(`/resolve/[0-9a-f]{40}/`).MatchString(options.Sources[0].URL) {
		t.Errorf("%s names no revision", options.Sources[0].URL)
	}
	for architecture, file := range hubFiles {
		if len(file.sum) != 64 || !strings.HasSuffix(file.name, "-"+file.sum[:8]+".pth") {
			t.Errorf("%v: %+v", architecture, file)
		}
	}
}

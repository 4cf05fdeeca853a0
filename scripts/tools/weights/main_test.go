package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"stylebook/stylelib/weights"
)

func TestPipSettings(t *testing.T) {
	const usual = "https://usual.example/simple"
	if got := usualIndex("  -i, --index-url <url>       Base URL of the Index (default\n      " + usual + "). This should\n  --extra-index-url <url>"); got != usual {
		t.Errorf("the usual index is read as %q", got)
	}
	if got := usualIndex("  --extra-index-url <url>  Extra URLs"); got != "" {
		t.Errorf("an index is read as %q", got)
	}
	for told, want := range map[string]weights.Index{
		"": {URLs: []string{usual}},
		"global.index-url='https://mirror.example/simple'\nglobal.cert='/etc/ca.pem'\nglobal.proxy='http://p:3128'\n": {
			URLs: []string{"https://mirror.example/simple"}, Certs: "/etc/ca.pem", Proxy: "http://p:3128"},
		":env:.index-url='https://c.example/s'\ndownload.index-url='https://b.example/s'\nglobal.index-url='https://a.example/s'\nglobal.no-index='false'\n": {
			URLs: []string{"https://c.example/s"}},
		"install.extra-index-url='\\nhttps://a.example/s\\nhttps://b.example/s'\nglobal.timeout='60'\nuser.index-url='x'\n": {
			URLs: []string{usual, "https://a.example/s", "https://b.example/s"}},
		`global.cert="C:\\it's here\\ca.pem"`: {URLs: []string{usual}, Certs: `C:\it's here\ca.pem`},
	} {
		got, err := parseSettings(told, usual)
		if err != nil || !slices.Equal(got.URLs, want.URLs) || got.Proxy != want.Proxy || got.Certs != want.Certs {
			t.Errorf("%q gives %+v, %v; want %+v", told, got, err, want)
		}
	}
	if _, err := parseSettings("global.no-index='true'", usual); err == nil {
		t.Error("no-index has no effect")
	}
	if _, err := pipIndex(t.Context(), filepath.Join(t.TempDir(), "python")); err == nil {
		t.Error("a Python that isn't there answers")
	}
}

func TestHere(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "TORCH_HOME"} {
		t.Setenv(name, dir)
	}
	is := func(wanted string, want bool) {
		t.Helper()
		t.Setenv(weights.EnvWeights, wanted)
		if got := here(t.Context(), wanted); got != want {
			t.Errorf("%q: %v", wanted, got)
		}
	}
	for wanted, want := range map[string]bool{"": false, "auto": false, "vgg16": false, "offline": true, "net.safetensors": true} {
		is(wanted, want)
	}
	net, err := weights.Random(1, 16, [5]int{1, 1, 1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "stylebook", "weights", "vgg16-to-conv5_3.safetensors")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := weights.Write(path, net, nil); err != nil {
		t.Fatal(err)
	}
	for wanted, want := range map[string]bool{"": true, "vgg16": true, "vgg19": false} {
		is(wanted, want)
	}
}

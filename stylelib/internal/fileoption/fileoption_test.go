package fileoption_test

import (
	"os"
	"path/filepath"
	"testing"

	"stylebook/stylelib/internal/fileoption"
)

func TestFrom(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a,b"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, test := range []struct{ name, value, from, short string }{
		{"content", "x/a.png", in("x/a.png"), "a.png"},
		{"colours-mask", "x/a.png", in("x/a.png"), "a.png"},
		{"colours-mask", "", "", ""},
		{"style", "x/a.png,/y/b.png", in("x/a.png") + ",/y/b.png", "a.png,b.png"},
		{"style-mask", "a,b", `"` + in("a,b") + `"`, `"a,b"`},
		{"init", "noise", "noise", "noise"},
		{"init", "x/noise", in("x/noise"), "noise"},
		{"weights", "vgg16", "vgg16", "vgg16"},
		{"weights", "x/net.pth", in("x/net.pth"), "net.pth"},
		{"weights", "https://x/y", "https://x/y", "https://x/y"},
		{"style-layers", "conv1_1", "conv1_1", "conv1_1"},
	} {
		if got := fileoption.From(folder, test.name, test.value); got != test.from {
			t.Errorf("%s %s from %s is %s, want %s", test.name, test.value, folder, got, test.from)
		}
		if got := fileoption.Short(folder, test.name, test.value); got != test.short {
			t.Errorf("%s %s is short %s, want %s", test.name, test.value, got, test.short)
		}
	}
	for name, want := range map[string]string{"content": "sub/x.png", "style": "sub/x.png,sub/y.png"} {
		value := map[string]string{"content": "x.png", "style": "x.png,y.png"}[name]
		if got := fileoption.From("sub", name, value); got != want {
			t.Errorf("%s from a relative folder is %s, want %s", name, got, want)
		}
	}
}

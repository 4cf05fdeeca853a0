package request

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Names of files count from the folder that is said, words that stand in their place don't, and labels are without folders.
func TestFilesCountFromAFolder(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a,b"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, test := range []struct{ name, value, from, label string }{
		{"content", "x/a.png", in("x/a.png"), "a.png"},
		{"colours-mask", "x/a.png", in("x/a.png"), "a.png"},
		{"colours-mask", "", "", ""},
		{"style", "x/a.png,/y/b.png", in("x/a.png") + ",/y/b.png", "a.png,b.png"},
		{"style", "a.jpg, b.jpg,,", in("a.jpg") + "," + in("b.jpg"), "a.jpg,b.jpg"},
		{"style", `12" disc.jpg,b`, `"` + in(`12"" disc.jpg`) + `",` + in("b"), `"12"" disc.jpg",b`},
		{"style", "a\nb.jpg", `"` + in("a\nb.jpg") + `"`, "\"a\nb.jpg\""},
		{"style-mask", "a,b", `"` + in("a,b") + `"`, `"a,b"`},
		{"init", "noise", "noise", "noise"},
		{"init", "x/noise", in("x/noise"), "noise"},
		{"weights", "vgg16", "vgg16", "vgg16"},
		{"weights", "x/net.pth", in("x/net.pth"), "net.pth"},
		{"weights", "https://x/y", "https://x/y", "https://x/y"},
		{"content", "https://x/y/a,b.jpg?c=d,e", "https://x/y/a,b.jpg?c=d,e", "a,b.jpg"},
		{"style", `a.jpg,"https://x/843,/0/default.jpg", HTTPS://x/b`, in("a.jpg") + `,"https://x/843,/0/default.jpg",HTTPS://x/b`, `a.jpg,default.jpg,b`},
		{"init", "https://x/noise", "https://x/noise", "noise"},
		{"style-layers", "conv1_1", "conv1_1", "conv1_1"},
	} {
		r := Request{}
		if err := r.Set(folder, test.name, test.value); err != nil {
			t.Fatal(err)
		}
		if got := r.Text(test.name); got != test.from {
			t.Errorf("%s %s from %s is %s, want %s", test.name, test.value, folder, got, test.from)
		}
		if got := r.Label(test.name); got != test.label {
			t.Errorf("%s %s is labelled %s, want %s", test.name, test.value, got, test.label)
		}
	}
	r := Request{}
	if err := r.Set("sub", "style", "x.png,y.png"); err != nil || r.Text("style") != "sub/x.png,sub/y.png" {
		t.Errorf("from a relative folder: %s, %v", r.Text("style"), err)
	}
}

// No name of a file can be taken for two.
func FuzzPaths(f *testing.F) {
	f.Add("a,b", ` "lead`)
	f.Add("x\ny", "z\t")
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == "" || b == "" || filepath.Clean(a) == "." || strings.Contains(a+" "+b, "\r\n") { // which CSV takes for \n
			t.Skip("no names of files that can be told apart")
		}
		if diff := cmp.Diff([]string{a, b}, SplitPaths("", JoinPaths([]string{a, b}))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

package pathlist

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a,b"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string][]string{
		"":                        nil,
		"a.jpg, b.jpg,,":          {"a.jpg", "b.jpg"},
		`"a,b.jpg",c.jpg`:         {"a,b.jpg", "c.jpg"},
		`" lead.png","say ""x"""`: {" lead.png", `say "x"`},
		`12" disc.jpg,b`:          {`12" disc.jpg`, "b"},
		"/x,y":                    {"/x", "y"},
		"a\nb.jpg":                {"a\nb.jpg"},
	} {
		if diff := cmp.Diff(want, Split("", list)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", list, diff)
		}
	}
	if diff := cmp.Diff([]string{filepath.Join(folder, "a,b")}, Split(folder, "a,b")); diff != "" {
		t.Errorf("a file: (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/x", filepath.Join(folder, "y")}, Split(folder, "/x,y")); diff != "" {
		t.Errorf("a folder: (-want +got):\n%s", diff)
	}
}

func FuzzJoin(f *testing.F) {
	f.Add("a,b", ` "lead`)
	f.Add("x\ny", "z\t")
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == "" || b == "" || filepath.Clean(a) == "." || containsCRLF(a+" "+b) {
			t.Skip("no names of files that can be told apart")
		}
		if diff := cmp.Diff([]string{a, b}, Split("", Join([]string{a, b}))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// containsCRLF says whether a name has the end of a line as Windows has it, which CSV takes for one as Unix has it.
func containsCRLF(s string) bool {
	for i := range len(s) - 1 {
		if s[i:i+2] == "\r\n" {
			return true
		}
	}
	return false
}

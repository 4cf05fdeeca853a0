package paths

import (
	"strings"
	"testing"
)

func TestHarmless(t *testing.T) {
	for name, want := range map[string]string{
		"Großer See (2).jpg": "Großer See (2)", "../../etc/passwd": "passwd", `C:\pictures\cat.png`: "cat", "": "picture", "..": "_", ".jpg": "picture",
		"a\nb\u202e<b>\"'.jpg": "a_b__b___", "\xff.jpg": "picture", "nul:": "nul_", strings.Repeat("画", 50): strings.Repeat("画", 40),
	} {
		if got := Harmless(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

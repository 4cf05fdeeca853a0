package paths

import (
	"path/filepath"
	"testing"
)

func TestPlain(t *testing.T) {
	for path, want := range map[string]string{
		"file:///tmp/a%20b.jpg": "/tmp/a b.jpg", "file://localhost/a.jpg": "/a.jpg", "file:///C:/a.jpg": "C:/a.jpg",
		"a.jpg": "a.jpg", "file.jpg": "file.jpg", "file://server/a.jpg": "file://server/a.jpg", "https://example.org/a.jpg": "https://example.org/a.jpg", "file://%zz": "file://%zz",
	} {
		if got := Plain(path); got != filepath.FromSlash(want) && got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

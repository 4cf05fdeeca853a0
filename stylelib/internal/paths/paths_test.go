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

// An address counts from no folder, and what it is called by suits a file, whatever stands in it.
func TestAddresses(t *testing.T) {
	for address, base := range map[string]string{
		"https://example.org/b/a.jpg?size=1/2#c": "a.jpg", "HTTP://localhost:80/a%20b,%E6%98%A5.jpg": "a b,春.jpg", "https://example.org": "example.org",
		"https://example.org/": "example.org", "https://example.org/..": "example.org", "https://example.org/a/..%2f..%5cb%00:*.jpg": "-..-b---.jpg",
		"https://example.org/%zz": "picture",
	} {
		if !IsAddress(address) || From("folder", address) != address || Base(address) != base {
			t.Errorf("%s is from a folder %s, and called %s, want %s", address, From("folder", address), Base(address), base)
		}
	}
	for _, path := range []string{"https:/a.jpg", "ftp://a/b.jpg", "a/https://b.jpg", "file:///a.jpg", ""} {
		if IsAddress(path) {
			t.Errorf("%q is an address", path)
		}
	}
	if got := From("folder", "a.jpg"); got != filepath.Join("folder", "a.jpg") || Base(got) != "a.jpg" {
		t.Errorf("a file is %s, called %s", got, Base(got))
	}
}

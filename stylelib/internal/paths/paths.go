// Package paths says where a relative name of a file counts from, and takes the addresses of files that other programs give.
package paths

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

var drive = regexp.MustCompile(`^/[A-Za-z]:/`)

// Plain makes the address of a local file, file:///a%20b.jpg, its path; all else stays what it is.
func Plain(path string) string {
	if !strings.HasPrefix(path, "file://") {
		return path
	}
	u, err := url.Parse(path)
	if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return path
	}
	if drive.MatchString(u.Path) {
		return filepath.FromSlash(u.Path[1:])
	}
	return filepath.FromSlash(u.Path)
}

// From makes a relative path count from a folder; without one it stays what it is.
func From(folder, path string) string {
	if folder == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

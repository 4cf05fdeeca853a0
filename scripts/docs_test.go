package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)#\s]+)`)

// Links in texts lead to files that are there; the notebooks' texts have tests of their own.
func TestLinksLeadSomewhere(t *testing.T) {
	list, err := exec.Command("git", "-C", "..", "ls-files", "*.md", ":!notebooks/src").Output()
	if err != nil {
		t.Skip("not in a clone: ", err)
	}
	for _, path := range strings.Fields(string(list)) {
		text, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Error(err)
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.Dir(path), found[1])); err != nil {
				t.Errorf("%s leads to %s, which isn't there", path, found[1])
			}
		}
	}
}

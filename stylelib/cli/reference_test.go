package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/internal/testkit"
)

// TestReference holds the page of reference to what the command says of itself. With STYLEBOOK_WRITE=1 it writes the page.
func TestReference(t *testing.T) {
	var page strings.Builder
	fmt.Fprintln(&page, "# The options of stylize\n\nWhat the command and its sub-commands answer to `-help`.")
	for _, name := range append([]string{""}, slices.Sorted(maps.Keys(new(command).others()))...) {
		call := append(strings.Fields(name), "-help")
		help := strings.ReplaceAll(mustStylize(t, call...), "\t", "    ")
		fmt.Fprintf(&page, "\n## stylize %s\n\n```text\n%s```\n", strings.Join(call, " "), help)
	}
	path := filepath.Join(testkit.Root(t), "stylelib", "cmd", "stylize", "OPTIONS.md")
	if os.Getenv("STYLEBOOK_WRITE") != "" {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != page.String() {
		t.Errorf("OPTIONS.md is not what the command says: write it anew with STYLEBOOK_WRITE=1 go test ./stylelib/cli -run TestReference")
	}
}

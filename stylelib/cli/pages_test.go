package cli

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/runs"
)

// TestHugePages looks in the runs' records at the settings under which the program ran.
func TestHugePages(t *testing.T) {
	choice, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || !strings.Contains(string(choice), "[madvise]") {
		t.Skip("skipped: this system doesn't leave the size of pages to programs")
	}
	dir, binary := workplace(t)
	for before, want := range map[string]string{
		"":                       "glibc.malloc.hugetlb=1",
		"glibc.malloc.hugetlb=0": "glibc.malloc.hugetlb=0",
		"glibc.malloc.perturb=0": "glibc.malloc.perturb=0:glibc.malloc.hugetlb=1",
	} {
		kept := t.TempDir()
		run := exec.Command(binary, "-content", "content.png", "-style", "style.png", "-backend", "go", "-weights", "offline", "-height",
			"32", "-width", "48", "-epochs", "1", "-quiet", "-runs", kept, "-out", "r.png")
		run.Dir, run.Env = dir, append(os.Environ(), engine.PagesEnv+"="+before)
		if output, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		store, err := runs.Open(kept)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		records, err := store.List()
		if err != nil || len(records) != 1 {
			t.Fatalf("%d runs, %v", len(records), err)
		}
		if got := records[0].Versions[engine.PagesEnv]; got != want {
			t.Errorf("with %q before, the run had %q, want %q", before, got, want)
		}
	}
}

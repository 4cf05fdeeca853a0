package scripts

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The library's table of rooms has every package, and which others each uses; what is internal, generates code or serves tests is in none.
func TestRoomsAreThere(t *testing.T) {
	text, err := os.ReadFile("../stylelib/README.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][]string{}
	_, rooms, _ := strings.Cut(string(text), "## Rooms\n")
	rooms, _, _ = strings.Cut(rooms, "\n## ")
	name := regexp.MustCompile("`([^`]+)`")
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|[^|]*\\|([^|]*)\\|$").FindAllStringSubmatch(rooms, -1) {
		told[row[1]] = []string{}
		for _, one := range name.FindAllStringSubmatch(row[2], -1) {
			told[row[1]] = append(told[row[1]], one[1])
		}
		slices.Sort(told[row[1]])
	}
	list := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./stylelib/...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	short := func(path string) string {
		return strings.TrimPrefix(strings.TrimPrefix(path, "stylebook/"), "stylelib/")
	}
	real := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		if regexp.MustCompile(`/(internal|generate)/|kernelstest$`).MatchString(path) {
			continue
		}
		uses := []string{}
		for _, one := range strings.Fields(imports) {
			if strings.HasPrefix(one, "stylebook/stylelib") && !strings.Contains(one, "/internal/") {
				uses = append(uses, short(one))
			}
		}
		slices.Sort(uses)
		real[short(path)] = uses
	}
	if diff := cmp.Diff(real, told); diff != "" {
		t.Errorf("stylelib/README.md tells other rooms than there are (-there +told):\n%s", diff)
	}
}

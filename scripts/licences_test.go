package scripts

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Every module that we require, and every one that the program links, is in the list of licences.
func TestEveryModuleHasItsLicenceTold(t *testing.T) {
	list, err := os.ReadFile("../THIRD_PARTY.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, word := range strings.FieldsFunc(string(list), func(r rune) bool { return strings.ContainsRune(" |,\n", r) }) {
		told[word] = true
	}
	linked := []string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "stylebook/stylelib/cmd/stylize"}
	pure := []string{"CGO_ENABLED=0", "GOFLAGS=-tags=noxla"}
	for _, c := range []struct{ query, environment []string }{
		{query: []string{"list", "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all"}}, {query: linked},
		{linked, append(pure, "GOOS=darwin")}, {linked, append(pure, "GOOS=windows")},
	} {
		cmd := exec.Command("go", c.query...)
		cmd.Stderr, cmd.Env = os.Stderr, append(os.Environ(), c.environment...)
		modules, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if len(strings.Fields(string(modules))) < 10 {
			t.Errorf("go %s names hardly a module", c.query)
		}
		for _, module := range strings.Fields(string(modules)) {
			if !told[module] {
				t.Errorf("%s is not in THIRD_PARTY.md: add it with its licence", module)
				told[module] = true
			}
		}
	}
}

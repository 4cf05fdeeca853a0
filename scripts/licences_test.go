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
	for _, query := range [][]string{
		{"list", "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all"},
		{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "stylebook/stylelib/cmd/stylize"},
	} {
		cmd := exec.Command("go", query...)
		cmd.Stderr = os.Stderr
		modules, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if len(strings.Fields(string(modules))) < 10 {
			t.Errorf("go %s names hardly a module", query)
		}
		for _, module := range strings.Fields(string(modules)) {
			if !told[module] {
				t.Errorf("%s is not in THIRD_PARTY.md: add it with its licence", module)
				told[module] = true
			}
		}
	}
}

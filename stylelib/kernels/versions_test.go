package kernels_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// neighbours are versions of GoMLX's modules beside those that go.mod names.
var neighbours = []string{
	"github.com/gomlx/compute@v0.1.2", "github.com/gomlx/compute@v0.1.4",
	"github.com/gomlx/go-xla@v0.4.1", "github.com/gomlx/go-xla@v0.4.3",
	"github.com/gomlx/gomlx@v0.28.1", "github.com/gomlx/gomlx@v0.28.3",
}

// What is used of the engines' internals is there in other versions too, as far as they are in the module cache: nothing is
// downloaded here.
func TestOtherVersions(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it compiles GoMLX several times")
	}
	for _, version := range neighbours {
		t.Run(version, func(t *testing.T) {
			path, _, _ := strings.Cut(version, "@")
			module := filepath.Join(t.TempDir(), "go.mod")
			for _, name := range []string{"go.mod", "go.sum"} {
				text, err := os.ReadFile(filepath.Join("..", "..", name))
				if err == nil {
					err = os.WriteFile(filepath.Join(filepath.Dir(module), name), text, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			run := func(arguments ...string) ([]byte, error) {
				cmd := exec.Command("go", arguments...)
				cmd.Env = append(os.Environ(), "GOPROXY=off", "GONOSUMDB=*", "GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=mod")
				return cmd.CombinedOutput()
			}
			if out, err := run("mod", "edit", "-replace="+path+"="+version, module); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if out, err := run("list", "-modfile="+module, "-deps", "./gocalls", "./xlacalls"); err != nil {
				t.Skipf("skipped: it isn't in the module cache: %s", out)
			}
			if out, err := run("test", "-modfile="+module, "-run=^(TestFits|TestEveryProcessor)$", "./gocalls", "./xlacalls"); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

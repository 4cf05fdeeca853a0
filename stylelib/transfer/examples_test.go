package transfer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/weights"
)

// The examples, which are a module of their own as a user's program is, can be compiled, and paint.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the examples are compiled")
	}
	examples, bin := filepath.Join(testkit.Root(t), "stylelib", "examples"), t.TempDir()
	run := func(dir, name string, arguments ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, arguments...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), weights.EnvWeights+"="+weights.Offline, "GOMLX_BACKEND=go", "STYLEBOOK_RUNS=off")
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, output)
		}
	}
	run(examples, "go", "vet", "./...")
	run(examples, "go", "build", "-o", bin, "./...")
	work := t.TempDir()
	for name, picture := range map[string]*[2]int{"a.png": {32, 48}, "b.png": {40, 40}} {
		if err := sl.WriteImage(filepath.Join(work, name), waves(picture[0], picture[1], 2)); err != nil {
			t.Fatal(err)
		}
	}
	program := func(name string) string { return filepath.Join(bin, name) }
	pictures := strings.Fields("-content a.png -style b.png -height 32 -epochs 3 -out")
	run(work, program("minimal"), "a.png", "b.png", "minimal.png")
	run(work, program("optimizer"), append(pictures, "momentum.png")...)
	run(work, program("optimizer"), append(pictures, "signs.png", "-optimizer", "signs")...)
	run(work, program("network"), "-make", "net.safetensors")
	run(work, program("network"), append([]string{"net.safetensors"}, append(pictures, "network.png", "-tile", "16")...)...)
	seen := map[string]string{}
	for _, name := range []string{"minimal", "momentum", "signs", "network"} {
		picture, err := os.ReadFile(filepath.Join(work, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if other := seen[string(picture)]; other != "" {
			t.Errorf("%s and %s are the same picture", name, other)
		}
		seen[string(picture)] = name
	}
}

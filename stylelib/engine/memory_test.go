package engine

import (
	"os"
	"strings"
	"testing"
)

// What the command tells the C library, the notebooks' kernel tells it too.
func TestKernelKeepsMemory(t *testing.T) {
	kernel, err := os.ReadFile("../../kernel-config/kernel.json")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(kernel), `"`+tunablesEnv+`": "`+tunables+`"`) {
		t.Errorf("kernel-config/kernel.json lacks %s=%s", tunablesEnv, tunables)
	}
}

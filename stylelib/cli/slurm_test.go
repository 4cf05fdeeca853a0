package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"stylebook/stylelib/internal/testkit"
)

// TestSlurm runs a sweep through a real Slurm on loopback, where it is installed.
func TestSlurm(t *testing.T) {
	for _, program := range []string{"sbatch", "/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("skipped: %s is not here: Debian's packages are slurm-wlm and munge", program)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("skipped: Slurm's daemons want root")
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(testkit.Root(t), "scripts", "slurm"))
	cmd.Env = append(os.Environ(), "EPOCHS=1")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

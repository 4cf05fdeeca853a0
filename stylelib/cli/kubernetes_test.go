package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/runs"
)

const twoRuns = `set: {content: content.png, epochs: 1}
vary:
  style: [a.png, b.png]
`

// The manifest fits Kubernetes' types and has a pod for each run.
func TestKubernetesManifest(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(runs.EnvDir, filepath.Join(dir, "runs"))
	file := filepath.Join(dir, "two.yaml")
	if err := os.WriteFile(file, []byte(twoRuns), 0o644); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if status := Run(t.Context(), []string{"sweep", "-kubernetes", "registry/stylize:1", "-volume", "claim:" + dir, file}, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	for _, want := range []string{"$(JOB_COMPLETION_INDEX)", "claimName: claim", "mountPath: " + dir, "- " + file} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is missing:\n%s", want, &stdout)
		}
	}
	for volume, want := range map[string]string{"claim": "name a claim and where", "claim:/elsewhere": "is not in /elsewhere"} {
		var message bytes.Buffer
		if status := Run(t.Context(), []string{"sweep", "-kubernetes", "image", "-volume", volume, file}, &bytes.Buffer{}, &message); status == 0 || !strings.Contains(message.String(), want) {
			t.Errorf("-volume %s: status %d: %s", volume, status, &message)
		}
	}
	checker, err := exec.LookPath("kubernetes-manifest")
	if err != nil {
		t.Skip("skipped the check against Kubernetes' types: scripts/test builds kubernetes-manifest")
	}
	cmd := exec.Command(checker)
	cmd.Stdin = &stdout
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "2 pods of registry/stylize:1" {
		t.Errorf("the checker says %v: %s", err, out)
	}
}

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// TestPluginBesideTheProgram looks for XLA where the archive has it, and calls the program by a link from elsewhere.
func TestPluginBesideTheProgram(t *testing.T) {
	e, err := engine.Open("xla:cpu")
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	plugin := e.Plugin
	e.Close()
	dir, binary := workplace(t)
	empty := t.TempDir()
	link := filepath.Join(empty, "stylize")
	if err := os.Symlink(binary, link); err != nil {
		t.Skipf("skipped: %v", err)
	}
	version := func() string {
		t.Helper()
		run := exec.Command(link, "-version")
		run.Env = append(os.Environ(), "HOME="+empty, "XDG_CACHE_HOME="+empty, "PJRT_PLUGIN_LIBRARY_PATH=", engine.BackendEnv+"=")
		output, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		return string(output)
	}
	if before := version(); !strings.Contains(before, "engine   go (no XLA plugin found") {
		t.Skipf("skipped: a plugin is installed for the whole system: %s", before)
	}
	beside := filepath.Join(dir, "pjrt_c_api_cpu_plugin.so")
	if err := os.Symlink(plugin, beside); err != nil {
		t.Fatal(err)
	}
	after := version()
	if !strings.Contains(after, "\nGoMLX    v0.") || !strings.Contains(after, ", go-xla v0.") {
		t.Errorf("versions are missing:\n%s", after)
	}
	if !strings.Contains(after, "engine   xla:cpu") || !strings.Contains(after, "plugin   "+beside+", PJRT 0.") {
		t.Errorf("the plugin beside the program is not taken:\n%s", after)
	}
}

func TestDoctorOfMemory(t *testing.T) {
	e, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	d := doctor{engine: e, request: transfer.NewRequest("", "")}
	d.request.Weights.Spec, d.request.Weights.Layers = weights.Offline, d.request.Options.Layers()
	network, err := weights.Load(t.Context(), d.request.Weights)
	if err != nil {
		t.Fatal(err)
	}
	job, err := d.transfer(network.Network)
	if err != nil {
		t.Fatal(err)
	}
	defer job.Close()
	for _, want := range []struct {
		free         int64
		text, remedy string
		bad          bool
	}{
		{64e9, "64 GB free", "", false},
		{200e6, "200 MB free", "the largest size that fits is", false},
		{1e6, "1.0 MB may be taken: no size fits", "close other programs", true},
	} {
		d.findings = nil
		d.memory(job, want.free)
		if got := d.findings[0]; !strings.Contains(got.Text, want.text) || !strings.Contains(got.Remedy, want.remedy) || got.Bad != want.bad {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

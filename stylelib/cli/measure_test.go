package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/weights"
)

// A sweep with -measure has a column for each measure; a judge without a network is told of before anything runs.
func TestSweepMeasures(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(runs.EnvDir, t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TORCH_HOME", t.TempDir())
	writePicture(t, "content.png", 1)
	writePicture(t, "style.png", 3)
	net, err := weights.Random(1, sl.VGG19, [5]int{4, 4, 8, 8, 8})
	if err == nil {
		err = weights.Write("net.safetensors", net, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir("."))) // a picture may be an address
	defer server.Close()
	file := "set: {content: content.png, style: " + server.URL + "/style.png, weights: net.safetensors, height: 32, epochs: 1}\nvary: {lr: [0.1, 0.2]}\n"
	if err := os.WriteFile("s.yaml", []byte(file), 0o644); err != nil {
		t.Fatal(err)
	}
	sweep := func(network string) (int, string) {
		var output bytes.Buffer
		t.Setenv(weights.EnvWeights, network)
		return Run(t.Context(), []string{"sweep", "s.yaml", "-measure", "-backend", "go"}, &output, &output), output.String()
	}
	if status, output := sweep("offline"); status != statusError || !strings.Contains(output, "-measure: STYLEBOOK_WEIGHTS: the offline network stops at conv5_1") || strings.Contains(output, "run 1/2") {
		t.Errorf("status %d: %s", status, output)
	}
	if status, output := sweep("net.safetensors"); status != 0 || !strings.Contains(output, "judge    narrow VGG-19") {
		t.Fatalf("status %d: %s", status, output)
	}
	table := string(readFile(t, "s", "table.csv"))
	want := "run_id,lr,epochs_done,content_loss,style_loss,tv_loss,total_loss,style_distance,content_distance,texture_distance,structure_distance,grain_ratio,seconds_taken,peak_bytes\n"
	if !strings.HasPrefix(table, want) || strings.Contains(table, ",,") {
		t.Errorf("the table is\n%s", table)
	}
}

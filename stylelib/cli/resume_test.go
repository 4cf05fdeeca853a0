package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/runs"
)

// TestResumeRefusesOtherInputs interrupts a run, changes what it was begun with, and wants the difference named.
func TestResumeRefusesOtherInputs(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(runs.EnvDir, filepath.Join(dir, "runs"))
	content, style, out := filepath.Join(dir, "content.png"), filepath.Join(dir, "style.png"), filepath.Join(dir, "out.png")
	writePicture(t, content, 1)
	writePicture(t, style, 3)
	ctx, cancel := context.WithCancel(t.Context())
	log := filepath.Join(dir, "log.jsonl")
	go func() {
		defer cancel()
		becomes(func() bool { return epochs(log) >= 3 })
	}()
	var stderr bytes.Buffer
	status := Run(ctx, []string{"-preset", "pytorch", "-content", content, "-style", style, "-out", out, "-weights", "offline", "-backend", "go",
		"-height", "32", "-epochs", "100000", "-log", log, "-quiet"}, &stderr, &stderr)
	if status != statusInterrupted || !strings.Contains(stderr.String(), "stylize resume ") {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	store, err := runs.Open(filepath.Join(dir, "runs"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	records, err := store.List()
	if err != nil || len(records) != 1 || records[0].Status != runs.Stopped || records[0].Epoch < 3 {
		t.Fatalf("%+v, %v", records, err)
	}
	run := records[0]

	writePicture(t, content, 2)
	stderr.Reset()
	if status := Run(t.Context(), []string{"-resume", run.ID, "-quiet"}, &stderr, &stderr); status != statusError {
		t.Errorf("status %d, want %d", status, statusError)
	}
	if got := stderr.String(); !strings.Contains(got, "it was begun with something else: content: ") || strings.Contains(got, "style 1:") {
		t.Errorf("it doesn't name the content picture alone: %s", got)
	}
	writePicture(t, content, 1)

	checkpoint := filepath.Join(run.Folder, "checkpoint.safetensors")
	data, err := os.ReadFile(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(checkpoint, data[:len(data)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	stderr.Reset()
	if status := Run(t.Context(), []string{"-resume", run.ID, "-quiet"}, &stderr, &stderr); status != statusError ||
		!strings.Contains(stderr.String(), "checkpoint.safetensors is damaged") {
		t.Errorf("status %d: %s", status, stderr.String())
	}
}

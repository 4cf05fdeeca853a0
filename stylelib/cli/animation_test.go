package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/runs"
)

// A training that was stopped and resumed has the film of one that was not.
func TestResumedFilmIsWhole(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(runs.EnvDir, filepath.Join(dir, "runs"))
	content, style, log := filepath.Join(dir, "content.png"), filepath.Join(dir, "style.png"), filepath.Join(dir, "log.jsonl")
	writePicture(t, content, 1)
	writePicture(t, style, 3)
	arguments := func(name string) []string {
		return append(strings.Fields("-preset pytorch -weights offline -backend go -height 48 -epochs 40 -scales 2 -checkpoint-every 4 -quiet"),
			"-content", content, "-style", style, "-out", filepath.Join(dir, name+".png"), "-animation", filepath.Join(dir, name+".gif"))
	}
	var stderr bytes.Buffer
	if status := Run(t.Context(), arguments("whole"), &stderr, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		becomes(func() bool { return epochs(log) >= 10 })
	}()
	if status := Run(ctx, append(arguments("parts"), "-log", log), &stderr, &stderr); status != statusInterrupted {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	whole, first := read(t, dir, "whole.gif"), read(t, dir, "parts.gif")
	if !bytes.HasPrefix(first, []byte("GIF89a")) || bytes.Equal(first, whole) {
		t.Error("an interrupted training has a film as far as it got")
	}
	_, id, _ := strings.Cut(stderr.String(), "stylize resume ")
	if status := Run(t.Context(), []string{"-resume", strings.Fields(id)[0], "-quiet"}, &stderr, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	if !bytes.Equal(read(t, dir, "parts.gif"), whole) {
		t.Error("the resumed training has another film")
	}
	left, err := filepath.Glob(filepath.Join(dir, "runs", "*", "*"))
	if err != nil || slices.ContainsFunc(left, func(path string) bool { return filepath.Base(path) == "film" }) {
		t.Errorf("what the films were made of is still there: %v, %v", left, err)
	}
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/data"
	sl "stylebook/stylelib"
	"stylebook/stylelib/feedforward"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
)

// writeNetwork writes a small network that has learned nothing.
func writeNetwork(t *testing.T, path string) {
	t.Helper()
	n := feedforward.Filled(feedforward.Architecture{Channels: 8, Blocks: 1}, func(i int) float32 { return float32(i%7-3) / 8 })
	n.About = map[string]string{"style": "none.png", "steps": "0"}
	if err := n.Save(path); err != nil {
		t.Fatal(err)
	}
}

func sizeOf(t *testing.T, path string) [2]int {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	config, err := png.DecodeConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	return [2]int{config.Height, config.Width}
}

func TestPaintWithANetwork(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writePicture(t, "content.png", 1)
	writePicture(t, "second.png", 2)
	writeNetwork(t, "net.safetensors")
	run := func(want int, arguments ...string) string {
		t.Helper()
		var stderr bytes.Buffer
		if status := Run(t.Context(), append(strings.Fields("-network net.safetensors -backend go"), arguments...), &stderr, &stderr); status != want {
			t.Fatalf("%v: status %d, want %d: %s", arguments, status, want, stderr.String())
		}
		return stderr.String()
	}
	if said := run(0, "-content", "content.png", "-out", "out.png"); !strings.Contains(said, "network  net.safetensors, of none.png, 0 steps") ||
		!strings.Contains(said, "saved    out.png, 40 × 60 (height × width), painted in ") || sizeOf(t, "out.png") != [2]int{40, 60} {
		t.Error(said, sizeOf(t, "out.png"))
	}
	run(0, "-content", "content.png", "-out", "large.png", "-size", "90", "-quiet", "-keep-colours", "luminance")
	if sizeOf(t, "large.png") != [2]int{60, 90} {
		t.Error(sizeOf(t, "large.png"))
	}
	if err := os.WriteFile("broken.png", []byte("no picture"), 0o644); err != nil {
		t.Fatal(err)
	}
	said := run(statusError, "-content", "content.png,broken.png,second.png", "-out", "folder")
	if !strings.Contains(said, "failed   broken.png: ") || !strings.Contains(said, "1 of 3 pictures failed") ||
		sizeOf(t, filepath.Join("folder", "second.png")) != [2]int{40, 60} {
		t.Error(said)
	}
	for _, name := range data.Networks() {
		if said := run(0, "-content", "content.png", "-out", name+".png", "-network", name); !strings.Contains(said, "network  "+name+", of ") {
			t.Error(said)
		}
	}
	for _, wrong := range []struct {
		status    int
		arguments []string
		want      string
	}{
		{statusUsage, []string{"-content", "content.png"}, "-out is missing"},
		{statusUsage, []string{"-content", "content.png", "-out", "o.png", "-style", "second.png"}, "-style: a network paints as it has learned to"},
		{statusUsage, []string{"-content", "content.png", "-out", "o.png", "-epochs", "3"}, "-epochs: a network paints"},
		{statusUsage, []string{"-content", "content.png", "-out", "o.png", "-keep-colours", "histogram"}, "choose luminance"},
		{statusUsage, []string{"-content", "content.png,second.png", "-out", "o.png"}, "go to a folder"},
		{statusError, []string{"-content", "content.png", "-out", "content.png"}, "would overwrite"},
		{statusError, []string{"-content", "content.png", "-out", "o.png", "-memory", "500KB"}, "needs about"},
		{statusError, []string{"-content", "content.png", "-out", "o.png", "-network", "content.png"}, "-network: content.png: has a header of"},
		{statusError, []string{"-content", "content.png", "-out", "o.png", "-network", "vally"}, "-network: vally: no such file; with the program come "},
	} {
		if said := run(wrong.status, wrong.arguments...); !strings.Contains(said, wrong.want) || strings.Count(said, "stylize: ") != 1 {
			t.Errorf("%v: %s", wrong.arguments, said)
		}
	}
	if _, err := os.Stat("o.png"); err == nil {
		t.Error("o.png is there")
	}
}

// Photographs are as small as what a network paints, or a folder of a phone's would not fit into memory.
func TestPhotographsAreShrunk(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := sl.WriteImage("large.png", image.NewRGBA(image.Rect(0, 0, 1100, 2200))); err != nil {
		t.Fatal(err)
	}
	writePicture(t, "small.png", 1)
	j := &networkJob{settings: &settings{Settings: &request.Settings{Photographs: []string{"large.png", "small.png"}}}}
	all, sums, err := j.photographs(t.Context())
	if err != nil || len(sums) != 2 || all[0].Bounds().Size() != image.Pt(512, 1024) || all[1].Bounds().Size() != image.Pt(60, 40) {
		t.Errorf("%v, %v", sums, err)
	}
}

// What a training needs grows with the photographs, and is refused where it isn't free.
func TestMemoryOfANetworksTraining(t *testing.T) {
	j := &networkJob{options: feedforward.Default(), photos: []image.Image{image.NewRGBA(image.Rect(0, 0, 1000, 1000))}}
	most := j.options.Bytes() + 4_000_000
	if err := j.checkMemory(most); err != nil {
		t.Error(err)
	}
	if err := j.checkMemory(most - 1); err == nil || !strings.Contains(err.Error(), "needs about 957 MB of memory with 1 photographs") {
		t.Error(err)
	}
}

// A training that begins with a network, of another shape here, says so.
func TestTrainFromANetwork(t *testing.T) {
	testkit.Engine(t, "xla:cpu").Close()
	t.Chdir(t.TempDir())
	writePicture(t, "style.png", 3)
	writeNetwork(t, "first.safetensors")
	for _, wrong := range []struct{ from, want string }{
		{"style.png", "-from: style.png: has a header of"}, {"vally", "-from: vally: no such file; with the program come "},
		{"first.safetensors", "-out: first.safetensors would overwrite"},
	} {
		var stderr bytes.Buffer
		if status := Run(t.Context(), []string{"train-network", "-style", "style.png", "-out", "first.safetensors", "-steps", "1", "-weights", "offline", "-runs", "off",
			"-from", wrong.from}, &stderr, &stderr); status != statusError || !strings.Contains(stderr.String(), wrong.want) {
			t.Errorf("-from %s: %d, %s", wrong.from, status, stderr.String())
		}
	}
	var stderr bytes.Buffer
	if status := Run(t.Context(), []string{"train-network", "-style", "style.png", "-out", "second.safetensors", "-steps", "2", "-weights", "offline", "-runs", "off",
		"-from", "first.safetensors"}, &stderr, &stderr); status != 0 {
		t.Fatal(stderr.String())
	}
	second, err := feedforward.Load("second.safetensors")
	if err != nil || second.Channels != 8 || second.Says() != ", of style.png, 2 steps after first.safetensors" {
		t.Errorf("%+v, %v", second, err)
	}
}

// A training that is stopped and goes on ends with the same network as one that isn't.
func TestTrainNetwork(t *testing.T) {
	testkit.Engine(t, "xla:cpu").Close() // pure Go would take minutes
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(runs.EnvDir, filepath.Join(dir, "runs"))
	writePicture(t, "style.png", 3)
	train := func(ctx context.Context, out string) (int, string) {
		var stderr bytes.Buffer
		status := Run(ctx, []string{"train-network", "-style", "style.png", "-out", out + ".safetensors", "-steps", "4", "-weights", "offline",
			"-backend", "xla:cpu", "-log", out + ".jsonl", "-strength", "1.5"}, &stderr, &stderr)
		return status, stderr.String()
	}
	if status, said := train(t.Context(), "whole"); status != 0 || !strings.Contains(said, "train    4 steps on 10 photographs") ||
		!strings.Contains(said, "step 4/4  content ") || !strings.Contains(said, "saved    whole.safetensors, and whole-painted.png") {
		t.Fatal(status, said)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		becomes(func() bool { return epochs("stopped.jsonl") >= 2 })
	}()
	status, said := train(ctx, "stopped")
	_, rest, _ := strings.Cut(said, "stylize resume ")
	id, _, _ := strings.Cut(rest, " ")
	if status != statusInterrupted || !strings.Contains(said, "of 4: the network so far is in stopped.safetensors") {
		t.Fatal(status, said)
	}
	if _, err := feedforward.Load("stopped.safetensors"); err != nil {
		t.Error(err)
	}
	var stderr bytes.Buffer
	if status := Run(t.Context(), []string{"resume", id}, &stderr, &stderr); status != 0 {
		t.Fatal(status, stderr.String())
	}
	if n := epochs("stopped.jsonl"); n != 4 {
		t.Errorf("the log has %d of 4 steps", n)
	}
	a, err := os.ReadFile("whole.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile("stopped.safetensors"); err != nil || !bytes.Equal(a, b) {
		t.Error("the resumed training ends with another network", err)
	}
	stderr.Reset()
	if status := Run(t.Context(), []string{"runs", "-json"}, &stderr, &stderr); status != 0 {
		t.Fatal(stderr.String())
	}
	var shown bytes.Buffer
	if status := Run(t.Context(), []string{"show", id}, &shown, &shown); status != 0 || !strings.Contains(shown.String(), "command   stylize train-network -style=") ||
		strings.Contains(shown.String(), "-preset") {
		t.Error(shown.String())
	}
	for line := range strings.Lines(stderr.String()) {
		var record runs.Summary
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Status != runs.Finished || record.Epoch != 4 || record.Spec.Network.Style != 2.25*feedforward.Default().Style ||
			record.Last.Loss("steady") == 0 {
			t.Errorf("%+v, %v", record, err)
		}
		if _, err := os.Stat(record.Picture()); err != nil {
			t.Error(err)
		}
	}
}

func TestPaintAFilm(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("skipped: ffmpeg isn't installed here")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	writeNetwork(t, "net.safetensors")
	writePicture(t, "content.png", 1)
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1", "clip.mp4").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	run := func(want int, arguments ...string) string {
		t.Helper()
		var stderr bytes.Buffer
		if status := Run(t.Context(), append(strings.Fields("-network net.safetensors -backend go"), arguments...), &stderr, &stderr); status != want {
			t.Fatalf("%v: status %d, want %d: %s", arguments, status, want, stderr.String())
		}
		return stderr.String()
	}
	if said := run(0, "-content", "clip.mp4", "-out", "painted.mp4", "-size", "32"); !strings.Contains(said, "picture 10/10  ") ||
		!strings.Contains(said, "saved    painted.mp4, 10 pictures") {
		t.Error(said)
	}
	out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames", "-of", "csv=p=0", "painted.mp4").Output()
	if got := strings.TrimSpace(string(out)); err != nil || got != "32,24,10" {
		t.Errorf("width, height, pictures: %s, %v", got, err)
	}
	run(statusUsage, "-content", "clip.mp4,content.png", "-out", "folder")
	run(statusError, "-content", "clip.mp4", "-out", "painted.png")
	run(statusError, "-content", "content.png", "-out", "still.mp4")
	run(statusError, "-content", "clip.mp4", "-out", "clip.mp4")
}

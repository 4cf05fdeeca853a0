package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/runs"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"stylize": func() { Main() }, "peak": peak})
}

// TestScripts runs the command as a user would, in folders that hold content.png and style.png.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", env.WorkDir) // nobody's weights
			env.Setenv("GOMLX_BACKEND", "go")
			env.Setenv(runs.EnvDir, filepath.Join(env.WorkDir, "runs"))
			writePicture(t, filepath.Join(env.WorkDir, "content.png"), 1)
			writePicture(t, filepath.Join(env.WorkDir, "style.png"), 3)
			writeMask(t, filepath.Join(env.WorkDir, "mask.png"), color.RGBA{255, 0, 0, 255})
			writeMask(t, filepath.Join(env.WorkDir, "other-mask.png"), color.RGBA{0, 255, 0, 255})
			// A PNG that announces 20000 × 20000 pixels and ends there.
			header := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20,
				8, 2, 0, 0, 0, 0xc6, 0x0d, 0x47, 0x8c)
			return os.WriteFile(filepath.Join(env.WorkDir, "huge.png"), header, 0o644)
		},
	})
}

// writeMask writes a mask whose left half is blue and whose right half is of the given color.
func writeMask(t *testing.T, path string, right color.RGBA) {
	t.Helper()
	mask := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for i := range 60 * 40 {
		c := color.RGBA{0, 0, 255, 255}
		if i%60 >= 30 {
			c = right
		}
		mask.SetRGBA(i%60, i/60, c)
	}
	if err := sl.WriteImage(path, mask); err != nil {
		t.Fatal(err)
	}
}

func writePicture(t *testing.T, path string, frequency float64) {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for y := range 40 {
		for x := range 60 {
			wave := func(a, b float64) uint8 {
				return uint8(127 + 120*math.Sin(frequency*(a*float64(x)+b*float64(y))/9))
			}
			picture.SetRGBA(x, y, color.RGBA{wave(1, 0), wave(0, 1), wave(1, 1), 255})
		}
	}
	var data bytes.Buffer
	if err := png.Encode(&data, picture); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReproducesGoldenTraces runs the command on the fixtures' pictures and compares its log with losses that an
// independent implementation computed; record k is trace[k-1].
func TestReproducesGoldenTraces(t *testing.T) {
	golden := testkit.Shared(t, "golden")
	weights := testkit.Shared(t, "weights", "vgg19-narrow.safetensors")
	e := testkit.Fastest(t)
	t.Setenv(runs.EnvDir, t.TempDir())
	for name, arguments := range map[string][]string{
		"narrow-pytorch-60x90":        nil,
		"narrow-pytorch-60x90-tv-off": {"-tv-weight", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log.jsonl")
			var stderr bytes.Buffer
			status := Run(t.Context(), append([]string{
				"-preset", "pytorch", "-content", filepath.Join(golden, "images", "rainier-60x90-pil.png"),
				"-style", filepath.Join(golden, "images", "autumn-oak-60x90-pil.png"),
				"-out", filepath.Join(t.TempDir(), "out.png"), "-height", "60", "-width", "90", "-epochs", "30",
				"-weights", weights, "-backend", e.Name, "-log", log}, arguments...), &stderr, &stderr)
			if status != 0 {
				t.Fatalf("status %d: %s", status, stderr.String())
			}
			var want struct {
				Trace map[string][]float64 `json:"trace"`
			}
			testkit.ReadJSON(t, filepath.Join(golden, name+".json"), &want)
			records := readLog(t, log)
			if len(records) != 30 {
				t.Fatalf("the log has %d lines, want 30", len(records))
			}
			for _, r := range records {
				for loss, got := range map[string]float64{"content": r.Loss("content"), "style": r.Loss("style"), "tv": r.Loss("tv"), "total": r.Total} {
					w := want.Trace[loss][r.Epoch-1]
					if err := testkit.RelativeError(got, w); err > tolerance(name, loss, r.Epoch) {
						t.Errorf("epoch %d: %s is %g, want %g", r.Epoch, loss, got, w)
					}
				}
				if r.LR != 0.3 || r.Seconds <= 0 {
					t.Errorf("epoch %d: learning rate %g, %g seconds", r.Epoch, r.LR, r.Seconds)
				}
			}
		})
	}
}

// tolerance is what the fixtures suggest: runs with the total variation, whose gradient is a sign, drift apart.
func tolerance(name, loss string, epoch int) float64 {
	switch {
	case epoch == 1, epoch <= 5 && strings.HasSuffix(name, "tv-off"):
		return 1e-5
	case epoch == 2:
		return 5e-3
	case loss == "total", loss == "tv":
		return 5e-2
	}
	return 1e-1
}

func readLog(t *testing.T, path string) []sl.Record {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var records []sl.Record
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var r sl.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		records = append(records, r)
	}
	return records
}

// TestInterrupt sends the program Ctrl-C in the middle of its training: it must save the picture and say so.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: Windows has no SIGINT for another process")
	}
	dir, binary := workplace(t)
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-preset", "pytorch", "-content", "content.png", "-style", "style.png", "-out", "out.png",
		"-height", "64", "-epochs", "100000", "-weights", "offline", "-backend", "go", "-log", "log.jsonl")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return epochs(filepath.Join(dir, "log.jsonl")) >= 3 })
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != statusInterrupted {
		t.Errorf("status %d (%v), want %d\n%s", status, err, statusInterrupted, stderr.String())
	}
	if !strings.Contains(stderr.String(), "the picture so far is in out.png") {
		t.Errorf("it doesn't say that the picture is kept:\n%s", stderr.String())
	}
	if _, err := sl.ReadImage(filepath.Join(dir, "out.png")); err != nil {
		t.Error(err)
	}
}

// workplace is a folder with two pictures and the program, whose runs are kept there.
func workplace(t *testing.T) (dir, binary string) {
	t.Helper()
	dir = t.TempDir()
	t.Setenv(runs.EnvDir, filepath.Join(dir, "runs"))
	writePicture(t, filepath.Join(dir, "content.png"), 1)
	writePicture(t, filepath.Join(dir, "style.png"), 3)
	binary = filepath.Join(dir, "stylize")
	if output, err := exec.Command("go", "build", "-o", binary, "stylebook/stylelib/cmd/stylize").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	return dir, binary
}

// long is what a machine that does much else may take for anything.
const long = 5 * time.Minute

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	if !becomes(condition) {
		t.Fatalf("waited %v for nothing", long)
	}
}

// becomes waits until a condition holds, and tells whether it does.
func becomes(condition func() bool) bool {
	for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if condition() {
			return true
		}
	}
	return false
}

// epochs is how many a log has.
func epochs(log string) int {
	data, _ := os.ReadFile(log)
	return bytes.Count(data, []byte("\n"))
}

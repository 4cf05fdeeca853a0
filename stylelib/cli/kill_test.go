package cli

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/runs"
)

// kills is how many runs TestKill kills on an engine: few, or as many as STYLEBOOK_TEST_KILLS says.
func kills(t *testing.T, few int) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("STYLEBOOK_TEST_KILLS"))
	if err != nil {
		return few
	}
	return n
}

// moments waits for one of the moments at which a run in dir is killed, a run that takes about whole: at random ones, and when it
// has just made its folder, while it writes into it, and when a checkpoint or the picture is there.
func moments(dir string, whole time.Duration, which int) {
	patterns := []string{"", "runs-of-one/*/", "runs-of-one/*/.stylebook-*.tmp", "runs-of-one/*/checkpoint.safetensors", "out.png"}
	pattern := patterns[which%len(patterns)]
	if pattern == "" {
		time.Sleep(time.Duration(rand.Float64() * float64(whole)))
		return
	}
	for end := time.Now().Add(whole); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
			return
		}
	}
}

// TestKill kills the program. Each time at most the epochs since the last checkpoint may be lost, what is left must be readable,
// and the continued run must end with the picture and the losses of an unbroken one.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: written for processes as Unix has them")
	}
	dir, binary := workplace(t)
	t.Run("go", func(t *testing.T) { killOn(t, "go", dir, binary, kills(t, 3), 0) })
	t.Run("xla:cpu", func(t *testing.T) {
		testkit.Engine(t, "xla:cpu")
		killOn(t, "xla:cpu", dir, binary, kills(t, 1), 2)
	})
}

// killOn kills so many runs twice each, at the moments from first on.
func killOn(t *testing.T, engine, dir, binary string, times, first int) {
	const every = 3
	stylize := func(arguments ...string) *exec.Cmd {
		cmd := exec.Command(binary, append([]string{"-quiet", "-checkpoint-every", strconv.Itoa(every)}, arguments...)...)
		cmd.Dir = dir
		return cmd
	}
	begin := []string{"-preset", "pytorch", "-content", "content.png", "-style", "style.png", "-weights", "offline", "-backend", engine,
		"-height", "32", "-epochs", "60", "-content-layers", "conv2_1", "-style-layers", "conv1_1,conv2_1", "-log", "log.jsonl"}
	start := time.Now()
	mustRun(t, stylize(append(begin, "-out", "unbroken.png")...))
	whole := time.Since(start)
	want, wantLosses := readFile(t, dir, "unbroken.png"), readLog(t, filepath.Join(dir, "log.jsonl"))

	resumed, lost := 0, 0
	for i := range times {
		store, err := runs.Open(filepath.Join(dir, "runs-of-one"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"log.jsonl", "out.png"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		next := append(begin, "-out", "out.png", "-runs", store.Dir())
		for sitting := 0; ; sitting++ { // killed up to twice, then let be
			cmd := stylize(next...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if sitting < 2 {
				moments(dir, whole, first+2*i+sitting)
				_ = cmd.Process.Kill()
			}
			err := cmd.Wait()
			if err == nil {
				break
			}
			if sitting == 2 {
				t.Fatalf("kill %d: the run does not go on: %v", i, err)
			}
			records, err := store.List()
			if err != nil {
				t.Fatalf("kill %d: %v", i, err)
			}
			if len(records) == 0 {
				continue // killed before it had begun
			}
			done := bytes.Count(readFile(t, dir, "log.jsonl"), []byte("\n"))
			if saved := checkpointed(t, records[0].Folder); records[0].Status != runs.Finished && done-saved > every {
				t.Errorf("kill %d: %d epochs were done, %d are saved", i, done, saved)
			} else {
				lost = max(lost, done-saved)
			}
			if records[0].Status == runs.Finished {
				break
			}
			resumed++
			next = []string{"-resume", records[0].ID, "-runs", store.Dir()}
		}
		if !bytes.Equal(readFile(t, dir, "out.png"), want) {
			t.Fatalf("kill %d: the picture is not the unbroken run's", i)
		}
		records, err := store.List()
		if err != nil || len(records) != 1 || records[0].Status != runs.Finished {
			t.Fatalf("kill %d: %+v, %v", i, records, err)
		}
		got, err := store.Losses(records[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		compareLosses(t, got, wantLosses)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(store.Dir()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d runs killed up to twice: %d resumed, at most %d epochs lost", times, resumed, lost)
}

// checkpointed is how many epochs the checkpoint in a folder has, told by its own words.
func checkpointed(t *testing.T, folder string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint.safetensors"))
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := bytes.Cut(data, []byte(`\"done\":`))
	digits := strings.IndexFunc(string(rest[:min(len(rest), 10)]), func(r rune) bool { return r < '0' || r > '9' })
	if !found || digits < 1 {
		t.Fatal("the checkpoint doesn't say how many epochs it has")
	}
	n, err := strconv.Atoi(string(rest[:digits]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mustRun(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args[1:], err, output)
	}
	return string(output)
}

func readFile(t *testing.T, elements ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elements...))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return data
}

func compareLosses(t *testing.T, got, want []sl.Record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d epochs, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := got[i], want[i]
		g.Seconds, w.Seconds = 0, 0
		if !reflect.DeepEqual(g, w) {
			t.Fatalf("epoch %d: %+v, want %+v", i+1, g, w)
		}
	}
}

const sweepFile = `# 12 runs
set:
  content: content.png
  weights: offline
  height: 24
  epochs: 8
vary:
  style: [style.png, content.png]
  style-weight: [100, 1000]
  style-layers: ["conv1_1", "conv1_1,conv2_1:0.5", "3"]
`

// TestSweepIsKilled kills a sweep in the middle: begun again it must finish without repeating a run, and two processes must
// share what is left.
func TestSweepIsKilled(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: written for processes as Unix has them")
	}
	dir, binary := workplace(t)
	if err := os.WriteFile(filepath.Join(dir, "layers.yaml"), []byte(sweepFile), 0o644); err != nil {
		t.Fatal(err)
	}
	sweep := func() (*exec.Cmd, *bytes.Buffer) {
		cmd, output := exec.Command(binary, "sweep", "-backend", "go", "layers.yaml"), &bytes.Buffer{}
		cmd.Dir, cmd.Stderr = dir, output
		return cmd, output
	}
	first, _ := sweep()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	store, err := runs.Open(filepath.Join(dir, "runs"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	finished := func() map[string]runs.Summary {
		all := map[string]runs.Summary{}
		records, err := store.List()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Status == runs.Finished {
				all[r.ID] = r
			}
		}
		return all
	}
	waitFor(t, func() bool { return len(finished()) >= 4 })
	_ = first.Process.Kill()
	_ = first.Wait()
	before := finished()

	second, secondOutput := sweep()
	third, thirdOutput := sweep()
	for _, cmd := range []*exec.Cmd{second, third} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for i, cmd := range []*exec.Cmd{second, third} {
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, []*bytes.Buffer{secondOutput, thirdOutput}[i])
		}
	}
	output := secondOutput.String() + thirdOutput.String()
	if computed := strings.Count(output, "  total "); computed != 12-len(before) {
		t.Errorf("%d runs were finished, and %d computed:\n%s", len(before), computed, output)
	}
	after := finished()
	if len(after) != 12 {
		t.Errorf("%d runs, want 12", len(after))
	}
	for id, r := range before {
		if after[id].Seconds != r.Seconds {
			t.Errorf("run %s was repeated", id)
		}
	}
	table := readFile(t, dir, "layers", "table.csv")
	if lines := bytes.Count(table, []byte("\n")); lines != 13 {
		t.Errorf("the table has %d lines:\n%s", lines, table)
	}
	if _, err := sl.ReadImage(filepath.Join(dir, "layers", "sheet.png")); err != nil {
		t.Error(err)
	}
}

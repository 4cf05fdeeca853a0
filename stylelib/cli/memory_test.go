package cli

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// peak runs a program, and ends what it prints with a blank and its peak memory in bytes. It has a process of its own because
// the system counts as a process's memory what the one had that started it.
func peak() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		fmt.Println(err)
		os.Exit(2)
	}
	used := reflect.ValueOf(cmd.ProcessState.SysUsage()).Elem().FieldByName("Maxrss") // which Windows doesn't know
	fmt.Print(" ", used.Int()<<10)
	os.Exit(cmd.ProcessState.ExitCode())
}

// TestMemoryContract runs the command with what costs memory: within -memory it runs, or it is refused at little cost.
func TestMemoryContract(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: other systems count memory in other units")
	}
	dir, binary := workplace(t)
	large := image.NewPaletted(image.Rect(0, 0, 9000, 9000), color.Palette{color.Black, color.White})
	for name, encode := range map[string]func(io.Writer) error{
		"large.gif": func(w io.Writer) error { return gif.Encode(w, large, nil) },
		"large.png": func(w io.Writer) error { return png.Encode(w, large) },
	} {
		file, err := os.Create(filepath.Join(dir, name))
		if err := errors.Join(err, encode(file), file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	writeMask(t, filepath.Join(dir, "mask.png"), color.RGBA{255, 0, 0, 255})
	const refusal = 200 << 20
	for _, c := range []struct {
		memory  string
		limit   int64
		options string
		refused bool
	}{
		{"300MB", 300e6, "", false},
		{"500MB", 500e6, "-scales 2 -epochs 4", false},
		{"500MB", 500e6, "-style-scale 2", false},
		{"500MB", 500e6, "-style-scale 20", true},
		{"500MB", 500e6, "-height 10000 -width 10000", true},
		{"500MB", 500e6, "-height 10000 -width 10000 -tile 200", true},
		{"500MB", 500e6, "-optimizer lbfgs -history 10", false},
		{"500MB", 500e6, "-optimizer lbfgs -history 1000 -height 200", true},
		{"500MB", 500e6, "-style-loss remd -samples 1024", false},
		{"500MB", 500e6, "-style-loss remd -samples 4096", true},
		{"500MB", 500e6, "-content large.gif", true},
		{"500MB", 500e6, "-style large.png", true},
		{"1GB", 1e9, "-style " + strings.Repeat("large.png,", 39) + "large.png", true},
		{"500MB", 500e6, "-init large.gif", true},
		{"500MB", 500e6, "-preset painting", false},
		{"1500MB", 1500e6, "-preset painting -style-scale 4", false},
		{"1500MB", 1500e6, "-style-scale 4 -style " + strings.Repeat("style.png,", 19) + "style.png", false},
		{"500MB", 500e6, "-content-mask mask.png -style-mask mask.png", false},
		{"60MB", 60e6, "", true},
	} {
		arguments := append(strings.Fields("-content content.png -style style.png -weights offline -backend go -height 64 -epochs 2 -out out.png -runs off -quiet -preset pytorch"),
			append(strings.Fields(c.options), "-memory", c.memory)...)
		cmd := exec.Command(os.Args[0])
		cmd.Args = append([]string{"peak", binary}, arguments...)
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		last := bytes.LastIndexByte(output, ' ') + 1
		peak, parseErr := strconv.ParseInt(string(output[last:]), 10, 64)
		if parseErr != nil {
			t.Fatalf("no peak in %q: %v", output, parseErr)
		}
		t.Logf("%s %.70s: %d MB, %v", c.memory, c.options, peak>>20, cmd.ProcessState)
		switch {
		case (err != nil) != c.refused:
			t.Errorf("%s %.70s: %v\n%s", c.memory, c.options, err, output)
		case c.refused && (peak > refusal || !strings.Contains(string(output), "may be taken")):
			t.Errorf("%s %.70s: refusing took %d MB: %s", c.memory, c.options, peak>>20, output)
		case peak > c.limit && !c.refused:
			t.Errorf("%s %.70s took %d MB", c.memory, c.options, peak>>20)
		}
	}
}

// A limit on a group of processes, or on one that the group is in, counts as the machine's memory.
func TestMemoryOfControlGroup(t *testing.T) {
	outer, limit := filepath.Join("/sys/fs/cgroup/memory", fmt.Sprint("stylebook-test-", os.Getpid())), "memory.limit_in_bytes"
	if _, err := os.Stat(filepath.Dir(outer)); err != nil {
		outer, limit = filepath.Join("/sys/fs/cgroup", filepath.Base(outer)), "memory.max"
	}
	inner := filepath.Join(outer, "inner")
	for _, group := range []string{outer, inner} {
		if err := os.Mkdir(group, 0o755); err != nil {
			t.Skipf("skipped: no control group can be made here: %v", err)
		}
		t.Cleanup(func() { _ = os.Remove(group) })
	}
	if err := os.WriteFile(filepath.Join(outer, limit), []byte("250000000"), 0); err != nil {
		t.Skipf("skipped: control groups don't limit memory here: %v", err)
	}
	dir, binary := workplace(t)
	for _, group := range []string{outer, inner} {
		cmd := forever(dir, binary, "-height", "300")
		cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `echo $$ >` + group + `/cgroup.procs && exec "$0" "$@"`}, cmd.Args...)
		if output, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(output), "and 250 MB may be taken") {
			t.Errorf("%s: %v: %s", group, err, output)
		}
	}
}

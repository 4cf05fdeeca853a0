package cli

import (
	"bufio"
	"database/sql"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
)

// forever is a training that goes on until it is stopped, with nothing kept but its picture.
func forever(dir, binary string, more ...string) *exec.Cmd {
	cmd := exec.Command(binary, append([]string{"-content", "content.png", "-style", "style.png", "-weights", "offline", "-backend", "go",
		"-height", "32", "-epochs", "100000", "-out", "out.png", "-log", "log.jsonl", "-runs", "off"}, more...)...)
	cmd.Dir = dir
	return cmd
}

// A closed terminal, the end of a session or of the reader of its messages costs no picture: SIGHUP comes twice or more, and
// standard error is a pipe that nobody reads any more.
func TestHangUpSavesThePicture(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("skipped: hang-ups are ignored here, as under nohup, and so by the commands that are started")
	}
	if runtime.GOOS == "windows" {
		t.Skip("skipped: written for signals as Unix has them")
	}
	dir, binary := workplace(t)
	for _, signals := range [][]syscall.Signal{{syscall.SIGHUP, syscall.SIGHUP, syscall.SIGHUP}, {syscall.SIGTERM, syscall.SIGHUP}} {
		cmd := forever(dir, binary)
		reader, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return len(readFile(t, dir, "log.jsonl")) > 500 })
		_ = reader.Close()
		for _, s := range signals {
			_ = cmd.Process.Signal(s)
			time.Sleep(time.Millisecond)
		}
		_ = cmd.Wait()
		if status := cmd.ProcessState.ExitCode(); status != statusInterrupted {
			t.Errorf("%v: %v, want status %d", signals, cmd.ProcessState, statusInterrupted)
		}
		if _, err := sl.ReadImage(filepath.Join(dir, "out.png")); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"out.png", "log.jsonl"} {
			_ = os.Remove(filepath.Join(dir, name))
		}
	}
}

// What nohup started goes on when the terminal is closed.
func TestNohup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: written for signals as Unix has them")
	}
	dir, binary := workplace(t)
	cmd := forever(dir, binary)
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`}, cmd.Args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	waitFor(t, func() bool { return len(readFile(t, dir, "log.jsonl")) > 500 })
	_ = cmd.Process.Signal(syscall.SIGHUP)
	size := len(readFile(t, dir, "log.jsonl"))
	waitFor(t, func() bool { return len(readFile(t, dir, "log.jsonl")) > size+2000 })
}

// Where there is nothing to save, Ctrl-C ends the program soon, whatever it waits for.
func TestInterruptEndsAtOnce(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: written for signals as Unix has them")
	}
	dir, binary := workplace(t)
	if err := exec.Command("mkfifo", filepath.Join(dir, "fifo.png")).Run(); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(binary, "runs", "-runs", dir).Run(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "runs.sqlite")+"?_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lock, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Rollback()
	for what, more := range map[string][]string{"a pipe that nobody writes to": {"-content", "fifo.png"}, "a database that is locked": {"-runs", dir}} {
		state, took := interrupted(t, forever(dir, binary, more...), 2*time.Second)
		for pause := 4 * time.Second; !state.Exited() && pause < time.Minute; pause *= 2 { // it had not come to catching signals yet
			state, took = interrupted(t, forever(dir, binary, more...), pause)
		}
		if state.ExitCode() != statusInterrupted || took > 30*time.Second { // the database is waited for a minute
			t.Errorf("%s: %v after %v, want status %d", what, state, took, statusInterrupted)
		}
	}
}

// interrupted starts a command, sends it Ctrl-C after a pause, and tells how it ended and how long that took.
func interrupted(t *testing.T, cmd *exec.Cmd, pause time.Duration) (*os.ProcessState, time.Duration) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(pause)
	start := time.Now()
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	return cmd.ProcessState, time.Since(start)
}

// XLA compiles for seconds and can't be told to stop: the program says so and ends without it.
func TestInterruptWhileCompiling(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: written for signals as Unix has them")
	}
	testkit.Engine(t, "xla:cpu")
	dir, binary := workplace(t)
	cmd := forever(dir, binary, "-backend", "xla:cpu", "-weights", "random", "-optimizer", "lbfgs", "-history", "300") // many steps of a graph
	cmd.Env = append(cmd.Environ(), engine.EnvCompiled+"=off")
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := ""
	for lines := bufio.NewScanner(said); lines.Scan(); last = lines.Text() {
		if strings.HasPrefix(lines.Text(), "size ") { // features are next, then XLA compiles an epoch
			time.Sleep(2 * time.Second)
			_ = cmd.Process.Signal(os.Interrupt)
		}
	}
	_ = cmd.Wait()
	slow := "stylize: interrupted before the first epoch was done: nothing is saved" // the features took longer than that
	if cmd.ProcessState.ExitCode() != statusInterrupted || last != slow && last != "stylize: interrupted before an epoch was done: nothing more is saved" {
		t.Errorf("%v: %q", cmd.ProcessState, last)
	}
}

//go:build unix

package clip

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// running are the processes whose arguments have a text in them.
func running(t *testing.T, text string) (found []string) {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-ww", "-o", "args=").Output()
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "ffmpeg") && strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

// until waits for a state of the processes, 20 seconds at most.
func until(t *testing.T, text, what string, is func(found int) bool) {
	t.Helper()
	found := running(t, text)
	for end := time.Now().Add(20 * time.Second); !is(len(found)) && time.Now().Before(end); found = running(t, text) {
		time.Sleep(20 * time.Millisecond)
	}
	if !is(len(found)) {
		t.Fatalf("%s: %q", what, found)
	}
}

const childFilm = "STYLEBOOK_CLIP_CHILD"

// TestMain is a program that paints a film, too, when a test asks for one: until it is told to stop, ten pictures of those called "waiting".
func TestMain(m *testing.M) {
	in := os.Getenv(childFilm)
	if in == "" {
		os.Exit(m.Run())
	}
	ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt)
	n := 0
	_, err := Paint(ctx, in, in+".mp4", Default(), func(frame *image.RGBA) (*image.RGBA, error) {
		if n++; n == 10 && strings.Contains(in, "waiting") {
			fmt.Println("painting")
			<-ctx.Done()
		}
		return frame, nil
	})
	fmt.Println(err)
	if !errors.Is(err, context.Canceled) {
		os.Exit(1)
	}
}

// painter starts that program, in a group of its own as a shell does.
func painter(t *testing.T, in string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childFilm+"="+in)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(out)
}

func kill(t *testing.T, c *exec.Cmd, in string) {
	t.Helper()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	until(t, in, "outlives a kill", func(found int) bool { return found == 0 })
}

// No ffmpeg outlives who paints, even where that is killed.
func TestKilled(t *testing.T) {
	in := clip(t, "waiting.mkv")
	c, out := painter(t, in)
	if line, err := out.ReadString('\n'); line != "painting\n" || len(running(t, in)) == 0 {
		t.Errorf("it says %q, %v", line, err)
	}
	kill(t, c, in)
	if runtime.GOOS != "linux" {
		return // elsewhere the sound, whose ffmpeg has no pipe, is finished
	}
	in = ffmpeg(t, "sound.mkv", "-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", "anullsrc=duration=3600", "-c:a", "flac")
	c, _ = painter(t, in)
	until(t, in+" -map 0:v", "the sound is never added", func(found int) bool { return found > 0 })
	kill(t, c, in)
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(in), ".stylebook-*"))
	whole := 0
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil && bytes.Contains(data, []byte("moov")) {
			whole++
		}
	}
	if len(files) != 2 || whole != 1 { // the pictures; the sound isn't through
		t.Errorf("%d of the files %q are whole", whole, files)
	}
}

// Ctrl-C goes to all processes of the terminal's group; the film plays all the same.
func TestCtrlC(t *testing.T) {
	in := clip(t, "waiting.mp4")
	c, out := painter(t, in)
	if line, err := out.ReadString('\n'); line != "painting\n" {
		t.Errorf("it says %q, %v", line, err)
	}
	if err := syscall.Kill(-c.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	line, _ := out.ReadString('\n')
	if err := c.Wait(); err != nil {
		t.Errorf("%v: %s", err, line)
	}
	plays(t, in+".mp4", 10)
	if left := running(t, in); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

package atomicfile

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func write(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestWriteReplacesAndHashes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for i, text := range []string{"first", "second"} {
		sum, err := Write(path, write(text))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256([]byte(text))); sum != want {
			t.Errorf("SHA-256 is %s, want %s", sum, want)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("the file holds %q", got)
		}
		if info, _ := os.Stat(path); i == 1 && runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("the replaced file has mode %v", info.Mode())
		}
		os.Chmod(path, 0o600)
	}
}

func TestFailedWriteLeavesWhatWasThere(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("no space left on device")
	_, err := Write(path, func(w io.Writer) error {
		w.Write(make([]byte, 1<<20))
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	if _, err := Write(folder, write("a folder can't be replaced")); err == nil {
		t.Error("a folder was replaced")
	}
	if err := Check(path); err != nil {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "before" {
		t.Errorf("the file was changed to %q", got)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if Check(filepath.Join(folder, "none", "file")) == nil {
		t.Error("a folder that isn't there takes a file")
	}
}

func TestForsakenFilesGo(t *testing.T) {
	folder := t.TempDir()
	for name, age := range map[string]time.Duration{".stylebook-0123456789abcdef.tmp": 2 * time.Hour, ".stylebook-fedcba9876543210.tmp": 0, ".stylebook-other": 2 * time.Hour} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, time.Time{}, time.Now().Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Write(filepath.Join(folder, "file"), write("x")); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(folder)
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if want := []string{".stylebook-fedcba9876543210.tmp", ".stylebook-other", "file"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
}

// A reader that has the file open for a moment is waited for where it is in the way.
func TestAFileThatIsReadIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() {
		time.Sleep(200 * time.Millisecond)
		closed <- reader.Close()
	}()
	_, err = Write(path, write("second"))
	if err := errors.Join(err, <-closed); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "second" {
		t.Errorf("the file holds %q", got)
	}
}

func TestSHA256StopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := SHA256(ctx, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

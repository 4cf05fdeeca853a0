//go:build unix

package weights

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const diskFullEnv = "STYLEBOOK_TEST_DISK_FULL"

// The disk "fills up" in a process of its own, whose files the system lets grow to 20 kB only.
func TestDiskFull(t *testing.T) {
	if os.Getenv(diskFullEnv) != "" {
		loadOnFullDisk(t)
		return
	}
	content := torchLike(t)
	server := newServer(t, content)
	cache := t.TempDir()
	command := exec.Command(os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
	command.Env = append(os.Environ(), diskFullEnv+"="+server.URL+" "+cache)
	output, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(output), "file too large") {
		t.Fatalf("%v: %s", err, output)
	}
	if files, _ := filepath.Glob(filepath.Join(cache, "*.safetensors")); len(files) > 0 {
		t.Errorf("half a file has its final name: %v", files)
	}
	// With room again, the download continues.
	server.set(nil)
	loaded := mustLoad(t, testOptions(cache, Remote{URL: server.URL}))
	if loaded.Path == "" {
		t.Errorf("got %+v", loaded)
	}
	if requests, _ := server.log(); len(requests) < 2 || strings.HasPrefix(requests[1], "bytes=2") == false {
		t.Errorf("requests were %v; want the second to begin behind what was there", requests)
	}
}

func loadOnFullDisk(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 20000, Max: 20000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skipf("no file size limit here: %v", err)
	}
	url, cache, _ := strings.Cut(os.Getenv(diskFullEnv), " ")
	second := Remote{URL: "http://127.0.0.1:1/never-asked"}
	loaded := mustLoad(t, testOptions(cache, Remote{URL: url}, second))
	if !isOffline(loaded) || strings.Contains(loaded.Why, "127.0.0.1:1:") {
		t.Errorf("got %+v", loaded)
	}
	t.Log(loaded.Why)
}

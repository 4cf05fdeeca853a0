package compiled

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/cachedir"
)

const (
	extension = ".xla"
	maxBytes  = 512 << 20 // of all files in a folder; beyond that, those that were used longest ago go
)

// keeper keeps the programs of one plugin.
type keeper struct {
	plugin, folder string
	machine        string // what a program is compiled for, and by
}

func newKeeper(plugin, folder string) (*keeper, error) {
	info, err := os.Stat(plugin)
	if err != nil {
		return nil, err
	}
	machine := fmt.Sprintln(filepath.Base(plugin), info.Size(), info.ModTime().UnixNano(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor())
	return &keeper{plugin, folder, machine}, nil
}

// processor tells processors apart for which programs are compiled differently.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	var told []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "model name") || strings.HasPrefix(line, "flags") || strings.HasPrefix(line, "Features") {
			told = append(told, line)
		}
		if strings.TrimSpace(line) == "" { // the next one is like it
			break
		}
	}
	return strings.Join(told, "")
}

func (k *keeper) path(sum []byte) string {
	return filepath.Join(k.folder, hex.EncodeToString(sum)+extension)
}

// find returns a program that is kept, or nil. A file begins with the hash of the rest; a damaged one is deleted.
func (k *keeper) find(path string) []byte {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	if len(data) > sha256.Size {
		program := data[sha256.Size:]
		if sum := sha256.Sum256(program); bytes.Equal(sum[:], data[:sha256.Size]) {
			now := time.Now()
			_ = os.Chtimes(path, now, now) // it was used
			return program
		}
	}
	_ = os.Remove(path)
	return nil
}

// store keeps a program. Where that fails it is compiled again next time.
func store(path string, program []byte) {
	folder := filepath.Dir(path)
	if os.MkdirAll(folder, 0o700) != nil {
		return
	}
	sum := sha256.Sum256(program)
	_, err := atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(slices.Concat(sum[:], program))
		return err
	})
	if err == nil {
		cachedir.Shrink(folder, extension, maxBytes)
	}
}

package weights

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/paths"
)

// cache is the directory of downloaded weights. A file vgg19-to-conv5_1.safetensors has the convolutions of VGG-19 up
// to conv5_1, one called vgg16-… those of VGG-16; its SHA-256 stands in vgg19-to-conv5_1.safetensors.sha256.
type cache struct{ dir string }

// openCache returns the cache in dir, "" for the usual one; a relative dir counts from base. It need not exist yet.
func openCache(base, dir string) (*cache, error) {
	if dir != "" {
		return &cache{dir: paths.From(base, dir)}, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	return &cache{dir: filepath.Join(base, "stylebook", "weights")}, nil
}

// fileFor returns the path of the cached file that ends with this convolution.
func (c *cache) fileFor(architecture sl.Architecture, last sl.Layer) string {
	return c.path(slug(architecture) + "-to-" + last.Name + ".safetensors")
}

func (c *cache) path(name string) string { return filepath.Join(c.dir, name) }

// candidates returns the files that exist and have at least so many convolutions, the smallest first; none without a cache.
func (c *cache) candidates(architecture sl.Architecture, convs int) (paths []string) {
	if c == nil {
		return nil
	}
	for _, last := range convsOf(architecture)[convs-1:] {
		if path := c.fileFor(architecture, last); isThere(path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// failure is the last download that failed.
type failure struct {
	at      time.Time // zero: none did
	reason  string
	brought bool // a part of a file, so that the next download continues it
}

// rests says whether the failure is so young that the sources are not asked again. A clock may have been put back.
func (f failure) rests(rest time.Duration) bool {
	return !f.brought && time.Since(f.at) < rest && !f.at.After(time.Now())
}

// brought is the second line of the note of a failure that brought a part.
const brought = "continues"

// failurePath is a note of why VGG-19 could not be downloaded, as old as the attempt.
func (c *cache) failurePath() string { return c.path("vgg19-failed.txt") }

// rememberFailure and forgetFailure do what they can: without the note, only time is lost.
func (c *cache) rememberFailure(reason string, part bool) {
	if part {
		reason += "\n" + brought
	}
	_ = os.WriteFile(c.failurePath(), []byte(reason+"\n"), 0o644)
}

func (c *cache) forgetFailure() { os.Remove(c.failurePath()) }

// failure returns how the last download failed, if it did.
func (c *cache) failure() failure {
	text, err := os.ReadFile(c.failurePath())
	info, statErr := os.Stat(c.failurePath())
	if err != nil || statErr != nil {
		return failure{}
	}
	reason, more, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return failure{info.ModTime(), reason, more == brought}
}

func sumPath(path string) string { return path + ".sha256" }

// readSum returns the SHA-256 recorded beside a file, "" if there is none: somebody may have copied only the file.
func readSum(path string) (string, error) {
	text, err := os.ReadFile(sumPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	sum, _, _ := strings.Cut(string(text), " ")
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != 32 {
		return "", fmt.Errorf("%s holds no SHA-256", sumPath(path))
	}
	return sum, nil
}

// writeSum records a SHA-256 beside a file, in the form that sha256sum -c reads.
func writeSum(path, sum string) error {
	_, err := atomicfile.Write(sumPath(path), func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s  %s\n", sum, filepath.Base(path))
		return err
	})
	return err
}

// publish gives a complete part file its name. The sum comes first: were it missing after an interruption, damage
// to the file could not be seen.
func publish(part, path, sum string) error {
	if err := writeSum(path, sum); err != nil {
		return err
	}
	return atomicfile.Rename(part, path)
}

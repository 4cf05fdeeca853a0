// Package cachedir is about folders in the user's cache, which several processes use at a time.
package cachedir

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"
)

// Lock makes a folder if it isn't there, and keeps others that lock it out, also other processes. waiting is called if it must wait,
// which ends with the context.
func Lock(ctx context.Context, folder string, waiting func()) (unlock func(), err error) {
	lock := flock.New(filepath.Join(folder, ".lock"))
	locked, err := false, os.MkdirAll(folder, 0o755)
	if err == nil {
		locked, err = lock.TryLock()
	}
	if err == nil && !locked {
		waiting()
		_, err = lock.TryLockContext(ctx, 100*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", folder, err)
	}
	return func() { lock.Unlock() }, nil
}

// Shrink deletes files of a folder whose names have an extension, as long as all of them have more than so many bytes: those first
// whose time is the oldest.
func Shrink(folder, extension string, most int64) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	total := int64(0)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && filepath.Ext(entry.Name()) == extension {
			files, total = append(files, info), total+info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, info := range files {
		if total <= most {
			return
		}
		if os.Remove(filepath.Join(folder, info.Name())) == nil {
			total -= info.Size()
		}
	}
}

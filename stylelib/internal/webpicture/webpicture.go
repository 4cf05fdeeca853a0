// Package webpicture takes pictures from addresses in the web: each is downloaded once, and kept in the user's cache.
package webpicture

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/cachedir"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/paths"
)

// Options bound a download. Start from [Default].
type Options struct {
	Folder string // where pictures are kept; "" for stylebook/pictures in the user's cache

	AnswerTimeout time.Duration // until the server answers; 0 sets no limit, and so in the next two
	StallTimeout  time.Duration // in which at least 16 KiB must come
	WholeTimeout  time.Duration // until all is there
	MaxBytes      int64         // of a picture's file, at least 1
	CacheBytes    int64         // of all that are kept; beyond that, those that were used longest ago go

	Progress func(Progress) // is told how far a download is; may be nil
}

// Default are the bounds that the command has.
func Default() Options {
	return Options{AnswerTimeout: 20 * time.Second, StallTimeout: 30 * time.Second, WholeTimeout: 10 * time.Minute,
		MaxBytes: 256 << 20, CacheBytes: 512 << 20}
}

// Progress is one report of a download.
type Progress struct {
	Done, Total int64 // bytes; a Total of -1 is not known
	Waiting     bool  // nothing is downloaded yet: another process is at it
}

// extension is that of the files that are kept. Their names are the SHA-256 of the address and that of the file.
const extension = ".picture"

// Local returns the file of a picture: of an address that in the cache, into which it is downloaded if it isn't there, of anything
// else the path itself. The error is a one-line *[imagefile.Error] that names the address and what to do; the context's when that
// ended, and then nothing new is left.
func Local(ctx context.Context, path string, o Options) (string, error) {
	if !paths.IsAddress(path) {
		return path, nil
	}
	if reason := refusal(path); reason != "" {
		return "", &imagefile.Error{Path: path, Reason: reason}
	}
	local, err := o.local(ctx, path)
	switch {
	case err == nil:
		return local, nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("downloading %w", &imagefile.Error{Path: path, Reason: "stopped", Err: context.Cause(ctx)})
	}
	return "", &imagefile.Error{Path: path, Reason: reasonOf(err), Err: err}
}

func (o Options) local(ctx context.Context, address string) (string, error) {
	folder, err := o.folder()
	if err != nil {
		return "", &keepError{err}
	}
	name := fmt.Sprintf("%x", sha256.Sum256([]byte(address)))
	if local := kept(ctx, folder, name); local != "" {
		return local, nil
	}
	unlock, err := cachedir.Lock(ctx, folder, func() { o.tell(Progress{Waiting: true}) })
	if err != nil {
		return "", &keepError{err}
	}
	defer unlock()
	if local := kept(ctx, folder, name); local != "" { // by the process that was waited for
		return local, nil
	}
	whole := filepath.Join(folder, name)
	sum, err := o.download(ctx, address, whole)
	if err != nil {
		return "", err
	}
	local := whole + "-" + sum + extension
	if err := atomicfile.Rename(whole, local); err != nil {
		return "", &keepError{err}
	}
	cachedir.Shrink(folder, extension, o.CacheBytes)
	return local, nil
}

func (o Options) folder() (string, error) {
	if o.Folder != "" {
		return o.Folder, nil
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "stylebook", "pictures"), err
}

func (o Options) tell(p Progress) {
	if o.Progress != nil {
		o.Progress(p)
	}
}

// kept returns the file of an address by its SHA-256, or "". One that isn't what it was is deleted.
func kept(ctx context.Context, folder, address string) string {
	files, _ := fs.Glob(os.DirFS(folder), address+"-*"+extension) // none where there is no folder
	for _, name := range files {
		path, sum := filepath.Join(folder, name), strings.TrimSuffix(strings.TrimPrefix(name, address+"-"), extension)
		if is, err := hash(ctx, path); err == nil && is == sum {
			now := time.Now()
			_ = os.Chtimes(path, now, now) // it is used
			return path
		} else if err == nil {
			_ = os.Remove(path)
		}
	}
	return ""
}

func hash(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return atomicfile.SHA256(ctx, file)
}

// Read is [imagefile.ReadFile] of a path or an address. What can't be read is not kept.
func Read(ctx context.Context, path string, memory int64, o Options) (imagefile.File, error) {
	local, err := Local(ctx, path, o)
	if err != nil {
		return imagefile.File{}, err
	}
	file, err := imagefile.ReadNamed(local, path, memory)
	if err != nil && local != path {
		_ = os.Remove(local)
	}
	return file, err
}

// Package atomicfile writes files that appear under their name whole or not at all.
package atomicfile

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// Write puts what write writes in place of path, or leaves everything as it was; see [Replace]. It returns the SHA-256 of the file in
// hexadecimal.
func Write(path string, write func(io.Writer) error) (sum string, err error) {
	hash := sha256.New()
	err = Replace(path, func(file *os.File) error {
		buffer := bufio.NewWriterSize(io.MultiWriter(file, hash), 1<<16)
		if err := write(buffer); err != nil {
			return err
		}
		return buffer.Flush()
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Replace puts the file that write writes, or lets another process write by its name, in place of path, or leaves everything as it
// was: it is written beside path, synced and renamed. A new file has permission 0644 less the umask, a replaced one keeps its own.
func Replace(path string, write func(*os.File) error) error {
	return Beside(path, func(file *os.File) error {
		for _, step := range []func() error{func() error { return write(file) }, file.Sync, file.Close} {
			if err := step(); err != nil {
				return err
			}
		}
		return Rename(file.Name(), path)
	})
}

// Beside lends a new, hidden file in the folder of path, with the permission of [Replace]. It is removed after use.
func Beside(path string, use func(*os.File) error) error {
	file, err := createBeside(path)
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if info, err := os.Stat(path); err == nil {
		if err := file.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
	}
	return use(file)
}

const prefix, suffix = ".stylebook-", ".tmp"

// createBeside creates a new, hidden file in the folder of path, and drops those that a process left that was killed.
// os.CreateTemp would make it private and leave the umask aside.
func createBeside(path string) (*os.File, error) {
	folder := filepath.Dir(path)
	dropOld(folder)
	for {
		name := filepath.Join(folder, fmt.Sprintf("%s%016x%s", prefix, rand.Uint64(), suffix))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// forsaken is how long nobody has written to a file that nobody will finish.
const forsaken = time.Hour

func dropOld(folder string) {
	files := os.DirFS(folder)
	names, _ := fs.Glob(files, prefix+"*"+suffix) // creating the file says what is wrong with the folder
	for _, name := range names {
		if info, err := fs.Lstat(files, name); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > forsaken {
			_ = os.Remove(filepath.Join(folder, name)) // it may be another user's
		}
	}
}

// Check says whether the folder of path takes a new file. It leaves nothing behind. Its error is the system's without a path,
// which would be that of a probe.
func Check(path string) error {
	probe, err := createBeside(path)
	if err == nil {
		probe.Close()
		err = os.Remove(probe.Name())
	}
	if in := (*fs.PathError)(nil); errors.As(err, &in) {
		return in.Err
	}
	return err
}

// Rename renames a file that is safely on the disk, so that it survives a power cut under its new name, where the system can
// do that.
func Rename(from, to string) error {
	if err := rename(from, to); err != nil {
		return err
	}
	if folder, err := os.Open(filepath.Dir(to)); err == nil {
		_ = folder.Sync() // not every file system syncs folders, and the file itself is safe
		folder.Close()
	}
	return nil
}

// SHA256 returns the SHA-256 of all that a reader has, in hexadecimal, or the context's error if it ends first.
func SHA256(ctx context.Context, r io.Reader) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, Reader(ctx, r)); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Reader returns a reader that stops with the context's error when it ends.
func Reader(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(buffer []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(buffer)
}

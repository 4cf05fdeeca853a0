package imagefile

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/tiff"
)

// Write writes a picture as PNG, as TIFF (compressed without loss) or as JPEG (quality 95, over white), chosen by the
// extension of path: .png, .tif, .tiff, .jpg or .jpeg, in any case. A picture of 16 bits for each channel keeps them in PNG
// and TIFF.
//
// The file appears whole or not at all: it is written beside its place, synced and renamed. A new file has permission
// 0644 less the umask, a replaced one keeps its own; a symbolic link stays, and its target is replaced.
//
// Every failure is a one-line *Error, and leaves what was there before.
//
// Go's encoder halves the chroma of a JPEG (4:2:0); PNG keeps every value.
func Write(path string, img image.Image) error {
	encode, target, err := outputTarget(path)
	if err != nil {
		return err
	}
	if img == nil || img.Bounds().Empty() {
		return &Error{Path: path, Reason: "there is no picture to write: it has no pixels"}
	}
	if err := WriteAtomically(target, func(w io.Writer) error { return encode(w, img) }); err != nil {
		return &Error{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	return nil
}

// CheckWritable says whether Write could write path, before a long run: the extension is known, the folder is
// there and takes a new file, and path is no folder or write-protected file. It leaves nothing behind.
//
// Every failure is a one-line *Error.
func CheckWritable(path string) error {
	_, target, err := outputTarget(path)
	if err != nil {
		return err
	}
	probe, err := createBeside(target)
	if err != nil {
		return &Error{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return &Error{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	return nil
}

type imageEncoder func(io.Writer, image.Image) error

// outputTarget returns how to encode path and the file to replace, which differs from path where that is a link.
func outputTarget(path string) (imageEncoder, string, error) {
	target, err := followLinks(path)
	if err != nil {
		return nil, "", &Error{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	if reason, err := folderObjection(filepath.Dir(target)); reason != "" {
		return nil, "", &Error{Path: path, Reason: reason, Err: err}
	}
	if reason, err := targetObjection(target); reason != "" {
		return nil, "", &Error{Path: path, Reason: reason, Err: err}
	}
	encode := encoderFor(path)
	if encode == nil {
		return nil, "", &Error{Path: path, Reason: "the file name must end in .png, .tif, .tiff, .jpg or .jpeg"}
	}
	return encode, target, nil
}

// folderObjection says why no file can be made in folder; "" where it can.
func folderObjection(folder string) (reason string, err error) {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no folder %s: create it first", oneLine(folder)), err
	case err != nil:
		return "cannot be written: " + osReason(err), err
	case !info.IsDir():
		return fmt.Sprintf("%s is a file, not a folder: choose another name", oneLine(folder)), nil
	}
	return "", nil
}

// targetObjection says why what stands in target's place cannot be replaced; "" where it can or nothing stands there.
func targetObjection(target string) (reason string, err error) {
	info, err := os.Stat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "cannot be written: " + osReason(err), err
	case info.IsDir():
		return fmt.Sprintf("is a folder: give a file name such as %s", oneLine(filepath.Join(target, "out.png"))), nil
	case !info.Mode().IsRegular():
		return "is not a regular file: choose another name", nil
	}
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return "cannot be replaced: " + osReason(err), err
	}
	f.Close()
	return "", nil
}

func encoderFor(path string) imageEncoder {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		return png.Encode
	case ".tif", ".tiff":
		return func(w io.Writer, img image.Image) error {
			return tiff.Encode(w, img, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
		}
	case ".jpg", ".jpeg":
		return func(w io.Writer, img image.Image) error {
			return jpeg.Encode(w, Flatten(img), &jpeg.Options{Quality: jpegQuality})
		}
	}
	return nil
}

// followLinks returns what path stands for; unlike filepath.EvalSymlinks it takes a link to a file yet to be made.
func followLinks(path string) (string, error) {
	for range 40 {
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link; whatever else is wrong with it shows when it is opened
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", errors.New("too many symbolic links")
}

// createBeside creates a new, hidden file in the folder of target. os.CreateTemp would make it private and leave the
// umask aside.
func createBeside(target string) (*os.File, error) {
	for {
		name := filepath.Join(filepath.Dir(target), fmt.Sprintf(".stylebook-%016x.tmp", rand.Uint64()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// WriteAtomically puts what write writes in place of target, or leaves everything as it was.
func WriteAtomically(target string, write func(io.Writer) error) (err error) {
	f, err := createBeside(target)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if info, err := os.Stat(target); err == nil {
		if err := f.Chmod(info.Mode().Perm()); err != nil {
			return err
		}
	}
	buffer := bufio.NewWriterSize(f, 1<<16)
	if err := write(buffer); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), target); err != nil {
		return err
	}
	syncFolder(filepath.Dir(target))
	return nil
}

// syncFolder makes a rename durable. The file is in place already, so that a file system that cannot sync a folder is
// no failure.
func syncFolder(path string) {
	if folder, err := os.Open(path); err == nil {
		folder.Sync()
		folder.Close()
	}
}

package imagefile

import (
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/tiff"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/oneline"
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
	if _, err := atomicfile.Write(target, func(w io.Writer) error { return encode(w, img) }); err != nil {
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
	if err := atomicfile.Check(target); err != nil {
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
		return fmt.Sprintf("there is no folder %s: create it first", oneline.Quote(folder)), err
	case err != nil:
		return "cannot be written: " + osReason(err), err
	case !info.IsDir():
		return fmt.Sprintf("%s is a file, not a folder: choose another name", oneline.Quote(folder)), nil
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
		return fmt.Sprintf("is a folder: give a file name such as %s", oneline.Quote(filepath.Join(target, "out.png"))), nil
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

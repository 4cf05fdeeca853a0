package imagefile

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"strings"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/internal/paths"
)

const (
	// MaxPixels is the size of the largest picture that Read decodes: 256 megapixels, more than phones and cameras take.
	MaxPixels = 256_000_000
	// MaxMade is that of the largest that Resize makes: 100 megapixels.
	MaxMade = 100_000_000
	// SniffBytes of a file's beginning are enough to tell every format named here, even behind a long comment.
	SniffBytes = 1 << 16
)

const (
	maxFileBytes = 1 << 30
	headBytes    = 1 << 20 // enough for the size of most
	jpegQuality  = 95
)

// Error reports a picture that cannot be read or written. Its message is one line that names the file, the
// reason and, where there is one, the remedy.
type Error struct {
	Path   string // the file, or the name given to Decode
	Reason string // what is wrong and what to do about it
	Err    error  // the cause; nil where the reason says it all
}

func (e *Error) Error() string { return oneline.Quote(e.Path) + ": " + oneline.Quote(e.Reason) }

func (e *Error) Unwrap() error { return e.Err }

// Read reads a picture file: JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF or BMP, told by content and not by the file's name. Of an
// animation it is the first frame, placed on its canvas, of a TIFF the first page.
//
// The result is always an *image.RGBA with its corner at (0, 0) and every alpha 255: 8-bit R, G, B, A, row by row.
// Orientation is applied, alpha is composited over white, more bits are rounded to 8.
//
// Every failure is a one-line *Error: missing, empty, cut-off or damaged files, folders, other formats, and pictures of more than
// MaxPixels, or for which memory is short, which are refused by their header, before anything is decoded. A file of which all pixels
// are there is read, whatever else it lacks, and so is a JPEG or PNG of which more than 55 % of the rows are: the others are gray.
//
// JPEG and lossy WebP give the pixels of libjpeg-turbo and libwebp (see decodeJPEG), other formats those of any
// decoder. Colours are converted to sRGB by the file's ICC profile, or by numbers of ITU-T H.273 (PNG's cICP, HEIC, AVIF), or by a
// PNG's gAMA and cHRM: relative colorimetric, with black point compensation; HDR is rolled off (see coded). What can't be used of
// that is ignored. HEIC, AVIF and uncommon JPEGs are decoded in package sandbox.
func Read(path string) (*image.RGBA, error) {
	f, err := readFile(path, path, free(), false)
	return f.Picture, err
}

// File is a picture with what is to be known of its file.
type File struct {
	Picture *image.RGBA
	SHA256  string // of the very bytes that were decoded, in hexadecimal
	Note    string // one line: why its colours could not be converted, and what is missing; "" where all is well
}

// ReadFile is Read that tells more. A picture whose decoding takes more than so many bytes of memory is refused, by its header
// if that is in the first MiB, or, if it is a JPEG, read at a half, a quarter or an eighth of its size, down to smallest.
func ReadFile(path string, memory int64) (File, error) { return ReadNamed(path, path, memory) }

// ReadNamed is ReadFile of a file for which another name stands in errors and notes.
func ReadNamed(path, name string, memory int64) (File, error) {
	return readFile(path, name, memory, true)
}

func readFile(path, name string, left int64, mayShrink bool) (File, error) {
	data, err := readPictureFile(path, name, left)
	if err != nil {
		return File{}, err
	}
	shrink, err := fits(data, name, int64(len(data)), left)
	if err != nil && (shrink == 0 || !mayShrink) {
		return File{}, err
	}
	picture, note, err := decode(data, name, shrink)
	if err != nil {
		return File{}, err
	}
	hash := sha256.Sum256(data)
	f := File{Picture: picture, SHA256: hex.EncodeToString(hash[:])}
	if note != "" {
		f.Note = oneline.Quote(name + ": " + note)
	}
	return f, nil
}

// Decode decodes a picture file held in memory; name stands for it in errors. Otherwise it is as Read.
func Decode(data []byte, name string) (*image.RGBA, error) {
	picture, _, err := decode(data, name, 1)
	return picture, err
}

// decode goes a picture's way: its format by its beginning, the bounds of its size, its pixels, its colours in sRGB, its
// orientation. It says in note what is not as it should be.
func decode(data []byte, name string, shrink int) (picture *image.RGBA, note string, err error) {
	if len(data) == 0 {
		return nil, "", &Error{Path: name, Reason: "the file is empty"}
	}
	format := sniffFormat(data)
	if format == nil {
		reason, _ := foreign(data)
		return nil, "", &Error{Path: name, Reason: reason}
	}
	height, width, err := format.size(data)
	if err != nil {
		return nil, "", decodeError(name, format, err)
	}
	if height <= 0 || width <= 0 {
		return nil, "", decodeError(name, format, errors.New("it has no pixels"))
	}
	if TooManyPixels(height, width) {
		return nil, "", &Error{Path: name, Reason: fmt.Sprintf(
			"the picture has %d×%d pixels (width×height), more than %d megapixels: make it smaller first",
			width, height, MaxPixels/1_000_000)}
	}
	var held decoded
	if shrink > 1 {
		held, err = decodeShrunk(data, height*width, shrink)
	} else {
		held, err = format.decode(data, height*width)
	}
	if err != nil {
		return nil, "", decodeError(name, format, err)
	}
	source, err := format.source(data)
	if held.colours != nil {
		source = *held.colours
	}
	picture, colourErr := toSRGB(held.img, source, err)
	note = held.note
	if colourErr != nil {
		notes := []string{note, fmt.Sprintf("its colour profile can't be used (%v): its colours are taken for sRGB's", colourErr)}
		note = strings.TrimPrefix(strings.Join(notes, "; "), "; ")
	}
	return orientImage(picture, format.orientation(data)), note, nil
}

// readPictureFile reads the whole file if its beginning looks like a picture.
func readPictureFile(path, name string, memory int64) ([]byte, error) {
	f, err := os.Open(paths.Plain(path))
	if err != nil {
		return nil, &Error{Path: name, Reason: openReason(name, err), Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &Error{Path: name, Reason: osReason(err), Err: err}
	}
	if info.IsDir() {
		return nil, &Error{Path: name, Reason: "is a folder: give a picture file in it"}
	}
	reader := bufio.NewReaderSize(f, SniffBytes)
	head, err := reader.Peek(SniffBytes)
	if err != nil && err != io.EOF {
		return nil, &Error{Path: name, Reason: osReason(err), Err: err}
	}
	if sniffFormat(head) == nil {
		return head, nil // Decode says what it is; no need to read the rest of a film
	}
	tooLarge := &Error{Path: name, Reason: "the file has more than 1 GiB: make the picture smaller first"}
	if info.Size() > maxFileBytes {
		return nil, tooLarge
	}
	reader = bufio.NewReaderSize(reader, int(min(headBytes, info.Size())))
	head, _ = reader.Peek(reader.Size()) // what is wrong is told below
	if shrink, err := fits(head, name, info.Size(), memory); err != nil && shrink == 0 {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(reader, maxFileBytes)) // a pipe has no size
	if err != nil {
		return nil, &Error{Path: name, Reason: osReason(err), Err: err}
	}
	if len(data) == maxFileBytes {
		return nil, tooLarge
	}
	return data, nil
}

// Recognize says whether a file is a picture that can be read, by its beginning. The error, a one-line *Error, says what it is
// otherwise; picture whether that is a picture, of another kind.
func Recognize(path string) (picture bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, &Error{Path: path, Reason: osReason(err), Err: err}
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, SniffBytes))
	if err != nil {
		return false, &Error{Path: path, Reason: osReason(err), Err: err}
	}
	return RecognizeHead(head, path)
}

// RecognizeHead is Recognize of a file's first [SniffBytes]; name stands for it in errors.
func RecognizeHead(head []byte, name string) (picture bool, err error) {
	if len(head) == 0 {
		return false, &Error{Path: name, Reason: "the file is empty"}
	}
	if sniffFormat(head) != nil {
		return true, nil
	}
	reason, picture := foreign(head)
	return picture, &Error{Path: name, Reason: reason}
}

func openReason(path string, err error) string {
	if strings.Contains(path, "://") {
		return "is a web address: download the picture and give its file name"
	}
	return osReason(err)
}

// osReason is the operating system's reason without the path, which Error names.
func osReason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied: check the permissions of the file and its folder"
	}
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	if link := (*os.LinkError)(nil); errors.As(err, &link) {
		err = link.Err
	}
	return err.Error()
}

func decodeError(name string, format *imageFormat, err error) error {
	reason := fmt.Sprintf("the %s cannot be decoded: %v", format.name, err)
	if isCutOff(err) {
		reason = fmt.Sprintf("the %s is cut off: copy or download it again", format.name)
	}
	return &Error{Path: name, Reason: reason, Err: err}
}

// isCutOff recognizes the end of a file that came too early; the decoders have no common error for it.
func isCutOff(err error) bool {
	text := err.Error()
	return strings.HasSuffix(text, "EOF") || strings.Contains(text, "short Huffman data") ||
		strings.Contains(text, "not enough image data") || strings.Contains(text, "not enough pixel data")
}

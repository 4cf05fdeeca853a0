package stylelib

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// MaxPixels is the size of the largest picture that ReadImage decodes and Resize makes: 100 megapixels.
const MaxPixels = 100_000_000

const (
	maxFileBytes = 1 << 30 // an uncompressed 100-megapixel picture with 16-bit alpha has 800 MB
	sniffBytes   = 1024    // enough to tell every format named here
	jpegQuality  = 95
)

// ImageError reports a picture that cannot be read or written. Its message is one line that names the file, the
// reason and, where there is one, the remedy.
type ImageError struct {
	Path   string // the file, or the name given to DecodeImage
	Reason string // what is wrong and what to do about it
	Err    error  // the cause; nil where the reason says it all
}

func (e *ImageError) Error() string { return oneLine(e.Path) + ": " + oneLine(e.Reason) }

func (e *ImageError) Unwrap() error { return e.Err }

// oneLine quotes s where it is empty or would break the line.
func oneLine(s string) string {
	if s == "" || strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.Quote(s)
	}
	return s
}

// ReadImage reads a picture file: JPEG, PNG, GIF (its first frame, placed on the logical screen), WebP or BMP, told by
// content and not by the file's name.
//
// The result is always an *image.RGBA with its corner at (0, 0) and every alpha 255: 8-bit R, G, B, A, row by row.
// EXIF orientation is applied, alpha is composited over white, 16-bit values are rounded to 8 bits.
//
// Every failure is a one-line *ImageError: missing, empty, cut-off or damaged files, folders, other formats, and
// pictures of more than MaxPixels, which are refused by their header, before anything is decoded.
//
// JPEG and lossy WebP give the pixels of libjpeg-turbo and libwebp (see decodeJPEG), other formats those of any
// decoder. Colour profiles and gamma are ignored, as Pillow ignores them.
func ReadImage(path string) (*image.RGBA, error) {
	data, err := readPictureFile(path)
	if err != nil {
		return nil, err
	}
	return DecodeImage(data, path)
}

// DecodeImage decodes a picture file held in memory; name stands for it in errors. Otherwise it is as ReadImage.
func DecodeImage(data []byte, name string) (*image.RGBA, error) {
	if len(data) == 0 {
		return nil, &ImageError{Path: name, Reason: "the file is empty"}
	}
	format := sniffFormat(data)
	if format == nil {
		return nil, &ImageError{Path: name, Reason: foreignReason(data)}
	}
	height, width, err := format.size(data)
	if err != nil {
		return nil, decodeError(name, format, err)
	}
	if height <= 0 || width <= 0 {
		return nil, decodeError(name, format, errors.New("it has no pixels"))
	}
	if tooManyPixels(height, width) {
		return nil, &ImageError{Path: name, Reason: fmt.Sprintf(
			"the picture has %d×%d pixels (width×height), more than %d megapixels: make it smaller first",
			width, height, MaxPixels/1_000_000)}
	}
	img, err := format.decode(data)
	if err != nil {
		return nil, decodeError(name, format, err)
	}
	return orientImage(img, exifOrientation(format.exif(data))), nil
}

// tooManyPixels does not overflow, whatever a header says.
func tooManyPixels(height, width int) bool { return width > 0 && height > MaxPixels/width }

// readPictureFile reads the whole file if its beginning looks like a picture.
func readPictureFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &ImageError{Path: path, Reason: openReason(path, err), Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &ImageError{Path: path, Reason: osReason(err), Err: err}
	}
	if info.IsDir() {
		return nil, &ImageError{Path: path, Reason: "is a folder: give a picture file in it"}
	}
	head, err := io.ReadAll(io.LimitReader(f, sniffBytes))
	if err != nil {
		return nil, &ImageError{Path: path, Reason: osReason(err), Err: err}
	}
	if len(head) == 0 || sniffFormat(head) == nil {
		return head, nil // DecodeImage says what it is; no need to read the rest of a film
	}
	tooLarge := &ImageError{Path: path, Reason: "the file has more than 1 GiB: make the picture smaller first"}
	if info.Size() > maxFileBytes {
		return nil, tooLarge
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxFileBytes)) // a pipe has no size
	if err != nil {
		return nil, &ImageError{Path: path, Reason: osReason(err), Err: err}
	}
	if len(rest) == maxFileBytes {
		return nil, tooLarge
	}
	return append(head, rest...), nil
}

func openReason(path string, err error) string {
	if strings.Contains(path, "://") {
		return "is a web address: download the picture and give its file name"
	}
	return osReason(err)
}

// osReason is the operating system's reason without the path, which ImageError names.
func osReason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied: check the permissions of the file and its folder"
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	var linkErr *os.LinkError
	if errors.As(err, &linkErr) {
		return linkErr.Err.Error()
	}
	return err.Error()
}

func decodeError(name string, format *imageFormat, err error) error {
	reason := fmt.Sprintf("the %s cannot be decoded: %v", format.name, err)
	if isCutOff(err) {
		reason = fmt.Sprintf("the %s is cut off: copy or download it again", format.name)
	}
	return &ImageError{Path: name, Reason: reason, Err: err}
}

// isCutOff recognizes the end of a file that came too early; the decoders have no common error for it.
func isCutOff(err error) bool {
	text := err.Error()
	return strings.HasSuffix(text, "EOF") || strings.Contains(text, "short Huffman data") ||
		strings.Contains(text, "not enough image data") || strings.Contains(text, "not enough pixel data")
}

// imageFormat is a picture format that can be read.
type imageFormat struct {
	name   string
	match  func(data []byte) bool
	size   func(data []byte) (height, width int, err error) // from the header alone
	decode func(data []byte) (*image.RGBA, error)
	exif   func(data []byte) []byte // the EXIF block; nil where there is none
}

var imageFormats = []*imageFormat{
	{"JPEG", hasPrefix("\xff\xd8"), sizeBy(jpeg.DecodeConfig), decodeJPEG, jpegEXIF},
	{"PNG", hasPrefix("\x89PNG\r\n\x1a\n"), pngSize, decodeBy(png.Decode), pngEXIF},
	{"GIF", func(d []byte) bool { return hasPrefix("GIF87a")(d) || hasPrefix("GIF89a")(d) }, sizeBy(gif.DecodeConfig), decodeGIF, noEXIF},
	{"WebP", isWebP, webpSize, decodeWebP, webpEXIF},
	{"BMP", func(d []byte) bool { return hasPrefix("BM")(d) && !isText(d) }, sizeBy(bmp.DecodeConfig), decodeBy(bmp.Decode), noEXIF},
}

func sniffFormat(data []byte) *imageFormat {
	for _, format := range imageFormats {
		if format.match(data) {
			return format
		}
	}
	return nil
}

func hasPrefix(magic string) func([]byte) bool {
	return func(data []byte) bool { return strings.HasPrefix(string(data[:min(len(data), len(magic))]), magic) }
}

func noEXIF([]byte) []byte { return nil }

func sizeBy(config func(io.Reader) (image.Config, error)) func([]byte) (int, int, error) {
	return func(data []byte) (int, int, error) {
		c, err := config(bytes.NewReader(data))
		return c.Height, c.Width, err
	}
}

func decodeBy(decode func(io.Reader) (image.Image, error)) func([]byte) (*image.RGBA, error) {
	return func(data []byte) (*image.RGBA, error) {
		img, err := decode(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return flattenOnWhite(img), nil
	}
}

// decodeGIF decodes the first frame; what it leaves open of the logical screen is transparent, so white.
func decodeGIF(data []byte) (*image.RGBA, error) {
	height, width, err := sizeBy(gif.DecodeConfig)(data)
	if err != nil {
		return nil, err
	}
	frame, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	screen := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(screen, screen.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(screen, frame.Bounds(), flattenOnWhite(frame), image.Point{}, draw.Src)
	return screen, nil
}

// decodeWebP decodes WebP; golang.org/x/image/webp takes no animations, and webpSize refused them.
func decodeWebP(data []byte) (*image.RGBA, error) {
	img, err := webp.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	switch img := img.(type) {
	case *image.YCbCr:
		return vp8ToRGBA(img), nil
	case *image.NYCbCrA:
		rgba := vp8ToRGBA(&img.YCbCr)
		for y := range rgba.Rect.Dy() {
			alpha, row := img.A[y*img.AStride:], rgba.Pix[y*rgba.Stride:]
			for x := range rgba.Rect.Dx() {
				for c := range 3 {
					row[4*x+c] = overWhite(row[4*x+c], alpha[x])
				}
			}
		}
		return rgba, nil
	}
	return flattenOnWhite(img), nil
}

// overWhite composites a value that is not premultiplied over white and rounds to the nearest.
func overWhite(value, alpha uint8) uint8 {
	v, a := uint32(value), uint32(alpha)
	return uint8((v*a + 255*(255-a) + 127) / 255)
}

// overWhite16 is overWhite for 16-bit values, rounded once, to 8 bits.
func overWhite16(value, alpha uint16) uint8 {
	const unit = 65535 * 257
	v, a := uint64(value), uint64(alpha)
	return uint8((v*a + 65535*(65535-a) + unit/2) / unit)
}

// flattenOnWhite copies any image into an opaque one with its corner at (0, 0).
func flattenOnWhite(img image.Image) *image.RGBA {
	b := img.Bounds()
	dst := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	convert := rowConverter(img)
	for y := range b.Dy() {
		convert(dst.Pix[y*dst.Stride:][:4*b.Dx()], b.Min.Y+y)
	}
	return dst
}

// rowConverter returns a function that fills dst with the opaque R, G, B, A values of row y of img.
func rowConverter(img image.Image) func(dst []uint8, y int) {
	minX := img.Bounds().Min.X
	switch img := img.(type) {
	case *image.RGBA:
		return func(dst []uint8, y int) { rgbaRow(dst, img.Pix[img.PixOffset(minX, y):]) }
	case *image.NRGBA:
		return func(dst []uint8, y int) { nrgbaRow(dst, img.Pix[img.PixOffset(minX, y):]) }
	case *image.Gray:
		return func(dst []uint8, y int) {
			for x, v := range img.Pix[img.PixOffset(minX, y):][:len(dst)/4] {
				setRGB(dst[4*x:], v, v, v)
			}
		}
	case *image.Gray16:
		return func(dst []uint8, y int) {
			src := img.Pix[img.PixOffset(minX, y):]
			for x := range len(dst) / 4 {
				v := overWhite16(uint16(src[2*x])<<8|uint16(src[2*x+1]), 65535)
				setRGB(dst[4*x:], v, v, v)
			}
		}
	case *image.Paletted:
		table := paletteTable(img.Palette)
		return func(dst []uint8, y int) {
			for x, v := range img.Pix[img.PixOffset(minX, y):][:len(dst)/4] {
				copy(dst[4*x:4*x+4], table[v][:])
			}
		}
	case *image.CMYK:
		return func(dst []uint8, y int) { cmykRow(dst, img.Pix[img.PixOffset(minX, y):]) }
	}
	return func(dst []uint8, y int) {
		for x := range len(dst) / 4 {
			r, g, b := flattenColor(img.At(minX+x, y))
			setRGB(dst[4*x:], r, g, b)
		}
	}
}

func setRGB(dst []uint8, r, g, b uint8) {
	dst[0], dst[1], dst[2], dst[3] = r, g, b, 255
}

// rgbaRow composites premultiplied values over white.
func rgbaRow(dst, src []uint8) {
	for i := 0; i < len(dst); i += 4 {
		rest := 255 - src[i+3]
		setRGB(dst[i:], src[i]+rest, src[i+1]+rest, src[i+2]+rest)
	}
}

func nrgbaRow(dst, src []uint8) {
	for i := 0; i < len(dst); i += 4 {
		a := src[i+3]
		setRGB(dst[i:], overWhite(src[i], a), overWhite(src[i+1], a), overWhite(src[i+2], a))
	}
}

// cmykRow converts as Pillow does: value = (255-k)·(1-ink/255), the product rounded.
func cmykRow(dst, src []uint8) {
	for i := 0; i < len(dst); i += 4 {
		paper := 255 - uint32(src[i+3])
		for c := range 3 {
			dst[i+c] = uint8(paper - (uint32(src[i+c])*paper+127)/255)
		}
		dst[i+3] = 255
	}
}

// paletteTable has an entry for each index, opaque black beyond the palette's end.
func paletteTable(palette color.Palette) (table [256][4]uint8) {
	for i := range table {
		table[i][3] = 255
		if i < len(palette) {
			r, g, b := flattenColor(palette[i])
			table[i] = [4]uint8{r, g, b, 255}
		}
	}
	return table
}

func flattenColor(c color.Color) (r, g, b uint8) {
	if c, ok := c.(color.NRGBA); ok { // its own 8 bits, not 16 premultiplied ones
		return overWhite(c.R, c.A), overWhite(c.G, c.A), overWhite(c.B, c.A)
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return overWhite16(n.R, n.A), overWhite16(n.G, n.A), overWhite16(n.B, n.A)
}

// foreignReason says what a file is that is no picture in a known format.
func foreignReason(data []byte) string {
	const convert = " is not supported: convert it to JPEG or PNG"
	for _, f := range []struct{ magic, name string }{
		{"II*\x00", "TIFF"}, {"MM\x00*", "TIFF"}, {"8BPS", "Photoshop PSD"},
		{"\x00\x00\x00\x0cJXL ", "JPEG XL"}, {"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cjP  ", "JPEG 2000"},
		{"\x00\x00\x01\x00", "Windows icon (ICO)"}, {"%PDF", "PDF"},
	} {
		if hasPrefix(f.magic)(data) {
			return f.name + convert
		}
	}
	if len(data) >= 12 && string(data[4:8]) == "ftyp" {
		return isoMediaName(string(data[8:12])) + convert
	}
	if hasPrefix("PK\x03\x04")(data) {
		return "is a ZIP archive, not a picture: unpack it first"
	}
	if isText(data) {
		return textReason(data)
	}
	return "is not a picture in a known format: use JPEG, PNG, GIF, WebP or BMP"
}

// isoMediaName names a file by its ISO base media brand.
func isoMediaName(brand string) string {
	switch brand {
	case "avif", "avis":
		return "AVIF"
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
		return "HEIC"
	}
	return "a video (MP4 family)"
}

func textReason(data []byte) string {
	text := strings.ToLower(string(data[:min(len(data), sniffBytes)]))
	switch {
	case strings.Contains(text, "<!doctype html") || strings.Contains(text, "<html"):
		return "is a web page, not a picture: download the picture itself"
	case strings.Contains(text, "<svg"):
		return "SVG is not supported: export it as PNG"
	case strings.HasPrefix(text, "version https://git-lfs"):
		return "is a Git LFS pointer, not the picture: run git lfs pull"
	}
	return "is a text file, not a picture: use JPEG, PNG, GIF, WebP or BMP"
}

// isText reports whether the beginning of data is UTF-8 without control characters but white space.
func isText(data []byte) bool {
	for head := data[:min(len(data), sniffBytes)]; len(head) > 0; {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size <= 1 {
			return len(data) >= sniffBytes && !utf8.FullRune(head) // a character cut in two at the end
		}
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return false
		}
		head = head[size:]
	}
	return true
}

// WriteImage writes a picture as PNG or as JPEG (quality 95, over white), chosen by the extension of path: .png, .jpg
// or .jpeg, in any case.
//
// The file appears whole or not at all: it is written beside its place, synced and renamed. A new file has permission
// 0644 less the umask, a replaced one keeps its own; a symbolic link stays, and its target is replaced.
//
// Every failure is a one-line *ImageError, and leaves what was there before.
//
// Go's encoder halves the chroma of a JPEG (4:2:0); PNG keeps every value.
func WriteImage(path string, img image.Image) error {
	encode, target, err := outputTarget(path)
	if err != nil {
		return err
	}
	if img == nil || img.Bounds().Empty() {
		return &ImageError{Path: path, Reason: "there is no picture to write: it has no pixels"}
	}
	if err := writeAtomically(target, func(w io.Writer) error { return encode(w, img) }); err != nil {
		return &ImageError{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	return nil
}

// CheckWritable says whether WriteImage could write path, before a long run: the extension is known, the folder is
// there and takes a new file, and path is no folder or write-protected file. It leaves nothing behind.
//
// Every failure is a one-line *ImageError.
func CheckWritable(path string) error {
	_, target, err := outputTarget(path)
	if err != nil {
		return err
	}
	probe, err := createBeside(target)
	if err != nil {
		return &ImageError{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return &ImageError{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	return nil
}

type imageEncoder func(io.Writer, image.Image) error

// outputTarget returns how to encode path and the file to replace, which differs from path where that is a link.
func outputTarget(path string) (imageEncoder, string, error) {
	target, err := followLinks(path)
	if err != nil {
		return nil, "", &ImageError{Path: path, Reason: "cannot be written: " + osReason(err), Err: err}
	}
	if reason, err := folderObjection(filepath.Dir(target)); reason != "" {
		return nil, "", &ImageError{Path: path, Reason: reason, Err: err}
	}
	if reason, err := targetObjection(target); reason != "" {
		return nil, "", &ImageError{Path: path, Reason: reason, Err: err}
	}
	encode := encoderFor(path)
	if encode == nil {
		return nil, "", &ImageError{Path: path, Reason: "the file name must end in .png, .jpg or .jpeg"}
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
	case ".jpg", ".jpeg":
		return func(w io.Writer, img image.Image) error {
			return jpeg.Encode(w, flattenOnWhite(img), &jpeg.Options{Quality: jpegQuality})
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

// writeAtomically puts what write writes in place of target, or leaves everything as it was.
func writeAtomically(target string, write func(io.Writer) error) (err error) {
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

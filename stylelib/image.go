package stylelib

import (
	"image"

	"stylebook/stylelib/internal/imagefile"
)

// MaxPixels is the size of the largest picture that is made: 100 megapixels. Larger ones, of up to 256, are read where memory allows.
const MaxPixels = imagefile.MaxMade

// ImageError reports a picture that can't be read or written. Its message is one line that names the file, the reason
// and, where there is one, the remedy.
type ImageError = imagefile.Error

// ReadImage reads a picture file: JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF or BMP, told by content and not by name; the first frame of
// an animation, the first page of a TIFF.
//
// The result is 8-bit red, green, blue, alpha, row by row, its corner at (0, 0) and every alpha 255: the orientation is
// applied, transparency laid over white, more bits are rounded. JPEG gives the pixels of libjpeg, which interpolates
// chroma where Go's own decoder repeats it.
//
// Colours are converted to sRGB by the file's ICC profile, by numbers of ITU-T H.273 (PNG's cICP, HEIC, AVIF), or by the gAMA and
// cHRM of a PNG, relative colorimetric with black point compensation; colours that sRGB lacks are clipped, and what is brighter than
// paper in HDR is rolled off. A profile that can't be used is ignored.
//
// A file that lacks nothing but its end is read, and so is a JPEG or PNG of which more than 55 % of the rows are there: the others are
// gray.
//
// Every failure is a one-line *[ImageError]: missing, empty, cut-off or damaged files, folders, other formats, and
// pictures of more than 256 megapixels or for which memory is short, which are refused by their header, before anything is decoded.
func ReadImage(path string) (*image.RGBA, error) { return imagefile.Read(path) }

// WriteImage writes a picture as PNG, TIFF or JPEG, by the extension of path: the whole file or nothing. 16 bits for each
// channel are kept in PNG and TIFF.
//
// Every failure is a one-line *[ImageError].
func WriteImage(path string, picture image.Image) error { return imagefile.Write(path, picture) }

package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/tiff"
)

// Tags of TIFF 6.0 and DNG.
const (
	tagCompression, tagPhotometric, tagMake, tagOrientation = 0x0103, 0x0106, 0x010f, 0x0112
	tagSubIFDs, tagExtraSamples, tagICC, tagDNG             = 0x014a, 0x0152, 0x8773, 0xc612
	typeShort, faxFirst, faxLast, alphaUnrelated            = 3, 2, 4, 2
	tagBits, tagPlanar, planesApart                         = 0x0102, 0x011c, 2
	photometricBlack, photometricRGB, photometricInks       = 1, 2, 5
)

// ifd is the first directory of a TIFF, or of an EXIF block, which begins like one.
type ifd struct {
	data  []byte
	order interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}
	entries []byte // 12 bytes each
}

// readIFD returns a directory without entries where there is none or it is broken.
func readIFD(data []byte) ifd {
	d := ifd{data: data, order: binary.LittleEndian}
	if len(data) < 8 {
		return d
	}
	if string(data[:2]) == "MM" {
		d.order = binary.BigEndian
	}
	start := uint64(d.order.Uint32(data[4:]))
	if start+2 > uint64(len(data)) {
		return d
	}
	count := int(d.order.Uint16(data[start:]))
	d.entries = data[start+2:]
	d.entries = d.entries[:min(12*count, len(d.entries)/12*12)]
	return d
}

// entry returns the 12 bytes of a tag; nil where there is none.
func (d ifd) entry(tag uint16) []byte {
	for at := 0; at < len(d.entries); at += 12 {
		if e := d.entries[at : at+12]; d.order.Uint16(e) == tag {
			return e
		}
	}
	return nil
}

// short returns the first value of a tag; 0 where there is none.
func (d ifd) short(tag uint16) int {
	e := d.entry(tag)
	if e == nil || d.order.Uint16(e[2:]) != typeShort {
		return 0
	}
	return int(d.order.Uint16(e[8:]))
}

// bytes returns the bytes of a tag whose values are bytes or text.
func (d ifd) bytes(tag uint16) []byte {
	e := d.entry(tag)
	if e == nil {
		return nil
	}
	size := uint64(d.order.Uint32(e[4:]))
	if size <= 4 {
		return e[8 : 8+size]
	}
	start := uint64(d.order.Uint32(e[8:]))
	if start+size > uint64(len(d.data)) {
		return nil
	}
	return d.data[start : start+size]
}

func startsLikeTIFF(data []byte) bool {
	return hasPrefix("II*\x00")(data) || hasPrefix("MM\x00*")(data)
}

func isTIFF(data []byte) bool { return startsLikeTIFF(data) && cameraRaw(data) == "" }

// cameraRaw names a camera's raw file that begins like TIFF; what it holds as TIFF is a small preview.
func cameraRaw(data []byte) string {
	if hasPrefix("II*\x00\x10\x00\x00\x00CR")(data) {
		return "CR2"
	}
	if !startsLikeTIFF(data) {
		return ""
	}
	d := readIFD(data)
	switch {
	case d.entry(tagDNG) != nil:
		return "DNG"
	case d.entry(tagSubIFDs) == nil:
		return ""
	}
	for start, name := range map[string]string{"NIKON": "NEF", "SONY": "ARW", "PENTAX": "PEF", "SAMSUNG": "SRW"} {
		if strings.HasPrefix(strings.ToUpper(string(d.bytes(tagMake))), start) {
			return name
		}
	}
	return ""
}

func tiffSource(data []byte) (colourSource, error) {
	icc := readIFD(data).bytes(tagICC)
	if len(icc) > maxProfileBytes {
		return colourSource{}, errProfileSize
	}
	return colourSource{icc: icc}, nil
}

// tiffSize also knows inks.
func tiffSize(data []byte) (height, width int, err error) {
	height, width, err = sizeBy(tiff.DecodeConfig)(inksAsColours(data))
	return height, width, tiffError(err)
}

// tiffError adds what to do where the library lacks something.
func tiffError(err error) error {
	if errors.As(err, new(tiff.UnsupportedError)) {
		return fmt.Errorf("%w: save it as PNG", err)
	}
	return err
}

// decodeTIFF decodes the first page. Of inks, which the library doesn't know, it is told that they are colours with alpha.
func decodeTIFF(data []byte, _ int) (decoded, error) {
	d := readIFD(data)
	if e := d.entry(tagBits); d.short(tagPlanar) == planesApart && e != nil && d.order.Uint32(e[4:]) > 1 {
		return decoded{}, tiffError(tiff.UnsupportedError("colours in planes of their own")) // it would take the first for all
	}
	img, err := tiff.Decode(bytes.NewReader(inksAsColours(data)))
	if err != nil {
		return decoded{}, tiffError(err)
	}
	if d.short(tagPhotometric) == photometricInks {
		switch img := img.(type) {
		case *image.NRGBA:
			return decoded{img: &image.CMYK{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}}, nil
		case *image.NRGBA64:
			inks := image.NewCMYK(img.Rect)
			for i := range inks.Pix {
				inks.Pix[i] = uint8((uint32(img.Pix[2*i])<<8 + uint32(img.Pix[2*i+1]) + 128) / 257)
			}
			return decoded{img: inks}, nil
		}
	}
	switch img := img.(type) {
	case *image.Gray:
		compression := d.short(tagCompression)
		if faxFirst <= compression && compression <= faxLast && d.short(tagPhotometric) == photometricBlack {
			for i := range img.Pix { // the library takes white runs for white, where it is their 0 that counts
				img.Pix[i] = 255 - img.Pix[i]
			}
		}
	case *image.Paletted:
		for i, c := range img.Palette { // many programs write 8 bits into the upper half of 16
			r, g, b, _ := c.RGBA()
			img.Palette[i] = color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}
		}
	case *image.RGBA:
		return decoded{img: unmultiplied(img)}, nil
	}
	return decoded{img: img}, nil
}

// inksAsColours appends a directory to a TIFF of four inks in which they are red, green, blue and alpha.
func inksAsColours(data []byte) []byte {
	d := readIFD(data)
	if d.short(tagPhotometric) != photometricInks {
		return data
	}
	var entries []byte
	put := func(tag, value uint16) {
		entries = d.order.AppendUint16(d.order.AppendUint16(entries, tag), typeShort)
		entries = d.order.AppendUint16(d.order.AppendUint32(entries, 1), value)
		entries = d.order.AppendUint16(entries, 0)
	}
	extra := false
	for at := 0; at < len(d.entries); at += 12 {
		e := d.entries[at : at+12]
		tag := d.order.Uint16(e)
		if tag >= tagExtraSamples && !extra {
			extra = true
			put(tagExtraSamples, alphaUnrelated)
		}
		switch tag {
		case tagPhotometric:
			put(tag, photometricRGB)
		case tagExtraSamples:
		default:
			entries = append(entries, e...)
		}
	}
	if !extra {
		put(tagExtraSamples, alphaUnrelated)
	}
	told := d.order.AppendUint16(data[:len(data):len(data)], uint16(len(entries)/12))
	told = append(append(told, entries...), 0, 0, 0, 0)
	d.order.PutUint32(told[4:], uint32(len(data)))
	return told
}

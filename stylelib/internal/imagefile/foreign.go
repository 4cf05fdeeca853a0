package imagefile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

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

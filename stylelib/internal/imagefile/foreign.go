package imagefile

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// foreign says what a file is that is no picture in a known format, and whether it is a picture in another.
func foreign(data []byte) (reason string, picture bool) {
	const convert = " is not supported: convert it to JPEG or PNG"
	if raw := rawName(data); raw != "" {
		return "is a camera's raw file (" + raw + "), not a finished picture: develop it, and export it as TIFF or JPEG", true
	}
	for _, f := range []struct{ magic, name string }{
		{"II+\x00", "BigTIFF"}, {"MM\x00+", "BigTIFF"}, {"8BPS", "Photoshop PSD"},
		{"\x00\x00\x00\x0cJXL ", "JPEG XL"}, {"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cjP  ", "JPEG 2000"}, {"\xff\x4f\xff\x51", "JPEG 2000"},
		{"\x00\x00\x01\x00", "Windows icon (ICO)"}, {"%PDF", "PDF"},
	} {
		if hasPrefix(f.magic)(data) {
			return f.name + convert, f.name != "PDF"
		}
	}
	if len(data) >= 12 && string(data[4:8]) == "ftyp" {
		return "is a video (MP4 family), not a picture: save one frame of it as JPEG or PNG", false
	}
	if hasPrefix("PK\x03\x04")(data) {
		return "is a ZIP archive, not a picture: unpack it first", false
	}
	if isText(data) {
		reason = textReason(data)
		return reason, strings.HasPrefix(reason, "SVG")
	}
	return "is not a picture in a known format: use " + FormatNames, false
}

// rawName names a camera's raw file; "" for another.
func rawName(data []byte) string {
	for magic, name := range map[string]string{"IIRO": "ORF", "IIRS": "ORF", "MMOR": "ORF", "IIU\x00": "RW2", "FUJIFILMCCD-RAW": "RAF", "\x00MRM": "MRW"} {
		if hasPrefix(magic)(data) {
			return name
		}
	}
	if isoKind(data) == "CR3" {
		return "CR3"
	}
	return cameraRaw(data)
}

func textReason(data []byte) string {
	text := lowerHead(data)
	switch {
	case IsWebPage(data):
		return "is a web page, not a picture: download the picture itself"
	case strings.Contains(text, "<svg"):
		return "SVG is not supported: export it as PNG"
	case strings.HasPrefix(text, "version https://git-lfs"):
		return "is a Git LFS pointer, not the picture: run git lfs pull"
	}
	return "is a text file, not a picture: use " + FormatNames
}

// IsWebPage says whether a file is HTML, by its beginning.
func IsWebPage(data []byte) bool {
	text := lowerHead(data)
	return isText(data) && (strings.Contains(text, "<!doctype html") || strings.Contains(text, "<html"))
}

func lowerHead(data []byte) string { return strings.ToLower(string(data[:min(len(data), SniffBytes)])) }

// isText reports whether the beginning of data is UTF-8 without control characters but white space.
func isText(data []byte) bool {
	for head := data[:min(len(data), SniffBytes)]; len(head) > 0; {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size <= 1 {
			return len(data) >= SniffBytes && !utf8.FullRune(head) // a character cut in two at the end
		}
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return false
		}
		head = head[size:]
	}
	return true
}

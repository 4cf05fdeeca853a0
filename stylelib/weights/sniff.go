package weights

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// sniff says in words what a file that holds no weights seems to be, given its first bytes.
func sniff(head []byte) string {
	for _, known := range []struct{ magic, name string }{
		{"\xff\xd8\xff", "a JPEG picture"},
		{"\x89PNG", "a PNG picture"},
		{"GIF8", "a GIF picture"},
		{"%PDF", "a PDF document"},
		{"\x1f\x8b", "a gzip archive"},
		{"\x89HDF", "an HDF5 file (Keras weights)"},
		{"version https://git-lfs", "a Git LFS pointer, not the file it stands for"},
	} {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return known.name
		}
	}
	switch {
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "a tar archive (torch.save wrote such files before 2017)"
	case looksLikeHTML(head):
		return "an HTML page"
	case len(bytes.Trim(head, "\x00")) == 0:
		return "nothing but zeros"
	case looksLikeText(head):
		return "a text file"
	}
	return "of an unknown kind"
}

// looksLikeSafetensors wants the length of a header, then an object.
func looksLikeSafetensors(head []byte) bool { return len(head) >= 9 && head[8] == '{' }

func looksLikeHTML(head []byte) bool {
	text := strings.ToLower(string(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")))
	for _, start := range []string{"<!doctype html", "<html", "<head", "<body", "<?xml", "<!--"} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return false
}

func looksLikeText(head []byte) bool {
	for cut := range min(len(head), utf8.UTFMax) { // the last character may be cut off
		if utf8.Valid(head[:len(head)-cut]) {
			return !bytes.ContainsFunc(head, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f", r) })
		}
	}
	return false
}

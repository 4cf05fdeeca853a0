package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"

	"stylebook/stylelib/internal/memory"
)

// ReadFree is [ReadFile] with the memory that is free.
func ReadFree(path string) (File, error) { return ReadFile(path, free()) }

func free() int64 {
	bytes, ok := memory.Free()
	if !ok {
		return math.MaxInt64
	}
	return bytes
}

// extensions of pictures by their type; others go without.
var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp"}

// Keep writes a picture that comes from elsewhere to a new file, whose path gets the extension of what it is, and sees that it can be
// read. One of more than so many bytes is refused.
func Keep(path string, from io.Reader, most int64) (kept string, size int64, err error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(from, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return "", 0, err
	}
	kept = path + extensions[http.DetectContentType(head[:n])]
	size, err = create(kept, io.LimitReader(io.MultiReader(bytes.NewReader(head[:n]), from), most+1))
	if err == nil && size > most {
		err = fmt.Errorf("it has more than %d MB: make it smaller first", most>>20)
	}
	if err == nil {
		_, err = ReadFree(kept)
	}
	return kept, size, err
}

// Copy copies a file to a new one, and says how many bytes it has.
func Copy(to, from string) (size int64, err error) {
	if info, err := os.Stat(from); err != nil || !info.Mode().IsRegular() {
		return 0, &Error{Path: from, Reason: "is no file", Err: err}
	}
	file, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return create(to, file)
}

// create writes a new file.
func create(path string, from io.Reader) (size int64, err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	size, err = io.Copy(file, from)
	return size, errors.Join(err, file.Close())
}

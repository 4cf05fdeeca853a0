package web

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"
)

const (
	maxUpload  = 64 << 20 // bytes of a picture
	maxValue   = 1000     // bytes of an option
	maxRequest = 2*maxUpload + 8<<20
	uploadTime = 2 * time.Minute
	uploads    = ".upload-" // how the folders begin in which pictures wait for their run
	forsaken   = 24 * time.Hour
)

// roles are the pictures that a form has, by the names of its fields.
var roles = map[string]string{"content": "photograph", "style": "painting"}

// extensions of pictures by their type; others go without.
var extensions = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp"}

// form is what the page sends.
type form struct {
	folder   string            // of the pictures
	pictures map[string]string // files by role
	request  request.Request
}

// dropUploads removes what was left by pages that were killed before their run began.
func dropUploads(dir string) {
	folders, _ := filepath.Glob(filepath.Join(dir, uploads+"*")) // a folder whose name is a pattern keeps them
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && time.Since(info.ModTime()) > forsaken {
			_ = os.RemoveAll(folder)
		}
	}
}

// start takes two pictures and options, and begins to paint.
func (p *Page) start(w http.ResponseWriter, r *http.Request) {
	select {
	case p.starting <- struct{}{}:
		defer func() { <-p.starting }()
	default:
		refuse(w, errBusy)
		return
	}
	if p.runner.busy() {
		refuse(w, errBusy)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime))
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	folder, err := os.MkdirTemp(p.Store.Dir(), uploads)
	if err != nil {
		refuse(w, err)
		return
	}
	clean := func(error) { _ = os.RemoveAll(folder) }
	f, err := read(r, folder)
	var paint Paint
	if err == nil {
		paint, err = p.Start(f.request, slices.Collect(maps.Values(f.pictures)))
	}
	if err == nil {
		err = p.runner.begin(paint, clean)
	}
	if err != nil {
		clean(err)
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// refuse says in one line why something isn't done.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, errBusy):
		status = http.StatusConflict
	case errors.As(err, new(*http.MaxBytesError)):
		status, err = http.StatusRequestEntityTooLarge, fmt.Errorf("the pictures are too large: each may have %d MB", maxUpload>>20)
	}
	http.Error(w, oneline.Short(oneline.First(err)), status)
}

// read takes the form apart, part by part: two pictures, which go to the folder, and options that the page has, each once.
func read(r *http.Request, folder string) (*form, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	f := &form{folder: folder, pictures: map[string]string{}, request: request.Request{}}
	seen := map[string]bool{}
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		name := part.FormName()
		if seen[name] {
			return nil, fmt.Errorf("%s comes twice", oneline.Short(name))
		}
		seen[name] = true
		if err := f.take(name, part); err != nil {
			return nil, err
		}
	}
	for _, role := range slices.Sorted(maps.Keys(roles)) {
		path := f.pictures[role]
		if path == "" {
			return nil, fmt.Errorf("the %s is missing", roles[role])
		}
	}
	return f, f.name()
}

func (f *form) take(name string, part *multipart.Part) error {
	role, ok := roles[name]
	if !ok {
		role, ok = marks[name]
	}
	if ok {
		path, err := f.store(name, part)
		var unreadable *imagefile.Error
		switch {
		case errors.As(err, &unreadable): // whose path is none of the client's
			return fmt.Errorf("the %s: %s", role, unreadable.Reason)
		case err != nil:
			return fmt.Errorf("the %s: %w", role, err)
		}
		f.pictures[name] = path
		return nil
	}
	o, err := request.OnPage(name)
	if err == nil {
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(part, maxValue+1)); len(text) > maxValue {
			err = errors.New("the value is too long")
		}
		if err == nil {
			err = f.request.SetOnPage(o, string(text))
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", oneline.Short(name), err)
	}
	return nil
}

// store keeps a picture under a name of ours, and sees that it can be read.
func (f *form) store(role string, part io.Reader) (path string, err error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(part, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return "", err
	}
	path = filepath.Join(f.folder, role+extensions[http.DetectContentType(head[:n])])
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	defer file.Close()
	size, err := io.Copy(file, io.LimitReader(io.MultiReader(strings.NewReader(string(head[:n])), part), maxUpload+1))
	if err == nil && size > maxUpload {
		err = fmt.Errorf("it has more than %d MB: make it smaller first", maxUpload>>20)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	_, err = imagefile.ReadFile(path, freeMemory())
	return path, err
}

// freeMemory is how much decoding a picture may take.
func freeMemory() int64 {
	free, ok := transfer.FreeMemory()
	if !ok {
		return math.MaxInt64
	}
	return free
}

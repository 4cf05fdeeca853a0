package web

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/internal/paths"
	"stylebook/stylelib/queue"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/weights"
)

const (
	maxUpload                  = 64 << 20                         // bytes of a picture
	maxValue                   = 1000                             // bytes of an option
	maxStyles                  = 4                                // paintings of a picture
	maxRequest                 = (1+maxStyles)*maxUpload + 16<<20 // with marks
	uploadTime                 = 10 * time.Minute
	uploads                    = ".upload-" // how the folders begin in which pictures wait for their run
	forsaken                   = 24 * time.Hour
	previewEpochs, previewSide = 50, 450 // at most; pixels
)

// roles are the pictures that a form has, by the names of its fields: what they are, and how many there may be.
var roles = map[string]struct {
	what string
	most int
}{"content": {"photograph", 1}, "style": {"painting", maxStyles}, "content-mask": {"regions of the photograph", 1},
	"style-mask": {"regions of the painting", maxStyles}, "colours-mask": {"places that keep their colours", 1}}

// form is what the page sends.
type form struct {
	folder   string              // of the pictures
	pictures map[string][]string // files by role
	bytes    int64               // of them
	request  request.Request
	from     string // a run whose pictures and options hold where there are no others
	preview  bool
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

// start takes pictures and options, and begins to paint.
func (p *Page) start(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime))
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	p.take(w, func(f *form) error { return f.read(p.Store, r) })
}

// take lets fill a form, in a folder of its own, and begins to paint what it asks for. One form is filled at a time.
func (p *Page) take(w http.ResponseWriter, fill func(*form) error) {
	select {
	case p.starting <- struct{}{}:
		defer func() { <-p.starting }()
	default:
		refuse(w, errBusy)
		return
	}
	folder, err := os.MkdirTemp(p.Store.Dir(), uploads)
	if err != nil {
		refuse(w, err)
		return
	}
	clean := func(error) { _ = os.RemoveAll(folder) }
	f := &form{folder: folder, pictures: map[string][]string{}, request: request.Request{}}
	if err = fill(f); err == nil {
		err = p.begin(f, clean)
	}
	if err != nil {
		clean(err)
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// begin paints what a form asks for, now or after others.
func (p *Page) begin(f *form, clean func(error)) error {
	if f.preview {
		if err := f.hasten(); err != nil {
			return err
		}
	}
	var files []string
	for _, role := range slices.Sorted(maps.Keys(f.pictures)) {
		files = append(files, f.pictures[role]...)
	}
	paint, err := p.Start(f.request, files, f.preview)
	if err != nil {
		return err
	}
	title := runs.Summary{Request: f.request, Folder: f.folder}.Title()
	return p.queue.Add(queue.Task{Title: title, Preview: f.preview, Bytes: f.bytes, Paint: paint, Done: clean})
}

// hasten makes of a request one that takes about a quarter of a minute, with the network that ships, and is never larger.
func (f *form) hasten() error {
	longer := 0
	for _, name := range []string{"size", "height", "width"} {
		pixels, _ := strconv.Atoi(f.request.Text(name)) // 0: not asked for
		longer = max(longer, pixels)
	}
	f.request = without(f.request, "size", "height", "width", "tile")
	if longer > 0 {
		f.request["size"] = []byte(strconv.Itoa(min(longer, previewSide)))
	}
	if epochs, _ := strconv.Atoi(f.request.Text("epochs")); epochs < 1 || epochs > previewEpochs {
		f.request["epochs"] = []byte(strconv.Itoa(previewEpochs))
	}
	return errors.Join(f.request.Set("", "weights", weights.Offline), f.request.Set("", "minutes", "0.2"))
}

// refuse says in one line why something isn't done.
func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, errBusy), errors.Is(err, queue.ErrFull), errors.As(err, new(*runs.BusyError)):
		status = http.StatusConflict
	case errors.As(err, new(*runs.NoRunError)):
		status = http.StatusNotFound
	case errors.As(err, new(*http.MaxBytesError)):
		status, err = http.StatusRequestEntityTooLarge, fmt.Errorf("the pictures are too large: each may have %d MB", maxUpload>>20)
	}
	http.Error(w, oneline.Short(oneline.First(err)), status)
}

// errBusy refuses a form while another is taken.
var errBusy = errors.New("another picture is being sent: wait until it is here")

// read takes a request's form apart, part by part: pictures, which go to the folder, and options that the page has, each once.
func (f *form) read(store *runs.Store, r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	seen := map[string]int{}
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		name := part.FormName()
		role := roles[name]
		if seen[name]++; seen[name] > max(1, role.most) {
			return fmt.Errorf("%s comes twice, or too often", oneline.Short(name))
		}
		if role.what == "" {
			err = f.option(name, part)
		} else if err = f.store(name, part.FileName(), part); err != nil {
			err = of(role.what, err)
		}
		if err != nil {
			return err
		}
	}
	if err := f.name(); err != nil {
		return err
	}
	if f.from != "" {
		run, err := store.Find(f.from)
		if err == nil {
			err = f.inherit(run)
		}
		if err != nil {
			return err
		}
	}
	for _, role := range []string{"content", "style"} {
		if !f.request.Given(role) {
			return fmt.Errorf("the %s is missing", roles[role].what)
		}
	}
	return nil
}

// name gives the request the pictures that have come. An option for one file takes its name as it is.
func (f *form) name() error {
	for role, paths := range f.pictures {
		list := paths[0]
		if o, err := request.Find(role); err == nil && o.Files == request.Several {
			list = request.JoinPaths(paths)
		}
		if err := f.request.Set("", role, list); err != nil {
			return err
		}
	}
	return nil
}

// of tells of what an error is, without a path of ours.
func of(what string, err error) error {
	var unreadable *imagefile.Error
	if errors.As(err, &unreadable) {
		return fmt.Errorf("the %s: %s", what, unreadable.Reason)
	}
	return fmt.Errorf("the %s: %w", what, err)
}

func (f *form) option(name string, part io.Reader) error {
	o, err := request.OnPage(name)
	if ours := name == "from" || name == "preview"; err != nil && !ours {
		return fmt.Errorf("%s: %w", oneline.Short(name), err)
	}
	text, err := io.ReadAll(io.LimitReader(part, maxValue+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxValue:
		return fmt.Errorf("%s: the value is too long", oneline.Short(name))
	case name == "from":
		f.from = string(text)
	case name == "preview":
		f.preview = true
	default:
		return f.request.SetOnPage(o, string(text))
	}
	return nil
}

// pathFor is where a picture goes: under its role and what is harmless of its own name.
func (f *form) pathFor(role, name string) string {
	if n := len(f.pictures[role]); n > 0 {
		role = fmt.Sprintf("%s%d", role, n+1)
	}
	return filepath.Join(f.folder, role+"-"+paths.Harmless(name))
}

// store keeps a picture under a name of ours, and sees that it can be read.
func (f *form) store(role, name string, part io.Reader) error {
	path, size, err := imagefile.Keep(f.pathFor(role, name), part, maxUpload)
	f.bytes += size
	f.pictures[role] = append(f.pictures[role], path)
	return err
}

package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"

	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/paths"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
)

// inherit gives a form the pictures of a run, where it has none of its own, and its options that the page can't show.
func (f *form) inherit(run runs.Summary) error {
	_, others := run.Request.Shown()
	if f.pictures["content"] != nil {
		others = without(others, "content", "content-mask", "colours-mask", "style-mask")
	}
	if f.pictures["style"] != nil {
		others = without(others, "style", "content-mask", "style-mask", "blend", "style-scale")
	}
	maps.Copy(others, f.request)
	f.request = others
	return f.copyFiles()
}

func without(r request.Request, names ...string) request.Request {
	for _, name := range names {
		r = r.With(name, nil)
	}
	return r
}

// copyFiles copies the pictures that the request names into the form's folder.
func (f *form) copyFiles() (err error) {
	for _, o := range request.Table() {
		if o.Files == request.NoFile || o.Name == "weights" || !f.request.Given(o.Name) || f.pictures[o.Name] != nil {
			continue
		}
		one := request.Request{o.Name: f.request[o.Name]}
		moved := one.Moved(func(path string) string {
			to, copyErr := f.copyFile(o.Name, path)
			err = cmp.Or(err, copyErr)
			return to
		})
		f.request[o.Name] = moved[o.Name]
	}
	return err
}

// copyFile copies a picture, without what the name of one of another run begins with. One from the web stays where it is.
func (f *form) copyFile(role, path string) (string, error) {
	if paths.IsAddress(path) {
		return path, nil
	}
	to := f.pathFor(role, runs.OwnName(path)) + filepath.Ext(path)
	size, err := imagefile.Copy(to, path)
	if err != nil {
		err = fmt.Errorf("%s is gone: choose another picture", filepath.Base(path))
	}
	f.bytes += size
	f.pictures[role] = append(f.pictures[role], to)
	return to, err
}

// settingsOf tells what the page's fields show of a run, and what else holds.
func settingsOf(w http.ResponseWriter, r *http.Request, run runs.Summary) {
	fields, others := run.Request.Shown()
	said := []string{}
	for _, o := range request.Table() {
		if others.Given(o.Name) && o.Name != "content" && o.Name != "style" {
			said = append(said, o.Label(chinese(r))+" "+others.Label(o.Name))
		}
	}
	answer(w, map[string]any{"values": fields, "others": said, "content": run.Names("content"), "style": run.Names("style")}, nil)
}

// again paints a variation of a run.
func (p *Page) again(w http.ResponseWriter, r *http.Request, run runs.Summary) {
	p.take(w, func(f *form) (err error) {
		if f.request, err = run.Vary(r.PathValue("how")); err != nil {
			return err
		}
		return f.copyFiles()
	})
}

package nbui

import (
	"fmt"
	"html/template"
	"net/url"
	"path/filepath"

	"stylebook/stylelib/film"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Film writes a film of the training to a file, as [Film] does.
func (l *Live) Film(path string) error {
	if l.recorder == nil {
		return fmt.Errorf("%s: there is no film of a training that has not begun", path)
	}
	return Film(l.recorder, path)
}

// Film writes a film of the pictures that a recorder has to a file, .gif, or .mp4 or .webp where ffmpeg is installed. Where its path is
// relative, as seen from the notebook's folder, the film is shown too; it doesn't become part of the notebook.
func Film(r *film.Recorder, path string) error {
	if err := r.Write(path); err != nil {
		return err
	}
	fmt.Println("saved", path)
	if !filepath.IsAbs(path) {
		show(map[protocol.MIMEType]any{protocol.MIMETextHTML: filmPage(path)}, "", "")
	}
	return nil
}

// filmPage is the film in a notebook: Jupyter finds what a relative address names.
func filmPage(path string) string {
	address := url.URL{Path: filepath.ToSlash(path)}
	tag := `<img src="%s" alt="%s">`
	if film.Kind(path) == ".mp4" {
		tag = `<video src="%s" title="%s" autoplay loop muted controls></video>`
	}
	return fmt.Sprintf(tag, template.HTMLEscapeString(address.String()), template.HTMLEscapeString(path))
}

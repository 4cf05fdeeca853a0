package web

import (
	"errors"
	"fmt"
	"image"
	"maps"
	"net/http"
	"os"

	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"
)

// estimate tells what the options in the query would take, for pictures of the sizes that stand there too. One is made at a time.
func (p *Page) estimate(w http.ResponseWriter, r *http.Request) {
	select {
	case p.foreseeing <- struct{}{}:
		defer func() { <-p.foreseeing }()
	case <-r.Context().Done():
		return
	}
	asked, query := request.Request{}, r.URL.Query()
	pictures := transfer.Pictures{Content: sizeIn(query.Get("content"))}
	for _, text := range query["style"][:min(len(query["style"]), maxStyles)] {
		pictures.Styles = append(pictures.Styles, sizeIn(text))
	}
	var err error
	for _, o := range request.OfPage() {
		if query.Has(o.Name) {
			err = errors.Join(err, asked.SetOnPage(o, query.Get(o.Name)))
		}
	}
	if run, findErr := p.Store.Find(query.Get("from")); findErr == nil {
		_, others := run.Request.Shown()
		maps.Copy(others, asked)
		asked = others
	}
	var f transfer.Forecast
	if err == nil {
		f, err = p.Foresee(r.Context(), asked, pictures)
	}
	free, _ := transfer.FreeMemory()
	answer(w, map[string]any{"height": f.Height, "width": f.Width, "epochs": f.Epochs, "seconds": f.Total.Seconds(), "bytes": f.Bytes, "free": free}, err)
}

// sizeIn reads a size, or takes the chapter's shape.
func sizeIn(text string) image.Image {
	var height, width int
	if n, _ := fmt.Sscanf(text, "%dx%d", &width, &height); n != 2 || min(height, width) < 1 || max(height, width) > 1<<16 {
		height, width = 600, 900
	}
	return transfer.Blank(image.Rect(0, 0, width, height))
}

// shrink makes a small JPEG of a picture that the browser can't show.
func (p *Page) shrink(w http.ResponseWriter, r *http.Request) {
	folder, err := os.MkdirTemp("", "stylize-")
	if err != nil {
		refuse(w, err)
		return
	}
	defer os.RemoveAll(folder)
	f := &form{folder: folder, pictures: map[string][]string{}}
	p.drawing.Lock()
	defer p.drawing.Unlock()
	var small []byte
	if err = f.store("content", "", http.MaxBytesReader(w, r.Body, maxUpload+1)); err == nil {
		small, err = runs.Shrink(f.pictures["content"][0])
	}
	if err != nil {
		refuse(w, of("picture", err))
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(small)
}

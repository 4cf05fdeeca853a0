package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"stylebook/stylelib/queue"
	"stylebook/stylelib/request"
)

//go:embed static
var static embed.FS

// ExamplePainting is the file of the painting of one of the page's examples, such as "cat"; nil where there is none of that name.
func ExamplePainting(name string) []byte {
	file, _ := static.ReadFile("static/examples/" + name + "-style.jpg")
	return file
}

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"t": func(request.Text) string { return "" }, "f": func(a, b string) string { return "" },
}).ParseFS(static, "static/*.html"))

// handler answers all that the page asks.
func (p *Page) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.html)
	_ = fs.WalkDir(static, "static", func(path string, entry fs.DirEntry, _ error) error { // what is embedded can be read
		if name := strings.TrimPrefix(path, "static/"); !entry.IsDir() && filepath.Ext(name) != ".html" {
			mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, static, path) })
		}
		return nil
	})
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("GET /picture", p.soFar)
	mux.HandleFunc("GET /runs", p.list)
	mux.HandleFunc("GET /compare/{a}/{b}", p.compare)
	mux.HandleFunc("GET /estimate", p.estimate)
	p.looks(mux)
	mux.HandleFunc("POST /start", p.start)
	mux.HandleFunc("POST /small", p.shrink)
	mux.HandleFunc("POST /stop", p.change(func(string, *http.Request) error {
		p.queue.Stop()
		return nil
	}))
	mux.HandleFunc("POST /waiting/{id}/remove", p.change(func(_ string, r *http.Request) error {
		id, _ := strconv.Atoi(r.PathValue("id"))
		p.queue.Remove(id) // it may have begun
		return nil
	}))
	mux.HandleFunc("POST /resume/{run}", p.change(p.resume))
	mux.HandleFunc("POST /runs/{run}/name", p.change(p.rename))
	mux.HandleFunc("POST /runs/{run}/delete", p.change(func(run string, _ *http.Request) error { return p.Store.Delete(run) }))
	mux.HandleFunc("POST /runs/{run}/restore", p.change(func(run string, _ *http.Request) error { return p.Store.Restore(run) }))
	return p.guard(mux)
}

// examples are pairs to begin with, in static/examples.
var examples = []struct {
	Name, Style string
	Label       request.Text
}{{"cat", "shore", request.Text{En: "cat in dots", Zh: "点彩的猫"}}, {"rocket", "harbour", request.Text{En: "rocket in broad strokes", Zh: "宽笔触的火箭"}},
	{"astronaut", "evening", request.Text{En: "astronaut in oil", Zh: "油彩的宇航员"}}, {"lake", "ink", request.Text{En: "lake in ink", Zh: "水墨的湖"}}}

// chinese says whether the browser's first language is Chinese.
func chinese(r *http.Request) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Header.Get("Accept-Language"))), "zh")
}

// html is the page in the browser's first language, if that is Chinese, else in English.
func (p *Page) html(w http.ResponseWriter, r *http.Request) {
	in := func(english, chineseText string) string {
		return request.Text{En: english, Zh: chineseText}.In(chinese(r))
	}
	defaults, err := request.PageDefaults()
	values, jsonErr := json.Marshal(defaults)
	mine, cloneErr := page.Clone()
	var out bytes.Buffer
	if err = errors.Join(err, jsonErr, cloneErr); err == nil {
		err = mine.Funcs(template.FuncMap{"f": in, "t": func(t request.Text) string { return t.In(chinese(r)) }}).Execute(&out, map[string]any{
			"Fields": request.OfPage(), "Defaults": string(values), "Engine": p.Engine, "Limit": maxUpload, "Waiting": queue.MaxWaiting, "Styles": maxStyles,
			"Examples": examples, "Language": in("en", "zh")})
	}
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes())
}

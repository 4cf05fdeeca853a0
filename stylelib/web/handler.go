package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"stylebook/stylelib/request"
)

//go:embed static
var static embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"t": func(request.Text) string { return "" }, "f": func(a, b string) string { return "" },
}).ParseFS(static, "static/*.html"))

// handler answers all that the page asks.
func (p *Page) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.html)
	for _, name := range []string{"page.js", "page.css", "look.js", "look.css", "brush.js", "icon.svg"} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, static, "static/"+name) })
	}
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("GET /picture", p.soFar)
	mux.HandleFunc("GET /runs", p.list)
	mux.HandleFunc("GET /runs/{run}/picture.png", p.pictureOf)
	mux.HandleFunc("GET /compare/{a}/{b}", p.compare)
	p.looks(mux)
	mux.HandleFunc("POST /start", p.start)
	mux.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		p.runner.end()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /resume/{run}", p.resume)
	return p.guard(mux)
}

// html is the page in the browser's first language, if that is Chinese, else in English.
func (p *Page) html(w http.ResponseWriter, r *http.Request) {
	chinese := strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Header.Get("Accept-Language"))), "zh")
	in := func(english, chineseText string) string {
		if chinese {
			return chineseText
		}
		return english
	}
	defaults, err := request.PageDefaults()
	values, jsonErr := json.Marshal(defaults)
	if err = errors.Join(err, jsonErr); err != nil {
		refuse(w, err)
		return
	}
	mine, err := page.Clone()
	var out bytes.Buffer
	if err == nil {
		err = mine.Funcs(template.FuncMap{"f": in, "t": func(t request.Text) string { return in(t.En, t.Zh) }}).Execute(&out, map[string]any{
			"Fields": request.OfPage(), "Defaults": string(values), "Engine": p.Engine, "Limit": maxUpload, "Language": in("en", "zh")})
	}
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes())
}

package web

import (
	"bytes"
	"errors"
	"image/jpeg"
	"net/http"
	"os"
	"strconv"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/film"
	"stylebook/stylelib/queue"
	"stylebook/stylelib/runs"
)

// looks answers what is asked about a run. The names in the addresses only look it up.
func (p *Page) looks(mux *http.ServeMux) {
	mux.HandleFunc("GET /runs/{run}/picture.png", p.about(result))
	mux.HandleFunc("GET /runs/{run}/small/{of}/{i}", p.about(p.small))
	mux.HandleFunc("GET /runs/{run}/settings", p.about(settingsOf))
	mux.HandleFunc("GET /runs/{run}/look", p.about(p.view))
	mux.HandleFunc("GET /runs/{run}/photograph.jpg", p.about(p.photograph))
	mux.HandleFunc("GET /runs/{run}/film/{epoch}", p.about(frame))
	mux.HandleFunc("POST /runs/{run}/again/{how}", p.about(p.again))
}

// about finds the run that is asked about.
func (p *Page) about(answer func(http.ResponseWriter, *http.Request, runs.Summary)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		run, err := p.Store.Find(r.PathValue("run"))
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, r, run)
	}
}

// view is what there is to see of a run beside its picture.
type view struct {
	Row        row         `json:"row"`
	Photograph bool        `json:"photograph"` // whether its file is there
	Film       []int       `json:"film"`       // epochs
	Losses     []sl.Record `json:"losses"`
}

func (p *Page) view(w http.ResponseWriter, r *http.Request, record runs.Summary) {
	losses, err := p.Store.Losses(record.ID)
	epochs, filmErr := film.Kept(record.Film())
	_, missing := os.Stat(record.PhotographFile())
	answer(w, view{rowOf(record, chinese(r)), missing == nil, epochs, queue.Every(losses, 1+len(losses)/maxPoints)}, errors.Join(err, filmErr))
}

// photograph sends a run's photograph at the size of its result.
func (p *Page) photograph(w http.ResponseWriter, _ *http.Request, record runs.Summary) {
	p.drawing.Lock()
	defer p.drawing.Unlock()
	picture, err := record.Photograph()
	var file bytes.Buffer
	if err == nil {
		err = jpeg.Encode(&file, picture, &jpeg.Options{Quality: 90})
	}
	if err != nil {
		http.Error(w, "the photograph is not there any more as it was", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(file.Bytes())
}

// frame sends the picture after an epoch.
func frame(w http.ResponseWriter, r *http.Request, record runs.Summary) {
	epoch, _ := strconv.Atoi(r.PathValue("epoch")) // there is none after epoch 0
	send(w, r, "image/jpeg", film.File(record.Film(), epoch))
}

// result sends what a run has painted.
func result(w http.ResponseWriter, r *http.Request, record runs.Summary) {
	send(w, r, "image/png", record.Picture())
}

// send answers with the picture in a file.
func send(w http.ResponseWriter, r *http.Request, kind, path string) {
	file, err := os.Open(path)
	if err != nil {
		http.Error(w, "this picture is not kept, or not there yet", http.StatusNotFound)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", kind)
	http.ServeContent(w, r, "", time.Time{}, file)
}

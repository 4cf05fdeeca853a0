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

// looks answers what is asked for a run that is seen large. The names in the addresses only look it up.
func (p *Page) looks(mux *http.ServeMux) {
	mux.HandleFunc("GET /runs/{run}/look", p.about(p.view))
	mux.HandleFunc("GET /runs/{run}/photograph.jpg", p.about(p.photograph))
	mux.HandleFunc("GET /runs/{run}/film/{epoch}", p.about(frame))
}

// about finds the run that is asked about.
func (p *Page) about(answer func(http.ResponseWriter, *http.Request, runs.Summary)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if record, ok := p.find(w, r); ok {
			answer(w, r, record)
		}
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
	if err = errors.Join(err, filmErr); err != nil {
		refuse(w, err)
		return
	}
	_, missing := os.Stat(record.Content())
	answer(w, view{rowOf(record, chinese(r)), missing == nil, epochs, queue.Every(losses, 1+len(losses)/maxPoints)})
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
	epoch, err := strconv.Atoi(r.PathValue("epoch"))
	var file *os.File
	if err == nil {
		file, err = os.Open(film.File(record.Film(), epoch))
	}
	if err != nil {
		http.Error(w, "no picture of this epoch is kept", http.StatusNotFound)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "image/jpeg")
	http.ServeContent(w, r, "", time.Time{}, file)
}

package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/queue"
	"stylebook/stylelib/runs"

	sl "stylebook/stylelib"
)

const (
	pageOfRuns = 48  // that the page gets at a time
	maxPoints  = 400 // of a curve
)

// row is what the page shows of a run.
type row struct {
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Created time.Time   `json:"created"`
	Status  runs.Status `json:"status"`
	Error   string      `json:"error"`
	Epoch   int         `json:"epoch"`
	Epochs  int         `json:"epochs"`
	Height  int         `json:"height"`
	Width   int         `json:"width"`
	Engine  string      `json:"engine"`
	Seconds float64     `json:"seconds"`
	Last    sl.Record   `json:"last"`
	Picture bool        `json:"picture"` // whether there is one
	Content int         `json:"content"` // how many pictures can be seen small
	Style   int         `json:"style"`
	Again   bool        `json:"again"` // whether it can be painted again
	Seeded  bool        `json:"seeded"`
	Said    []string    `json:"said"` // what was asked for, in words
}

func rowOf(r runs.Summary, chinese bool) row {
	_, err := os.Stat(r.Picture())
	return row{r.ID, r.Title(), r.Created, r.Status, oneline.Short(r.Error), r.Epoch, r.Spec.Options.Epochs, r.Spec.Height, r.Spec.Width, r.Spec.Engine,
		r.Seconds, r.Last, err == nil, len(r.Inputs("content")), len(r.Inputs("style")), r.Spec.Network == nil && r.Request.Given("content") && r.Request.Given("style"),
		r.Spec.Options.Seeded(), r.Request.Said(chinese)}
}

// list tells of runs, the latest first, so many at a time; of those only that have all the words in the query.
func (p *Page) list(w http.ResponseWriter, r *http.Request) {
	skip, _ := strconv.Atoi(r.FormValue("skip")) // else from the first
	words := r.FormValue("words")
	page, all, err := p.Store.Page(words[:min(len(words), maxValue)], max(skip, 0), pageOfRuns)
	rows := []row{}
	for _, one := range page {
		rows = append(rows, rowOf(one, chinese(r)))
	}
	answer(w, map[string]any{"runs": rows, "all": all}, err)
}

// change does something to a run, or says why not.
func (p *Page) change(do func(run string, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r.PathValue("run"), r); err != nil {
			refuse(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func (p *Page) rename(run string, r *http.Request) error {
	name, err := io.ReadAll(io.LimitReader(r.Body, maxValue))
	if err != nil {
		return err
	}
	return p.Store.Rename(run, string(name))
}

// small is a small picture of a run: of its result, or of one that it was made from.
func (p *Page) small(w http.ResponseWriter, r *http.Request, run runs.Summary) {
	option, known := map[string]string{"picture": "", "content": "content", "style": "style"}[r.PathValue("of")]
	i, err := strconv.Atoi(r.PathValue("i"))
	if !known || err != nil || option == "" && i != 0 {
		http.NotFound(w, r)
		return
	}
	p.drawing.Lock() // what is decoded may take much memory
	file, err := run.Small(option, i)
	p.drawing.Unlock()
	if err != nil {
		http.Error(w, "there is no such picture, or it can't be read", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable") // another state of the picture has another address
	_, _ = w.Write(file)
}

// compared is in what two runs differ.
type compared struct {
	Runs        [2]row         `json:"runs"`
	Terms       []string       `json:"terms"`
	Losses      [2][]sl.Record `json:"losses"`
	Differences []string       `json:"differences"`
}

func (p *Page) compare(w http.ResponseWriter, r *http.Request) {
	var both [2]runs.Summary
	var c compared
	for i, name := range []string{"a", "b"} {
		var losses []sl.Record
		var err error
		if both[i], err = p.Store.Find(r.PathValue(name)); err == nil {
			losses, err = p.Store.Losses(both[i].ID)
		}
		if err != nil {
			refuse(w, err)
			return
		}
		c.Runs[i], c.Losses[i] = rowOf(both[i], chinese(r)), queue.Every(losses, 1+len(losses)/maxPoints)
	}
	c.Terms, c.Differences = runs.TermNames(both[:]...), both[1].Versus(both[0], chinese(r))
	answer(w, c, nil)
}

// resume continues a run, now or after others.
func (p *Page) resume(id string, _ *http.Request) error {
	run, err := p.Store.Find(id)
	if err != nil {
		return err
	}
	paint, err := p.Resume(run)
	if err != nil {
		return err
	}
	return p.queue.Add(queue.Task{Title: run.Title(), Paint: paint, Done: func(error) {}})
}

// answer sends a value, or says why there is none.
func answer(w http.ResponseWriter, value any, err error) {
	text, jsonErr := json.Marshal(value)
	if err = errors.Join(err, jsonErr); err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

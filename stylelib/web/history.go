package web

import (
	"encoding/json"
	"net/http"
	"os"
	"time"

	"stylebook/stylelib/runs"

	sl "stylebook/stylelib"
)

const (
	maxRuns   = 60  // that the page lists
	maxPoints = 400 // of a curve
)

// row is what the page shows of a run.
type row struct {
	ID      string      `json:"id"`
	Created time.Time   `json:"created"`
	Status  runs.Status `json:"status"`
	Epoch   int         `json:"epoch"`
	Epochs  int         `json:"epochs"`
	Height  int         `json:"height"`
	Width   int         `json:"width"`
	Engine  string      `json:"engine"`
	Seconds float64     `json:"seconds"`
	Last    sl.Record   `json:"last"`
	Picture bool        `json:"picture"` // whether there is one
}

func rowOf(r runs.Summary) row {
	_, err := os.Stat(r.Picture())
	return row{r.ID, r.Created, r.Status, r.Epoch, r.Spec.Options.Epochs, r.Spec.Height, r.Spec.Width, r.Spec.Engine, r.Seconds, r.Last, err == nil}
}

// list tells of the latest runs.
func (p *Page) list(w http.ResponseWriter, _ *http.Request) {
	records, err := p.Store.List()
	if err != nil {
		refuse(w, err)
		return
	}
	rows := []row{}
	for _, r := range records[:min(len(records), maxRuns)] {
		rows = append(rows, rowOf(r))
	}
	answer(w, rows)
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
		var err error
		if both[i], err = p.Store.Find(r.PathValue(name)); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		losses, err := p.Store.Losses(both[i].ID)
		if err != nil {
			refuse(w, err)
			return
		}
		c.Runs[i], c.Losses[i] = rowOf(both[i]), every(losses, 1+len(losses)/maxPoints)
	}
	c.Terms, c.Differences = runs.TermNames(both[:]...), both[1].Spec.Differences(both[0].Spec)
	answer(w, c)
}

// pictureOf is the result of a run, whose name only looks it up.
func (p *Page) pictureOf(w http.ResponseWriter, r *http.Request) {
	record, err := p.Store.Find(r.PathValue("run"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	file, err := os.Open(record.Picture())
	if err != nil {
		http.Error(w, "this run has no picture yet", http.StatusNotFound)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "image/png")
	http.ServeContent(w, r, "", time.Time{}, file)
}

// resume continues a run.
func (p *Page) resume(w http.ResponseWriter, r *http.Request) {
	record, err := p.Store.Find(r.PathValue("run"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if p.runner.busy() {
		refuse(w, errBusy)
		return
	}
	paint, err := p.Resume(record)
	if err == nil {
		err = p.runner.begin(paint, func(error) {})
	}
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func answer(w http.ResponseWriter, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	sl "stylebook/stylelib"
)

// progress is what the page shows of the job.
type progress struct {
	Phase   string   `json:"phase"`
	Run     string   `json:"run"`
	Says    []string `json:"says"`
	Error   string   `json:"error"`
	Height  int      `json:"height"`
	Width   int      `json:"width"`
	Epochs  int      `json:"epochs"`
	Epoch   int      `json:"epoch"`
	Left    float64  `json:"left"`    // seconds; 0 where it is not known
	Picture int      `json:"picture"` // the number of the latest picture, 0 where there is none
}

// state is what all who watch see.
type state struct {
	mu sync.Mutex
	progress
	records    []sl.Record
	stride     int // each so many epochs one is kept
	generation int // counts how often records were not only added to
	picture    []byte
	pictures   int       // made so far, for all jobs: an address names one picture only
	next       time.Time // when another picture is due
	watchers   int
	changed    chan struct{} // closed with every change
	closed     bool
}

const (
	maxRecords  = 4000
	maxSays     = 20
	maxWatchers = 16
)

// change changes the state and wakes all who watch.
func (b *state) change(change func(*state)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *state) phase(phase string) { b.change(func(b *state) { b.Phase = phase }) }

func (b *state) say(line string) {
	b.change(func(b *state) {
		b.Says = append(b.Says[max(0, len(b.Says)-maxSays+1):len(b.Says):len(b.Says)], line)
	})
}

func (b *state) close() { b.change(func(b *state) { b.closed = true }) }

// add keeps a record; of very many each second one is dropped again and again.
func (b *state) add(r sl.Record) {
	b.Epoch = r.Epoch
	if r.Epoch%b.stride != 0 && r.Epoch != b.Epochs {
		return
	}
	b.records = append(b.records, r)
	if len(b.records) < maxRecords {
		return
	}
	b.stride *= 2
	b.generation++
	b.records = every(b.records, b.stride)
}

// every returns the records of each so many epochs.
func every(records []sl.Record, stride int) (some []sl.Record) {
	for _, r := range records {
		if r.Epoch%stride == 0 {
			some = append(some, r)
		}
	}
	return some
}

func (b *state) wantsPicture(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.watchers > 0 && now.After(b.next)
}

// update is the progress and the records that one who watches has not got yet.
type update struct {
	progress
	Anew    bool        `json:"anew"` // the records replace those that came before
	Records []sl.Record `json:"records"`
}

// since returns what is new for one who has so many records of a generation, and a channel that is closed with the next change.
func (b *state) since(generation, seen *int) (n update, changed <-chan struct{}, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if *generation != b.generation {
		n.Anew, *seen, *generation = true, 0, b.generation
	}
	n.progress, n.Records = b.progress, b.records[*seen:len(b.records):len(b.records)]
	*seen = len(b.records)
	return n, b.changed, b.closed
}

func (b *state) watch(more int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers+more > maxWatchers {
		return false
	}
	b.watchers += more
	return true
}

const (
	updateEvery = 100 * time.Millisecond
	signEvery   = 15 * time.Second // of life, where there is no update
)

// events sends the state's changes as they come, as server-sent events.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	b := &p.runner.state
	if !b.watch(1) {
		http.Error(w, fmt.Sprintf("%d pages watch already: close one", maxWatchers), http.StatusServiceUnavailable)
		return
	}
	defer b.watch(-1)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	generation, seen := -1, 0
	for {
		update, changed, closed := b.since(&generation, &seen)
		text, err := json.Marshal(update)
		if err == nil {
			_, err = fmt.Fprintf(w, "data: %s\n\n", text)
		}
		if err != nil || out.Flush() != nil || closed {
			return
		}
		time.Sleep(updateEvery)
		if !waited(r, changed, w, out) {
			return
		}
	}
}

// waited waits for a change; false means that nobody listens any more.
func waited(r *http.Request, changed <-chan struct{}, w http.ResponseWriter, out *http.ResponseController) bool {
	for {
		select {
		case <-changed:
			return true
		case <-r.Context().Done():
			return false
		case <-time.After(signEvery):
			if _, err := fmt.Fprint(w, ":\n\n"); err != nil || out.Flush() != nil {
				return false
			}
		}
	}
}

// soFar is the picture as it grows.
func (p *Page) soFar(w http.ResponseWriter, _ *http.Request) {
	b := &p.runner.state
	b.mu.Lock()
	file := b.picture
	b.mu.Unlock()
	if file == nil {
		http.Error(w, "there is no picture yet", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(file)
}

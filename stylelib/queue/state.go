package queue

import (
	"sync"
	"time"

	sl "stylebook/stylelib"
)

// Progress is how far the job is, and what else there is to do.
type Progress struct {
	Phase   string    `json:"phase"`
	Run     string    `json:"run"`
	Says    []string  `json:"says"`
	Error   string    `json:"error"`
	Height  int       `json:"height"`
	Width   int       `json:"width"`
	Epochs  int       `json:"epochs"`
	Epoch   int       `json:"epoch"`
	Left    float64   `json:"left"`    // seconds; 0 where it is not known
	Picture int       `json:"picture"` // the number of the latest picture, 0 where there is none
	Title   string    `json:"title"`
	Preview bool      `json:"preview"` // it is not kept
	Waiting []Waiting `json:"waiting"`
	Missed  []string  `json:"missed"` // jobs that failed since there was none, with their errors
}

// state is what all who watch see.
type state struct {
	mu sync.Mutex
	Progress
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

// MaxWatchers is how many may watch at once.
const MaxWatchers = 16

const (
	maxRecords = 4000
	maxSays    = 20
	maxMissed  = 5
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
	b.records = Every(b.records, b.stride)
}

// Every returns the records of each so many epochs.
func Every(records []sl.Record, stride int) (some []sl.Record) {
	for _, r := range records {
		if r.Epoch%stride == 0 {
			some = append(some, r)
		}
	}
	return some
}

// wantsPicture says whether a picture is due; the last of a preview is all that there is of it.
func (b *state) wantsPicture(now time.Time, epoch int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.watchers > 0 && now.After(b.next) || b.Preview && epoch == b.Epochs
}

// Update is the progress and the records that one who watches has not got yet.
type Update struct {
	Progress
	Anew    bool        `json:"anew"` // the records replace those that came before
	Records []sl.Record `json:"records"`
}

// since returns what is new for one who has so many records of a generation, and a channel that is closed with the next change.
func (b *state) since(generation, seen *int) (n Update, changed <-chan struct{}, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if *generation != b.generation {
		n.Anew, *seen, *generation = true, 0, b.generation
	}
	n.Progress, n.Records = b.Progress, b.records[*seen:len(b.records):len(b.records)]
	*seen = len(b.records)
	return n, b.changed, b.closed
}

func (b *state) watch(more int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers+more > MaxWatchers {
		return false
	}
	b.watchers += more
	return true
}

// Watcher is one who watches.
type Watcher struct {
	state            *state
	generation, seen int
}

// Watch lets one more watch; ok is false where as many do as may, [MaxWatchers]. Close the watcher when done.
func (q *Queue) Watch() (w *Watcher, ok bool) { return &Watcher{&q.state, -1, 0}, q.state.watch(1) }

// Close ends the watching.
func (w *Watcher) Close() { w.state.watch(-1) }

// Next returns what is new for the watcher, and a channel that is closed with the next change; closed says that there is none any more.
func (w *Watcher) Next() (u Update, changed <-chan struct{}, closed bool) {
	return w.state.since(&w.generation, &w.seen)
}

// Picture is the job's picture so far, a JPEG; nil where there is none.
func (q *Queue) Picture() []byte {
	q.state.mu.Lock()
	defer q.state.mu.Unlock()
	return q.state.picture
}

package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"stylebook/stylelib/queue"
)

const (
	updateEvery = 100 * time.Millisecond
	signEvery   = 15 * time.Second // of life, where there is no update
)

// events sends the state's changes as they come, as server-sent events.
func (p *Page) events(w http.ResponseWriter, r *http.Request) {
	watcher, ok := p.queue.Watch()
	if !ok {
		http.Error(w, fmt.Sprintf("%d pages watch already: close one", queue.MaxWatchers), http.StatusServiceUnavailable)
		return
	}
	defer watcher.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy must not keep them back
	out := http.NewResponseController(w)
	for {
		update, changed, closed := watcher.Next()
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

// soFar is the picture as it grows; no content where the page asks for that of a picture which the next one has just followed.
func (p *Page) soFar(w http.ResponseWriter, _ *http.Request) {
	file := p.queue.Picture()
	if file == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	_, _ = w.Write(file)
}

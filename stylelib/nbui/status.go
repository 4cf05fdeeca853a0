package nbui

import (
	"html"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/i18n"
	"stylebook/stylelib/internal/pace"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// Status is a line of a cell that says what goes on, and is gone when it is over: nothing of it stays in the saved notebook.
type Status struct {
	id    string
	said  string
	spoke time.Time
	pace  pace.Pace
}

// statusEvery is how often epochs are told.
const statusEvery = 500 * time.Millisecond

// NewStatus shows a line.
func NewStatus(text string) *Status {
	s := &Status{id: gonbui.UniqueId()}
	s.Say(text)
	return s
}

// Say shows another line in its place; "" for none.
func (s *Status) Say(text string) {
	if text == s.said {
		return
	}
	s.said, s.spoke = text, time.Now()
	show(map[protocol.MIMEType]any{protocol.MIMETextHTML: html.EscapeString(i18n.Said(text))}, s.id, "")
}

// Train says that a training of so many epochs begins, whose records Report then takes.
func (s *Status) Train(epochs int) {
	s.pace = pace.Pace{Epochs: epochs, Of: "epoch"}
	s.Say(compiling)
}

const compiling = "compiling the training: its first epoch takes longest"

// Report tells of an epoch, its losses and the time left, now and then.
func (s *Status) Report(r sl.Record) {
	line := s.pace.Line(r)
	if s.said == compiling || time.Since(s.spoke) >= statusEvery {
		s.Say(line)
	}
}

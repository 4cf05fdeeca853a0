package nbui

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// A cell says at once what it does; then it tells the first epoch, and later ones now and then, with the time that is left.
func TestStatusTellsATraining(t *testing.T) {
	s := NewStatus("opening")
	if s.said != "opening" {
		t.Errorf("at once it says %q", s.said)
	}
	record := func(epoch int) sl.Record {
		return sl.Record{Epoch: epoch, Losses: []sl.TermLoss{{Name: "content", Value: 1.5}}, Seconds: 0.25}
	}
	s.Train(100)
	if s.said != compiling {
		t.Errorf("before the first epoch it says %q", s.said)
	}
	s.Report(record(1))
	if s.said != "epoch 1/100  content 1.500  0.25 s/epoch" {
		t.Errorf("after the first epoch it says %q", s.said)
	}
	s.Report(record(2))
	if !strings.HasPrefix(s.said, "epoch 1/") {
		t.Errorf("at once after that it says %q", s.said)
	}
	time.Sleep(statusEvery + 10*time.Millisecond)
	if s.Report(record(3)); !strings.HasPrefix(s.said, "epoch 3/") || !strings.HasSuffix(s.said, " left") {
		t.Errorf("later it says %q", s.said)
	}
}

// A page has words in the place of a picture, of the kinds that GoNB passes on.
func TestPicturesAreDescribed(t *testing.T) {
	words := titles([]figure.Picture{{Title: "content"}, {Title: "style"}})
	data := protocol.DisplayData{Data: map[protocol.MIMEType]any{mimeJPEG: []byte{1}}, Metadata: described(words)}
	if err := gob.NewEncoder(io.Discard).Encode(data); err != nil || data.Metadata["alt"] != "content, style" {
		t.Errorf("%v: %v", data.Metadata, err)
	}
}

func TestBegan(t *testing.T) {
	if err := Began(fmt.Errorf("open: %w", context.Canceled)); err.Error() != "interrupted before the training began" {
		t.Error(err)
	}
	other := errors.New("no such file")
	if Began(other) != other || Began(nil) != nil {
		t.Error("another error is not what it was")
	}
	if err := NewLive(5).Finish(context.Canceled); err == nil || !strings.HasPrefix(err.Error(), "interrupted before") {
		t.Error(err)
	}
}

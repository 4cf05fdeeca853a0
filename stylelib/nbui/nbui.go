// Package nbui shows pictures and a running training in a Go notebook (GoNB). It is the only package that knows the
// notebook; outside one its functions draw and then show nothing.
package nbui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"os/signal"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/film"
	"stylebook/stylelib/i18n"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// ProgressEnv names an environment variable with a file to which a [Live] adds one JSON object per epoch, so that a
// program that runs a notebook without a screen can tell how far it is.
const ProgressEnv = "STYLEBOOK_PROGRESS"

// Show shows pictures side by side, three in a row, with axes.
func Show(pictures ...figure.Picture) error {
	return showJPEG(figure.Pictures(pictures...), "", titles(pictures))
}

// titles are those of pictures in one text.
func titles(pictures []figure.Picture) string {
	return joined(pictures, func(p figure.Picture) string { return p.Title })
}

func joined[T any](shown []T, title func(T) string) string {
	var all []string
	for _, one := range shown {
		all = append(all, i18n.Said(title(one)))
	}
	return strings.Join(all, ", ")
}

// ShowSheet shows a contact sheet, pixel by pixel, in rows of so many pictures.
func ShowSheet(columns int, pictures ...figure.Picture) error {
	sheet, err := figure.Sheet(columns, pictures...)
	if err != nil {
		return err
	}
	return showJPEG(sheet, "", titles(pictures))
}

// ShowCharts shows charts side by side, three in a row.
func ShowCharts(charts ...figure.Chart) error {
	drawn, err := figure.Charts(charts...)
	if err != nil {
		return err
	}
	return showPNG(drawn, joined(charts, func(c figure.Chart) string { return c.Title }))
}

// ShowMaps shows maps side by side, three in a row with one scale and hard cells.
func ShowMaps(maps ...figure.Map) error {
	drawn, err := figure.Maps(maps...)
	if err != nil {
		return err
	}
	return showJPEG(drawn, "", joined(maps, func(m figure.Map) string { return m.Title }))
}

func showPNG(drawn image.Image, alt string) error {
	var file bytes.Buffer
	if err := png.Encode(&file, drawn); err != nil {
		return fmt.Errorf("encode the figure: %w", err)
	}
	show(map[protocol.MIMEType]any{protocol.MIMEImagePNG: file.Bytes()}, "", alt)
	return nil
}

const mimeJPEG protocol.MIMEType = "image/jpeg"

// showJPEG shows what has a picture in it: as PNG that would take up to five times as much of the notebook.
func showJPEG(drawn image.Image, id, alt string) error {
	file, err := jpegOf(drawn, 85)
	if err == nil {
		show(map[protocol.MIMEType]any{mimeJPEG: file}, id, alt)
	}
	return err
}

func jpegOf(drawn image.Image, quality int) ([]byte, error) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, drawn, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode the figure: %w", err)
	}
	return file.Bytes(), nil
}

// show displays one thing in one or more forms; with an id it replaces what was displayed under that id before. alt is what
// a page says in the place of its picture.
func show(forms map[protocol.MIMEType]any, id, alt string) {
	if !gonbui.IsNotebook {
		return
	}
	gonbui.SendData(&protocol.DisplayData{Data: forms, Metadata: described(alt), DisplayID: id})
	gonbui.Sync() // without it the program may end before the notebook has its last display
}

// described is the metadata of an output with a text in the place of its picture, as Jupyter's pages take it. GoNB passes no maps
// in it on.
func described(alt string) map[string]any {
	if alt == "" {
		return nil
	}
	return map[string]any{"alt": alt}
}

// Live shows a training while it runs: every few epochs the loss curves and the synthesized image are drawn anew in one
// output, which stays in the saved notebook. At the end the output gets a slider through the epochs.
type Live struct {
	Every  int            // epochs from one drawing to the next, 10 in the chapter
	Epochs int            // planned
	Beside []figure.Curve // thin lines beside the losses of the same names

	// Picture is what is shown of an epoch, its synthesized image unless another is put here.
	Picture func(r sl.Record) (image.Image, error)

	id       string
	status   *Status
	epoch    int // the latest
	records  []sl.Record
	recorder *film.Recorder
	latest   image.Image // drawn
	file     *os.File
}

// NewLive returns a display for a training of that many epochs.
func NewLive(epochs int) *Live {
	return newLive(epochs, gonbui.UniqueId())
}

// newLive returns a display in the place of one that has the id.
func newLive(epochs int, id string) *Live {
	live := &Live{Every: 10, Epochs: epochs, Picture: synthesized, id: id, status: &Status{id: id + "-status"}}
	live.status.Train(epochs)
	if path := os.Getenv(ProgressEnv); path != "" {
		// Not being able to tell the progress is no reason not to train.
		live.file, _ = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	}
	return live
}

func synthesized(r sl.Record) (image.Image, error) { return sl.Postprocess(r.Image) }

// Report takes the record of one epoch; it is meant to be given to Train.
func (l *Live) Report(r sl.Record) error {
	l.epoch = r.Epoch
	l.tell(r)
	l.status.Report(r)
	if r.Epoch%l.Every != 0 && r.Epoch != l.Epochs {
		return nil
	}
	picture, err := l.Picture(r)
	if err != nil {
		return err
	}
	r.Image = nil // valid during this call only
	l.records = append(l.records, r)
	if l.recorder == nil {
		l.recorder = film.NewRecorder(l.Epochs, l.Every)
	}
	if l.recorder.Wants(r.Epoch) {
		if err := l.recorder.Add(r.Epoch, picture); err != nil {
			return err
		}
	}
	if l.latest, err = figure.Training(l.records, l.Epochs, picture, l.Beside...); err != nil {
		return err
	}
	return showJPEG(l.latest, l.id, i18n.Said(fmt.Sprintf("synthesized image, epoch %d", r.Epoch)))
}

// tell adds the record to the progress file.
func (l *Live) tell(r sl.Record) {
	if l.file == nil {
		return
	}
	record, err := json.Marshal(r)
	if err == nil {
		time := time.Now().Format(time.RFC3339Nano)
		_, _ = fmt.Fprintf(l.file, "%s,\"epochs\":%d,\"time\":%q}\n", bytes.TrimSuffix(record, []byte("}")), l.Epochs, time)
	}
}

// Interruptible returns a context that ends when the notebook's user interrupts the cell, or when the kernel that started
// the cell is gone: its programs would otherwise compute on for nobody. The returned function ends the watch.
func Interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	go func(kernel int) {
		for ctx.Err() == nil && os.Getppid() == kernel {
			time.Sleep(time.Second)
		}
		stop()
	}(os.Getppid())
	return ctx, stop
}

// Finish says how a training ended, given the error of Train, and puts a slider through its epochs in place of what was drawn.
// An interruption after the first epoch is no error: the picture so far is good. One before it is an error that says so.
func (l *Live) Finish(err error) error {
	l.status.Say("")
	if l.recorder != nil {
		page, failed := l.trainingPage()
		if failed == nil {
			failed = showPlay(page, l.latest, l.id, i18n.Said(fmt.Sprintf("synthesized image, epoch %d", l.epoch)))
		}
		if failed != nil {
			return errors.Join(err, failed)
		}
	}
	if errors.Is(err, context.Canceled) && l.epoch > 0 {
		fmt.Println(i18n.Format("interrupted after epoch %d of %d: the picture so far is kept", l.epoch, l.Epochs))
		return nil
	}
	return Began(err)
}

// Began is the error of what an interruption ended before a training began; any other error comes back as it is.
func Began(err error) error {
	if errors.Is(err, context.Canceled) {
		return errors.New(i18n.In("interrupted before the training began"))
	}
	return err
}

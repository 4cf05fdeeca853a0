package main

import (
	"bufio"
	"image"
	"os"
	"time"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/feedforward"
)

// painted paints a picture with a network that paints in one pass: twice at once, the first of which compiles, then once for each line
// of input. The network has the widths of those that stylize trains; its numbers don't change what it takes.
func painted(e *engine.Engine, r request) error {
	start := time.Now()
	n := feedforward.Filled(feedforward.Default().Architecture, func(i int) float32 { return float32(i%13-6) / 64 })
	painter, err := feedforward.NewPainter(e.Backend, n)
	if err != nil {
		return err
	}
	defer painter.Finalize()
	picture := image.NewRGBA(image.Rect(0, 0, r.width, r.height))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(i * i % 251)
	}
	setup := time.Since(start).Seconds()
	once := func() float64 {
		if err == nil {
			start := time.Now()
			_, err = painter.Paint(picture)
			return time.Since(start).Seconds()
		}
		return 0
	}
	first, second := once(), once()
	_, peak := used()
	write(answer{Engine: e.Name, Setup: setup, Compile: max(0, first-second), PeakBytes: peak})
	for lines := bufio.NewScanner(os.Stdin); err == nil && lines.Scan(); {
		seconds := once()
		_, peak := used()
		write(answer{Seconds: seconds, PeakBytes: peak})
	}
	return err
}

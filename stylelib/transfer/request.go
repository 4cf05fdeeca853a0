package transfer

import (
	"fmt"
	"math"
	"time"

	"stylebook/stylelib/weights"
)

// Request says what to get ready. Start from [NewRequest].
type Request struct {
	Content     string   // picture files, or their addresses in the web, https://…, from which they are downloaded once
	Styles      []string // at least one
	ContentMask string   // see [Pictures]; "" for none
	StyleMasks  []string
	ColoursMask string
	Init        string // for [InitFile]

	Pictures Pictures // in memory, in the place of all files: see [Request.With]

	Height, Width int           // of the result in pixels; with one 0 it follows the content's shape, with both 0 Area counts
	LongerSide    int           // of the result in pixels, in place of both; 0: it is not asked for
	Area          int           // pixels, where no size is given
	Limit         time.Duration // if not 0 and neither height nor width is given, for how long the training may take: LongerSide is then the most
	Memory        int64         // bytes that the training may take; 0: nobody asks
	Cache         *Cache        // where what other trainings have in common with this one is kept; nil: nothing is

	Options Options
	Weights weights.Options   // Layers and Seed are set from Options
	Say     func(line string) // gets messages for the user; may be nil
}

// NewRequest asks for the chapter's PyTorch variant of two picture files, at the area of its picture, with the best weights
// that can be had. The command and its page start from [Painting] instead: [Choose] has its options.
func NewRequest(content, style string) Request {
	return Request{Content: content, Styles: []string{style}, Area: DefaultArea, Options: Default(), Weights: weights.Default()}
}

// With asks for pictures in memory, in the place of files. They are hashed by their pixels.
func (r Request) With(pictures Pictures) Request {
	r.Content, r.Styles, r.ContentMask, r.StyleMasks, r.ColoursMask, r.Init = "", nil, "", nil, "", ""
	r.Pictures = pictures
	return r
}

// memory is how much the request may take.
func (r Request) memory() int64 {
	if r.Memory == 0 {
		return math.MaxInt64
	}
	return r.Memory
}

func (r Request) say(format string, args ...any) {
	if r.Say != nil {
		r.Say(fmt.Sprintf(format, args...))
	}
}

// Size is the size that is asked for, of a content picture with some height and width. Errors are [FitSize]'s.
func (r Request) Size(height, width int) (h, w int, err error) {
	switch {
	case r.LongerSide > 0 && height > width:
		return FitSize(height, width, r.LongerSide, 0, r.Area)
	case r.LongerSide > 0:
		return FitSize(height, width, 0, r.LongerSide, r.Area)
	}
	return FitSize(height, width, r.Height, r.Width, r.Area)
}

package transfer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"

	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/webpicture"
	"stylebook/stylelib/weights"
)

// reader decodes and hashes pictures, until one fails.
type reader struct {
	ctx     context.Context
	request Request
	hashes  map[string]string
	left    int64 // bytes of memory
	err     error
}

func (d *reader) read(role, path string) image.Image {
	if d.err != nil || path == "" {
		return nil
	}
	file, err := webpicture.Read(d.ctx, path, d.left, d.request.downloads(path))
	if d.err = err; err != nil {
		return nil
	}
	if file.Note != "" {
		d.request.say("picture  %s", file.Note)
	}
	d.left -= int64(len(file.Picture.Pix))
	d.hashes[role] = file.SHA256
	return file.Picture
}

// ReadPicture reads a picture of a file or an address as [Open] does, and returns it with the SHA-256 of its file.
func (r Request) ReadPicture(ctx context.Context, path string) (picture image.Image, hash string, err error) {
	d := reader{ctx: ctx, request: r, hashes: map[string]string{}, left: r.memory()}
	picture = d.read("", path)
	return picture, d.hashes[""], d.err
}

// large are downloads of which it is shown how far they are.
const large = 4 << 20

// downloads are the bounds of a picture's download, which is told of as those of weights are.
func (r Request) downloads(address string) webpicture.Options {
	o := webpicture.Default()
	o.Progress = func(p webpicture.Progress) {
		if p.Done == 0 && !p.Waiting {
			r.say("picture  downloading %s", address)
		}
		if r.Weights.Progress != nil && (p.Waiting || p.Total >= large) {
			r.Weights.Progress(weights.Progress{URL: address, Done: p.Done, Total: p.Total, Waiting: p.Waiting})
		}
	}
	return o
}

// hash notes the pixels' hashes of pictures in memory.
func (p Pictures) hash(hashes map[string]string) {
	note := func(role string, picture image.Image) {
		if picture != nil {
			flat := imagefile.Flatten(picture)
			sum := sha256.New()
			fmt.Fprintln(sum, flat.Rect.Dx(), flat.Rect.Dy())
			sum.Write(flat.Pix)
			hashes[role] = fmt.Sprintf("%x", sum.Sum(nil))
		}
	}
	note("content", p.Content)
	for i, style := range p.Styles {
		note(fmt.Sprintf("style %d", i+1), style)
	}
	note("content mask", p.ContentMask)
	for i, mask := range p.StyleMasks {
		note(fmt.Sprintf("mask of style %d", i+1), mask)
	}
	note("colours mask", p.ColoursMask)
	note("init", p.Init)
}

// read decodes and hashes each picture once.
func (t *Transfer) read(ctx context.Context, r Request) error {
	if r.Pictures.Content != nil || len(r.Pictures.Styles) > 0 {
		t.Pictures = r.Pictures
		if err := t.Pictures.Check(r.Options); err != nil {
			return err
		}
		t.Pictures.hash(t.Hashes)
		r.sayMasks(t.Pictures)
		return nil
	}
	reader := reader{ctx: ctx, request: r, hashes: t.Hashes, left: r.memory()}
	read := reader.read
	t.Pictures.Content = read("content", r.Content)
	for i, path := range r.Styles {
		t.Pictures.Styles = append(t.Pictures.Styles, read(fmt.Sprintf("style %d", i+1), path))
	}
	t.Pictures.ContentMask = read("content mask", r.ContentMask)
	for i, path := range r.StyleMasks {
		t.Pictures.StyleMasks = append(t.Pictures.StyleMasks, read(fmt.Sprintf("mask of style %d", i+1), path))
	}
	t.Pictures.ColoursMask = read("colours mask", r.ColoursMask)
	if r.Options.Init == InitFile {
		t.Pictures.Init = read("init", r.Init)
	}
	if reader.err != nil {
		return reader.err
	}
	if err := t.Pictures.Check(r.Options); err != nil {
		return err
	}
	r.sayMasks(t.Pictures)
	return nil
}

// sayMasks says that masks that passed the check did so by their main colours.
func (r Request) sayMasks(p Pictures) {
	if p.ContentMask != nil && masksAreSorted(p.ContentMask, p.StyleMasks) {
		r.say("masks    their colours are sorted to the nearest of their main ones: soft edges and JPEG make more than were painted")
	}
}

package weights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/cachedir"
	"stylebook/stylelib/internal/fetch"
	"stylebook/stylelib/internal/oneline"
)

// retryDelay is how long a download rests before it is continued.
const retryDelay = 300 * time.Millisecond

// download is the state of the downloads of one Load.
type download struct {
	*loader
	client   client
	convs    []sl.Layer // that are needed
	streamed bool       // the last source did not serve ranges
	brought  bool       // some source sent a part of its file
}

// lock keeps other downloads out of the cache.
func (l *loader) lock(ctx context.Context) (unlock func(), err error) {
	unlock, err = cachedir.Lock(ctx, l.cache.dir, func() { l.Progress(Progress{Waiting: true}) })
	if err != nil {
		err = fmt.Errorf("downloads can't be kept: %w", err)
	}
	return unlock, err
}

// fromNetwork returns nil without an error if no source gave the weights. Where all of them failed less than rest ago, they
// are not asked; without sources it says why the last download failed.
func (l *loader) fromNetwork(ctx context.Context, convs []sl.Layer, rest time.Duration) (*Loaded, error) {
	if l.cache == nil {
		return nil, nil
	}
	if len(l.Sources) == 0 {
		l.noteFailure(l.cache.failure(), rest)
		return nil, nil
	}
	unlock, err := l.lock(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("waiting for another download: %w", context.Cause(ctx))
		}
		l.note("%v", err)
		return nil, nil
	}
	defer unlock()
	if loaded, err := l.again(ctx, convs); loaded != nil || err != nil {
		return loaded, err
	}
	if failed := l.cache.failure(); failed.rests(rest) {
		l.noteFailure(failed, rest)
		return nil, nil
	}
	before := len(l.notes)
	d := &download{loader: l, client: client{fetch.New(l.AnswerTimeout/time.Duration(len(l.Sources)), l.StallTimeout)}, convs: convs}
	for _, source := range l.Sources {
		loaded, err := d.from(ctx, source)
		if err == nil {
			l.cache.forgetFailure()
			if d.streamed {
				l.note("%s does not serve ranges, so the start of its file was read as a stream", hostOf(source.URL))
			}
			return loaded, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("downloading VGG-19: %w (the next run continues)", context.Cause(ctx))
		}
		l.note("%s: %s", hostOf(source.URL), oneline.Short(err.Error()))
		if isA[*localError](err) { // no other source would help, and it may be mended before the next run
			d.brought = true
			break
		}
	}
	l.cache.rememberFailure(strings.Join(l.notes[before:], "; "), d.brought)
	return nil, nil
}

// noteFailure notes what went wrong before, if something did.
func (l *loader) noteFailure(failed failure, rest time.Duration) {
	switch {
	case failed.rests(rest):
		l.note("%s (at %s; not asked again before %s)", oneline.Short(failed.reason), failed.at.Format("15:04"), failed.at.Add(rest).Format("15:04"))
	case failed.reason != "":
		l.note("%s (at %s)", oneline.Short(failed.reason), failed.at.Format("2006-01-02 15:04"))
	}
}

// again looks into the cache once more now that no one else is downloading.
func (l *loader) again(ctx context.Context, convs []sl.Layer) (*Loaded, error) {
	notes := l.notes
	loaded, err := l.fromCache(ctx, sl.VGG19, convs)
	l.notes = notes // what is damaged has been told already
	return loaded, err
}

// from downloads from one source, checks what came and moves it into the cache.
func (d *download) from(ctx context.Context, source Remote) (loaded *Loaded, err error) {
	d.streamed = false
	if source.Whole {
		loaded, err = d.whole(ctx, source, partName(source.URL), source.URL, func(part, sum string) (*sl.Network, error) {
			net, _, err := readChecked(ctx, part, request{only: sl.VGG19, sum: sum})
			return net, err
		})
	} else {
		loaded, err = d.layers(ctx, source)
	}
	if err != nil {
		return nil, err
	}
	loaded.Source = fmt.Sprintf("%s from %s, downloaded to %s", describe(loaded.Network), source.URL, oneline.Quote(loaded.Path))
	return loaded, nil
}

// layers downloads only the layers needed.
func (d *download) layers(ctx context.Context, source Remote) (*Loaded, error) {
	path := d.cache.fileFor(sl.VGG19, d.last())
	part := path + ".part"
	sum, err := d.persist(ctx, source, part, d.byRanges)
	if err != nil {
		return nil, err
	}
	net, _, err := readChecked(ctx, part, d.wanted(sum))
	if err != nil {
		return nil, d.reject(ctx, part, err)
	}
	if err := publish(part, path, sum); err != nil {
		return nil, &localError{err}
	}
	removePart(part)
	return &Loaded{Network: net, Path: path, SHA256: sum}, nil
}

// whole downloads a whole file, and keeps all convolutions of the network that read finds in it, with a word about where they
// are from. What it returns has those that are needed.
func (d *download) whole(ctx context.Context, source Remote, partName, origin string,
	read func(part, sum string) (*sl.Network, error)) (*Loaded, error) {
	part := d.cache.path(partName)
	sum, err := d.persist(ctx, source, part, d.byWhole)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(sum, strings.ToLower(source.SHA256)) {
		return nil, d.reject(ctx, part, fmt.Errorf("sent a file whose SHA-256 begins with %s, not %s",
			sum[:min(len(sum), max(8, len(source.SHA256)))], source.SHA256))
	}
	net, err := read(part, sum)
	if err != nil {
		return nil, d.reject(ctx, part, err)
	}
	last := convsOf(net.Architecture)[len(net.Convs)-1]
	if last.Index < d.last().Index {
		return nil, d.reject(ctx, part, &DepthError{Has: last, Needs: d.last()})
	}
	kept := d.cache.fileFor(net.Architecture, last)
	finished := kept + ".part"
	if sum, err = write(finished, net, map[string]string{"source": origin}); err == nil {
		err = publish(finished, kept, sum)
	}
	removePart(finished)
	if err != nil {
		return nil, &localError{err}
	}
	removePart(part)
	net.Convs = net.Convs[:len(d.convs)]
	return &Loaded{Network: net, Path: kept, SHA256: sum}, nil
}

// last is the last convolution that is needed.
func (d *download) last() sl.Layer { return d.convs[len(d.convs)-1] }

// wanted is what must be in a file.
func (d *download) wanted(sum string) request { return request{[]string{d.last().Name}, sl.VGG19, sum} }

// persist repeats attempts as long as they bring something, or find another file than before.
func (d *download) persist(ctx context.Context, source Remote, part string,
	attempt func(context.Context, Remote, string) (string, error)) (string, error) {
	for retry := 0; ; retry++ {
		before := readPartState(part).Bytes
		sum, err := attempt(ctx, source, part)
		if err == nil {
			return sum, nil
		}
		brought := readPartState(part).Bytes > before
		d.brought = d.brought || brought
		if ctx.Err() != nil || isA[*localError](err) || retry >= d.Retries || !brought && !errors.Is(err, errChanged) {
			return "", err
		}
		select {
		case <-ctx.Done(): // which the next attempt tells
		case <-time.After(retryDelay):
		}
	}
}

// reject removes what a source sent, unless it was only not looked at to the end.
func (d *download) reject(ctx context.Context, part string, err error) error {
	if ctx.Err() != nil {
		return err
	}
	removePart(part)
	if file, is := errors.AsType[*FileError](err); is {
		return fmt.Errorf("sent a file that %s", file.Reason)
	}
	return err
}

// copy moves length bytes from a body into the part file and reports on it.
func (d *download) copy(ctx context.Context, p *part, body io.Reader, length int64, progress Progress) error {
	buffer := make([]byte, 128<<10)
	var told time.Time
	for length > 0 {
		n, err := body.Read(buffer[:min(int64(len(buffer)), length)])
		if n > 0 {
			if _, err := p.Write(buffer[:n]); err != nil {
				return err
			}
			length -= int64(n)
		}
		if length == 0 || time.Since(told) > 100*time.Millisecond {
			told = time.Now()
			progress.Done = p.size
			d.Progress(progress)
		}
		if err != nil && length > 0 {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("broke off at %d of %d bytes: %w", p.size, progress.Total, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

package weights

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"stylebook/stylelib/internal/safetensors"
)

// firstRange is how much of a remote file is asked for at first; VGG-19's header has less than 4 KiB.
const firstRange = 64 << 10

// layout is the file that will be written: a header of its own, then the tensors needed in the server's order.
type layout struct {
	header []byte
	spans  []httpRange // of the remote file, in order
	size   int64       // of the file that will be written
}

// plan lays out the convolutions of a remote file that are wanted.
func plan(remote *safetensors.Header, r request, source string) (*layout, error) {
	_, pairs, err := fromHeader(remote).choose(r)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, pair := range pairs {
		wanted[pair.weight.Name], wanted[pair.bias.Name] = true, true
	}
	l := &layout{}
	var kept []safetensors.Tensor
	for _, t := range remote.Tensors { // sorted by offset
		if wanted[t.Name] {
			kept = append(kept, t)
			l.add(t.Offset, t.Offset+t.Bytes())
		}
	}
	metadata := map[string]string{"source": source}
	for _, key := range []string{architectureKey, poolKey, paddingKey} {
		if value, told := remote.Metadata[key]; told {
			metadata[key] = value
		}
	}
	l.header, err = safetensors.EncodeHeader(metadata, kept)
	l.size += int64(len(l.header))
	if l.size > maxConvs {
		return nil, fmt.Errorf("its convolutions have %d bytes; at most %d are accepted", l.size, maxConvs)
	}
	return l, err
}

// add appends a span, joined to the one before where they touch.
func (l *layout) add(from, to int64) {
	l.size += to - from
	if last := len(l.spans) - 1; last >= 0 && l.spans[last].to == from {
		l.spans[last].to = to
		return
	}
	l.spans = append(l.spans, httpRange{from, to})
}

// missing returns what is still to be fetched when have bytes of the local file are there.
func (l *layout) missing(have int64) []httpRange {
	have -= int64(len(l.header))
	var rest []httpRange
	for _, span := range l.spans {
		length := span.to - span.from
		if have < length {
			rest = append(rest, httpRange{span.from + max(have, 0), span.to})
		}
		have -= length
	}
	return rest
}

// byRanges fetches the layers needed of a remote safetensors file into the part file at path. One call is one attempt.
func (d *download) byRanges(ctx context.Context, source Remote, path string) (sum string, err error) {
	first, err := d.client.get(ctx, source.URL, httpRange{0, firstRange}, "")
	if err != nil {
		return "", err
	}
	defer first.body.Close()
	head, remote, err := d.remoteHeader(ctx, source, first)
	if err != nil {
		return "", err
	}
	l, err := plan(remote, d.wanted(""), source.URL)
	if err != nil {
		return "", err
	}
	layoutSum := sha256.Sum256(l.header)
	state := partState{URL: source.URL, Tag: first.tag, Remote: first.size, Layout: hex.EncodeToString(layoutSum[:])}
	return withPart(ctx, path, state, func(p *part) error {
		if !first.partial {
			return d.fetchStream(ctx, source, p, l, io.MultiReader(bytes.NewReader(head), first.body))
		}
		first.body.Close()
		return d.fetchSpans(ctx, source, p, l)
	})
}

// remoteHeader reads the header of a remote file from the first answer, and asks again if that was too short. It
// also returns the bytes it took from the first answer.
func (d *download) remoteHeader(ctx context.Context, source Remote, first *answer) ([]byte, *safetensors.Header, error) {
	if first.size < 0 {
		return nil, nil, errors.New("does not tell the file's size")
	}
	head := make([]byte, min(firstRange, first.size))
	if n, err := io.ReadFull(first.body, head); err != nil {
		return nil, nil, fmt.Errorf("broke off after %d bytes: %w", n, err)
	}
	if !looksLikeSafetensors(head) {
		return nil, nil, fmt.Errorf("sent %s, not safetensors", sniff(head))
	}
	length, err := safetensors.HeaderLength(head)
	if err != nil {
		return nil, nil, err
	}
	if 8+length > first.size {
		return nil, nil, errors.New("sent a header longer than the file")
	}
	if missing := 8 + length - int64(len(head)); missing > 0 {
		more, err := d.moreHeader(ctx, source, first, int64(len(head)), missing)
		if err != nil {
			return nil, nil, err
		}
		head = append(head, more...)
	}
	remote, err := safetensors.ParseHeader(head[8:8+length], first.size)
	return head, remote, err
}

func (d *download) moreHeader(ctx context.Context, source Remote, first *answer, from, length int64) ([]byte, error) {
	body := first.body
	if first.partial {
		next, err := d.client.get(ctx, source.URL, httpRange{from, from + length}, first.tag)
		if err != nil {
			return nil, err
		}
		defer next.body.Close()
		if !next.partial {
			return nil, errChanged
		}
		body = next.body
	}
	more := make([]byte, length)
	_, err := io.ReadFull(body, more)
	return more, err
}

var errChanged = errors.New("the file changed on the server, or the server stopped serving ranges")

// fetchSpans asks for each span that is missing.
func (d *download) fetchSpans(ctx context.Context, source Remote, p *part, l *layout) error {
	if err := writeHeader(p, l); err != nil {
		return err
	}
	for _, span := range l.missing(p.size) {
		reply, err := d.client.get(ctx, source.URL, span, p.state.Tag)
		if err != nil {
			return err
		}
		if !reply.partial || reply.size != p.state.Remote {
			reply.body.Close()
			return errChanged
		}
		err = d.copy(ctx, p, reply.body, span.to-span.from, Progress{URL: source.URL, Total: l.size})
		reply.body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchStream takes the spans out of the whole file, for a server that doesn't serve ranges. It reads no further than
// the last span, and refuses if that is far into the file.
func (d *download) fetchStream(ctx context.Context, source Remote, p *part, l *layout, body io.Reader) error {
	end := l.spans[len(l.spans)-1].to
	if end > maxConvs {
		return fmt.Errorf("does not serve ranges, and %d MB would have to be read for %d MB", end>>20, l.size>>20)
	}
	d.streamed = true
	if err := p.restart(p.state); err != nil {
		return err
	}
	if err := writeHeader(p, l); err != nil {
		return err
	}
	position := int64(0)
	for _, span := range l.spans {
		if n, err := io.CopyN(io.Discard, body, span.from-position); err != nil {
			return fmt.Errorf("broke off after %d bytes: %w", position+n, err)
		}
		if err := d.copy(ctx, p, body, span.to-span.from, Progress{URL: source.URL, Total: l.size}); err != nil {
			return err
		}
		position = span.to
	}
	return nil
}

func writeHeader(p *part, l *layout) error {
	have := min(p.size, int64(len(l.header)))
	_, err := p.Write(l.header[have:])
	return err
}

package weights

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"stylebook/stylelib/safetensors"
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

// remote is a file on a server.
type remote struct {
	client  client
	address string
	*answer           // the first one
	stream  io.Reader // the file from its beginning on, where the server doesn't serve ranges
	read    int64     // bytes taken of it
}

// section returns a part of the file. That of a stream must lie behind those before.
func (r *remote) section(ctx context.Context, span httpRange) (io.ReadCloser, error) {
	if !r.partial {
		if n, err := io.CopyN(io.Discard, r.stream, span.from-r.read); err != nil {
			return nil, fmt.Errorf("broke off after %d bytes: %w", r.read+n, err)
		}
		r.read = span.to
		return io.NopCloser(r.stream), nil
	}
	reply, err := r.client.get(ctx, r.address, span, r.tag)
	if err != nil {
		return nil, err
	}
	if !reply.partial || reply.size != r.size {
		reply.body.Close()
		return nil, errChanged
	}
	return reply.body, nil
}

// byRanges fetches the layers needed of a remote safetensors file into the part file at path. One call is one attempt.
func (d *download) byRanges(ctx context.Context, source Remote, path string) (sum string, err error) {
	first, err := d.client.get(ctx, source.URL, httpRange{0, firstRange}, "")
	if err != nil {
		return "", err
	}
	defer first.body.Close()
	r := &remote{client: d.client, address: source.URL, answer: first}
	header, err := r.header(ctx)
	if err != nil {
		return "", err
	}
	l, err := plan(header, d.wanted(""), source.URL)
	if err != nil {
		return "", err
	}
	state := partState{URL: source.URL, Tag: first.tag, Remote: first.size, Layout: fmt.Sprintf("%x", sha256.Sum256(l.header))}
	return withPart(ctx, path, state, func(p *part) error { return d.fetch(ctx, r, p, l) })
}

// header reads the file's header from the first answer, and asks again if that was too short.
func (r *remote) header(ctx context.Context) (*safetensors.Header, error) {
	if r.size < 0 {
		return nil, errors.New("does not tell the file's size")
	}
	head := make([]byte, min(firstRange, r.size))
	if n, err := io.ReadFull(r.body, head); err != nil {
		return nil, fmt.Errorf("broke off after %d bytes: %w", n, err)
	}
	if !looksLikeSafetensors(head) {
		return nil, fmt.Errorf("sent %s, not safetensors", sniff(head))
	}
	length, err := safetensors.HeaderLength(head)
	if err != nil {
		return nil, err
	}
	have, end := int64(len(head)), 8+length
	if end > r.size {
		return nil, errors.New("sent a header longer than the file")
	}
	if have < end {
		r.stream, r.read = r.body, have
		rest, err := r.section(ctx, httpRange{have, end})
		if err != nil {
			return nil, err
		}
		defer rest.Close()
		head = append(head, make([]byte, end-have)...)
		if _, err := io.ReadFull(rest, head[have:]); err != nil {
			return nil, err
		}
	}
	r.stream, r.read = io.MultiReader(bytes.NewReader(head), r.body), 0
	return safetensors.ParseHeader(head[8:end], r.size)
}

// fetch adds to the part what it lacks. A server that doesn't serve ranges has to send the file's start, up to the last span, at
// once and from the beginning; if that is far into the file, it isn't asked to.
func (d *download) fetch(ctx context.Context, r *remote, p *part, l *layout) error {
	if !r.partial {
		if end := l.spans[len(l.spans)-1].to; end > maxConvs {
			return fmt.Errorf("does not serve ranges, and %d MB would have to be read for %d MB", end>>20, l.size>>20)
		}
		d.streamed = true
		if err := p.restart(p.state); err != nil {
			return err
		}
	}
	if _, err := p.Write(l.header[min(p.size, int64(len(l.header))):]); err != nil {
		return err
	}
	for _, span := range l.missing(p.size) {
		body, err := r.section(ctx, span)
		if err != nil {
			return err
		}
		err = d.copy(ctx, p, body, span.to-span.from, Progress{URL: r.address, Total: l.size})
		body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

package weights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// byWhole fetches a whole remote file into the part file at path. One call is one attempt.
func (d *download) byWhole(ctx context.Context, source Remote, path string) (sum string, err error) {
	state := readPartState(path)
	if state.URL != source.URL {
		state = partState{URL: source.URL}
	}
	p, err := openPart(ctx, path, state)
	if err != nil {
		return "", err
	}
	defer func() {
		if closeErr := p.close(); err == nil {
			err = closeErr
		}
	}()
	if p.size == 0 || p.size < p.state.Remote {
		err = d.fetchRest(ctx, source, p)
	}
	return p.sum(), err
}

func (d *download) fetchRest(ctx context.Context, source Remote, p *part) error {
	reply, err := d.client.get(ctx, source.URL, httpRange{from: p.size}, p.state.Tag)
	if errors.Is(err, errBeyond) && p.size > 0 {
		return d.fetchAnew(ctx, source, p)
	}
	if err != nil {
		return err
	}
	defer reply.body.Close()
	if reply.size < 0 || reply.size > maxWhole {
		return fmt.Errorf("has a file of %d bytes; at most %d are accepted", reply.size, int64(maxWhole))
	}
	if source.size > 0 && reply.size != source.size {
		return fmt.Errorf("has a file of %d bytes, not %d", reply.size, source.size)
	}
	if p.size > 0 && reply.partial && reply.size != p.state.Remote {
		return d.fetchAnew(ctx, source, p)
	}
	if p.size == 0 || !reply.partial {
		if err := p.restart(partState{URL: source.URL, Tag: reply.tag, Remote: reply.size}); err != nil {
			return err
		}
	}
	return d.copy(ctx, p, refuseHTML(reply.body, p.size == 0), reply.size-p.size, Progress{URL: source.URL, Total: reply.size})
}

// fetchAnew drops a part of what is no longer the server's file.
func (d *download) fetchAnew(ctx context.Context, source Remote, p *part) error {
	if err := p.restart(partState{URL: source.URL}); err != nil {
		return err
	}
	return d.fetchRest(ctx, source, p)
}

// refuseHTML wraps the start of a file: its first read fails if it brings an HTML page.
func refuseHTML(body io.Reader, start bool) io.Reader {
	if !start {
		return body
	}
	return &firstLook{body: body}
}

type firstLook struct {
	body   io.Reader
	looked bool
}

func (f *firstLook) Read(buffer []byte) (int, error) {
	n, err := f.body.Read(buffer)
	if n > 0 && !f.looked {
		f.looked = true
		if looksLikeHTML(buffer[:n]) {
			return 0, errHTML
		}
	}
	return n, err
}

// checkWhole compares the hash of a whole file with what is known about it.
func checkWhole(source Remote, sum string) error {
	if !strings.HasPrefix(sum, strings.ToLower(source.SHA256)) {
		return fmt.Errorf("sent a file whose SHA-256 begins with %s, not %s", sum[:min(len(sum), max(8, len(source.SHA256)))], source.SHA256)
	}
	return nil
}

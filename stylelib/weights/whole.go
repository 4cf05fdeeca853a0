package weights

import (
	"context"
	"errors"
	"fmt"
)

// byWhole fetches a whole remote file into the part file at path. One call is one attempt.
func (d *download) byWhole(ctx context.Context, source Remote, path string) (sum string, err error) {
	state := readPartState(path)
	if state.URL != source.URL {
		state = partState{URL: source.URL}
	}
	return withPart(ctx, path, state, func(p *part) error {
		if p.size > 0 && p.size >= p.state.Remote {
			return nil
		}
		return d.fetchRest(ctx, source, p)
	})
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
	return d.copy(ctx, p, reply.body, reply.size-p.size, Progress{URL: source.URL, Total: reply.size})
}

// fetchAnew drops a part of what is no longer the server's file.
func (d *download) fetchAnew(ctx context.Context, source Remote, p *part) error {
	if err := p.restart(partState{URL: source.URL}); err != nil {
		return err
	}
	return d.fetchRest(ctx, source, p)
}

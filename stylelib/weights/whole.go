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
		err := d.fetchRest(ctx, source, p)
		if errors.Is(err, errChanged) { // the next attempt begins anew
			err = errors.Join(err, p.restart(partState{URL: source.URL}))
		}
		return err
	})
}

func (d *download) fetchRest(ctx context.Context, source Remote, p *part) error {
	reply, err := d.client.get(ctx, source.URL, httpRange{from: p.size}, p.state.Tag)
	if err != nil {
		return err
	}
	defer reply.body.Close()
	switch {
	case reply.size < 0 || reply.size > maxWhole:
		return fmt.Errorf("has a file of %d bytes; at most %d are accepted", reply.size, int64(maxWhole))
	case source.size > 0 && reply.size != source.size:
		return fmt.Errorf("has a file of %d bytes, not %d", reply.size, source.size)
	case p.size > 0 && reply.partial && reply.size != p.state.Remote:
		return errChanged
	case p.size == 0 || !reply.partial:
		if err := p.restart(partState{URL: source.URL, Tag: reply.tag, Remote: reply.size}); err != nil {
			return err
		}
	}
	return d.copy(ctx, p, reply.body, reply.size-p.size, Progress{URL: source.URL, Total: reply.size})
}

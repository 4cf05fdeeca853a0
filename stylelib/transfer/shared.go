package transfer

import (
	"fmt"
	"maps"

	sl "stylebook/stylelib"
)

// With gets another content picture ready, r.Content, whose request is else the one that t was opened with, with Request.Many.
// It gives the bits of a transfer of its own, and shares with t the network, the style pictures and, where the size is the
// same, what is computed of the styles and the compiled programs. Close it before t.
//
// Of a request with masks there is no other.
func (t *Transfer) With(r Request) (*Transfer, error) {
	if !r.Many || r.ContentMask != "" || r.ColoursMask != "" {
		return nil, fmt.Errorf("transfer: another content picture needs a request for many, without masks")
	}
	other := *t
	other.Hashes, other.borrowed = maps.Clone(t.Hashes), true
	other.Options.Epochs = r.Options.Epochs
	reader := reader{request: r, hashes: other.Hashes, left: r.memory() - t.Pictures.bytes() + Pictures{Content: t.Pictures.Content}.bytes()}
	if r.Content != t.content {
		other.content, other.Pictures.Content = r.Content, reader.read("content", r.Content)
	}
	if reader.err != nil {
		return nil, reader.err
	}
	if err := other.fitSize(r); err != nil {
		return nil, err
	}
	if t.unscaled != nil { // for the pictures of t the network was scaled to
		other.Network, other.borrowed = t.unscaled, false
		var err error
		if other.Extractor, err = NewExtractor(t.Extractor.Backend, other.Network, other.Options); err != nil {
			return nil, err
		}
	}
	if err := other.settle(r); err != nil {
		other.Close()
		return nil, err
	}
	return &other, nil
}

// shared is what trainings of one size have in common, whatever their content picture. A nil one has nothing.
type shared struct {
	parts    map[string]part          // by term: those with targets of the style images alone
	contents map[string]*sl.Extractor // by term: for the content image's features
	epoch    *sl.Extractor            // for the program of an epoch
}

// sharedAt returns nil where nothing is shared.
func (t *Transfer) sharedAt(of size) *shared {
	if t.shares == nil {
		return nil
	}
	if t.shares[of] == nil {
		t.shares[of] = &shared{parts: map[string]part{}, contents: map[string]*sl.Extractor{}}
	}
	return t.shares[of]
}

func (s *shared) part(term weighted, bind func(weighted) (part, error)) (part, error) {
	if s == nil || term.Image != nil || term.Of != StyleImages {
		return bind(term)
	}
	if kept := s.parts[term.name]; kept != nil {
		return kept, nil
	}
	p, err := bind(term)
	if err == nil {
		s.parts[term.name] = p
	}
	return p, err
}

// features returns the extractor for the features that a term compares with.
func (s *shared) features(e *sl.Extractor, term weighted) *sl.Extractor {
	if s == nil || term.Of == StyleImages {
		return e
	}
	if s.contents[term.name] == nil {
		s.contents[term.name] = e.ForOne()
	}
	return s.contents[term.name]
}

// training returns the extractor for the program of an epoch.
func (s *shared) training(e *sl.Extractor) *sl.Extractor {
	if s == nil {
		return e
	}
	if s.epoch == nil {
		s.epoch = e.ForOne()
	}
	return s.epoch
}

func (s *shared) finalize() {
	for _, e := range s.contents {
		e.Finalize()
	}
	if s.epoch != nil {
		s.epoch.Finalize()
	}
}

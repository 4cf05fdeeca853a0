package transfer

import (
	"cmp"
	"context"
	"fmt"

	sl "stylebook/stylelib"
	"stylebook/stylelib/weights"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
)

// Transfer is a training that is ready to begin. Close it when done.
type Transfer struct {
	Network       sl.FeatureNetwork
	Source        string // where the network's weights are from, one line
	Extractor     *sl.Extractor
	Pictures      Pictures
	Hashes        map[string]string // SHA-256 of each picture file: content, style 1, mask of style 1, …
	Height, Width int               // of the result in pixels
	Options       Options           // layers by their names in the network

	// Own are hashes of what the training has of the caller's own, by their names: of what terms and the optimizer compute.
	Own map[string]string

	// The content image and the first style image, normalized, [1, height, width, 3], as [sl.Train] takes them.
	Content, Style *tensors.Tensor

	finest *sized
	cache  *Cache         // whose the network on the engine is; nil: it is its own
	cached *cachedNetwork // in it
}

// New makes a transfer of pictures in memory, of height × width pixels, with a network that is in memory too. Close it when done.
func New(engine compute.Backend, network sl.FeatureNetwork, pictures Pictures, height, width int, options Options) (*Transfer, error) {
	if family, ok := network.(*sl.Network); ok && options.Pooling != PoolingOfWeights {
		network = family.Pooled(options.Pooling)
	}
	if _, family := network.(*sl.Network); !family && options.Network == nil {
		options.Network = &Network{FeatureNetwork: network}
	}
	t := &Transfer{Network: network, Source: network.String(), Pictures: pictures, Height: height, Width: width, Options: options}
	if err := pictures.Check(options); err != nil {
		return nil, err
	}
	err := t.place(engine)
	if err == nil {
		err = t.prepare()
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// prepare brings the pictures to the size of the result.
func (t *Transfer) prepare() (err error) {
	t.Options = t.Options.settled(t.Height, t.Width)
	if err := cmp.Or(t.checkReach(), t.checkSizes()); err != nil {
		return err
	}
	if t.Own, err = t.fingerprints(); err != nil {
		return err
	}
	if t.finest, err = t.Pictures.resized(size{t.Height, t.Width}, t.Options); err != nil {
		return err
	}
	t.Content, t.Style = t.finest.content, t.finest.styles[0]
	return nil
}

// resized returns the pictures at the size of a scale.
func (t *Transfer) resized(of size) (*sized, error) {
	if of == t.finest.size {
		return t.finest, nil
	}
	return t.Pictures.resized(of, t.Options)
}

// NewExtractor places a network on an engine for all layers that the options use.
func NewExtractor(engine compute.Backend, network sl.FeatureNetwork, options Options) (*sl.Extractor, error) {
	used := options.Options
	used.StyleLayers = options.Layers()
	return sl.NewExtractor(engine, network, used)
}

// Open reads the pictures and the weights, says where the weights are from, settles the size, and places the network on the
// engine. The error is a one-line message of the part that failed.
func Open(ctx context.Context, engine compute.Backend, r Request) (*Transfer, error) {
	t := &Transfer{Hashes: map[string]string{}, Options: r.Options}
	if err := t.read(ctx, r); err != nil {
		return nil, err
	}
	var err error
	bounds := t.Pictures.Content.Bounds()
	if t.Height, t.Width, err = r.Size(bounds.Dy(), bounds.Dx()); err != nil {
		return nil, err
	}
	normalize, err := t.load(ctx, r)
	if err != nil {
		return nil, err
	}
	if err = t.place(engine); err == nil {
		err = t.settle(r, normalize)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// load gets the network; normalize says that it is yet to be scaled to the pictures.
func (t *Transfer) load(ctx context.Context, r Request) (normalize bool, err error) {
	t.cache = r.Cache
	if !r.Options.Seeded() && r.Weights.Spec != weights.RandomNet {
		t.Options.Seed = 0 // it changes nothing, so it makes no other run
	}
	if own := r.Options.Network; own != nil {
		if r.Weights.Spec != weights.Auto && r.Weights.Spec != "" {
			return false, &sl.OptionError{Option: "weights", Reason: fmt.Sprintf("%v has its own: leave %s out", own, r.Weights.Spec)}
		}
		t.Network, t.Source = own.FeatureNetwork, own.String()
		r.say("weights  %s", t.Source)
		return false, nil
	}
	r.Weights.Layers, r.Weights.Seed = r.Options.Layers(), r.Options.Seed
	loaded, before, err := t.loadWeights(ctx, r)
	if err != nil {
		return false, err
	}
	t.Network, t.Source = loaded.Network, loaded.Source
	if r.Options.Pooling != PoolingOfWeights {
		t.Network = loaded.Network.Pooled(r.Options.Pooling)
	}
	if !before {
		r.say("weights  %s", loaded.Source)
		if loaded.Note != "" {
			r.say("         %s", loaded.Note)
		}
	}
	return loaded.Normalize, nil
}

// loadWeights gets a network of the VGG family, from the cache if there is one; before says that it was there. One that is yet to
// be scaled to the pictures is not kept.
func (t *Transfer) loadWeights(ctx context.Context, r Request) (loaded *weights.Loaded, before bool, err error) {
	if r.Cache == nil || r.Weights.Spec == weights.RandomNet {
		loaded, err = weights.Load(ctx, r.Weights)
		return loaded, false, err
	}
	if t.cached, before, err = r.Cache.load(ctx, r.Weights); err != nil {
		return nil, false, err
	}
	return t.cached.loaded, before, nil
}

// place puts the network on the engine.
func (t *Transfer) place(engine compute.Backend) (err error) {
	if t.Options, err = t.Options.Resolve(t.Network); err != nil {
		return err
	}
	if t.cached != nil {
		t.Extractor, err = t.cache.extractor(t.cached, t.Network.(*sl.Network), t.Options)
		return err
	}
	t.Extractor, err = NewExtractor(engine, t.Network, t.Options)
	if err == nil && t.cache != nil && t.Options.Network != nil {
		t.Extractor.Programs = t.cache.programs
	}
	return err
}

// settle settles size, epochs and memory, and brings the pictures to size.
func (t *Transfer) settle(r Request, normalize bool) (err error) {
	if r.Limit > 0 && r.Height == 0 && r.Width == 0 {
		if err := t.fit(r); err != nil {
			return err
		}
	}
	if r.Memory > 0 {
		if err := t.CheckMemory(r.Memory); err != nil {
			return err
		}
	}
	if err := t.prepare(); err != nil || !normalize {
		return err
	}
	engine := t.Extractor.Backend
	t.Extractor.Finalize()
	network, err := NormalizeLayers(engine, t.Network.(*sl.Network), t.Options, t.Content, t.Style)
	if err != nil {
		return err
	}
	t.Network = network
	t.Extractor, err = NewExtractor(engine, t.Network, t.Options)
	return err
}

// smallestArea is how small fit makes a picture before it takes epochs away.
const smallestArea = 100 * 150

// fit makes the picture smaller, and then the epochs fewer, until the training is likely to end within the limit.
func (t *Transfer) fit(r Request) error {
	height, width := t.Height, t.Width
	estimate, err := t.Estimate()
	if err != nil || estimate.Total <= r.Limit {
		return err
	}
	share := 0.9 * float64(r.Limit) / float64(estimate.Total) // the time goes with the area; a tenth is for a wrong estimate
	pixels := share * float64(height*width)
	area := max(min(smallestArea, height*width), int(pixels))
	if share = pixels / float64(area); share < 0.99 {
		t.Options.Epochs = max(1, int(share*float64(t.Options.Epochs)))
	}
	if t.Height, t.Width, err = FitSize(height, width, 0, 0, area); err != nil {
		return err
	}
	r.say("limit    %s: %d × %d pixels instead of %d × %d and %d epochs; give a size or epochs to go without the limit",
		r.Limit, t.Height, t.Width, height, width, t.Options.Epochs)
	return nil
}

// Describe says what runs, in three lines: the network's weights, and what the layers of the options are in it.
func (t *Transfer) Describe() string {
	layers := func(names []string) (text string) {
		for i, layer := range t.Extractor.Layers {
			switch {
			case !layer.In(names):
			case text == "":
				text = fmt.Sprintf("%v with %d channels", layer, t.Extractor.Channels[i])
			default:
				text += fmt.Sprintf(", %v with %d", layer, t.Extractor.Channels[i])
			}
		}
		return text
	}
	return fmt.Sprintf("weights         %s\ncontent layers  %s\nstyle layers    %s",
		t.Source, layers(t.Options.ContentLayers), layers(t.Options.StyleLayers))
}

// Close frees the network on the engine, unless a cache keeps it; the engine stays open.
func (t *Transfer) Close() {
	switch {
	case t.cached != nil:
		t.cache.giveBack(t.cached)
		t.cached = nil
	case t.Extractor != nil:
		t.Extractor.Finalize()
	}
}

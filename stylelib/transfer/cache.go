package transfer

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/weights"

	"github.com/gomlx/compute"
)

// Cache keeps what the trainings of one process have in common: networks on the engine, compiled programs, and what was measured
// of pictures. A request that names it begins in a fraction of the time where only a weight, the seed, the learning rate or a
// picture of the same size is another. The bits of the results are the same. It is safe for use by several goroutines.
type Cache struct {
	engine   compute.Backend
	programs *sl.Programs

	mu       sync.Mutex
	networks []*cachedNetwork // the latest last
}

const (
	cachedPrograms = 32
	cachedNetworks = 2
	cachedResults  = 128 << 20 // bytes
)

// NewCache returns an empty cache for an engine. Close it before the engine, after the transfers that use it.
func NewCache(engine compute.Backend) *Cache {
	return &Cache{engine: engine, programs: sl.NewPrograms(engine, cachedPrograms, cachedResults)}
}

// Compiled tells how many programs have been compiled so far.
func (c *Cache) Compiled() int { return c.programs.Compiled() }

// Close frees what is kept.
func (c *Cache) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.networks {
		n.finalize()
	}
	c.networks = nil
	c.programs.Finalize()
}

// cachedNetwork is a network with its extractors.
type cachedNetwork struct {
	request    string // what was asked for
	loaded     *weights.Loaded
	file       string // how the file was that it is from
	users      int
	extractors map[string]*sl.Extractor
	paces      map[string]pace
}

func (n *cachedNetwork) finalize() {
	for _, e := range n.extractors {
		e.Finalize()
	}
}

// stamp is how a file is now: it changes when the file is replaced.
func stamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), info.ModTime().Format(time.RFC3339Nano))
}

// load is [weights.Load], or what it gave before. Give the network back when done.
func (c *Cache) load(ctx context.Context, o weights.Options) (n *cachedNetwork, before bool, err error) {
	request := fmt.Sprint(o.Spec, slices.Sorted(slices.Values(o.Layers)), o.Dir, o.CacheDir, os.Getenv(weights.EnvWeights), len(o.Sources) > 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, n := range c.networks {
		if n.request == request && n.file == stamp(n.loaded.Path) {
			c.networks = append(slices.Delete(c.networks, i, i+1), n)
			n.users++
			return n, true, nil
		}
	}
	loaded, err := weights.Load(ctx, o)
	if err != nil {
		return nil, false, err
	}
	n = &cachedNetwork{request: request, loaded: loaded, file: stamp(loaded.Path), users: 1, extractors: map[string]*sl.Extractor{},
		paces: map[string]pace{}}
	c.networks = append(c.networks, n)
	return n, false, nil
}

// extractor is [NewExtractor] for a network that was loaded, pooled as the options say.
func (c *Cache) extractor(n *cachedNetwork, network *sl.Network, o Options) (*sl.Extractor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := sl.Net(network.Architecture.Layers(), o.Layers())
	key := fmt.Sprint(network.Pooling, network.Padding, o.Taps, len(last))
	if e := n.extractors[key]; e != nil {
		return e, nil
	}
	e, err := NewExtractor(c.engine, network, o)
	if err != nil {
		return nil, err
	}
	e.Programs = c.programs
	n.extractors[key] = e
	return e, nil
}

// giveBack ends the use of a network. Those beyond the number to keep are freed, that of the longest ago first.
func (c *Cache) giveBack(n *cachedNetwork) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n.users--
	for i := 0; i < len(c.networks) && len(c.networks) > cachedNetworks; {
		if old := c.networks[i]; old.users == 0 {
			old.finalize()
			c.networks = slices.Delete(c.networks, i, i+1)
			continue
		}
		i++
	}
}

// pace is what was measured of a network before; c and n may be nil.
func (c *Cache) pace(n *cachedNetwork, key string) (p pace, before bool) {
	if c == nil || n == nil {
		return pace{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p, before = n.paces[key]
	return p, before
}

func (c *Cache) keepPace(n *cachedNetwork, key string, p pace) {
	if c == nil || n == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(n.paces) < maxPaces {
		n.paces[key] = p
	}
}

package weights

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/internal/paths"
)

// The values of [Options.Spec] that are not file paths.
const (
	Auto      = "auto"
	VGG19     = "vgg19"
	VGG16     = "vgg16"
	Offline   = "offline"
	RandomNet = "random"
)

// Word says whether a spec is one of these words and no file.
func Word(spec string) bool {
	return slices.Contains([]string{Auto, VGG19, VGG16, Offline, RandomNet}, spec)
}

// EnvWeights is the environment variable that says what [Auto] takes: a file path or one of the other values of
// [Options.Spec].
const EnvWeights = "STYLEBOOK_WEIGHTS"

// Options says which weights [Load] takes. Every field means what it says, 0 included.
type Options struct {
	// Spec is "auto", "vgg19", "vgg16", "offline", "random" or the path of a file; empty means auto. A file that is called
	// like one of the words is named with its directory, ./offline.
	Spec string

	// Seed makes the filters of "random".
	Seed int64

	// Layers are those the run uses, as [sl.Layer.Is] knows them; order and duplicates do not matter. No convolution after
	// the last of them is loaded or downloaded, and weights that stop earlier are not taken. Without any, every convolution
	// that a file has is loaded, and a download is of all VGG-19's.
	Layers []string

	// Dir is the directory that relative paths count from; empty means the current one.
	Dir string

	// CacheDir is where downloads are kept; empty means stylebook/weights in the user's cache directory.
	CacheDir string

	// Sources are the places a download is tried from, in order. Without any, nothing is downloaded.
	Sources []Remote

	// AnswerTimeout is how long all sources together may take until they start to answer, each of them an equal share
	// of it. 0 sets no limit.
	AnswerTimeout time.Duration

	// StallTimeout is how long a download may stand still, or bring less than 16 KiB. 0 sets no limit.
	StallTimeout time.Duration

	// Retries is how often a download that broke off is continued before its source is given up, as long as each
	// attempt brings something. 0 never continues; a later call still does.
	Retries int

	// RetryAfter is how long auto does without asking the sources again, after none of them brought anything, where a
	// VGG-16 is here to stand in. 0 always asks.
	RetryAfter time.Duration

	// Progress is called during a download, about ten times a second, if it is not nil.
	Progress func(Progress)

	// Getenv looks up environment variables (STYLEBOOK_WEIGHTS, TORCH_HOME, XDG_CACHE_HOME, HOME); nil means os.Getenv.
	Getenv func(string) string
}

// Default returns the options the command and the notebooks start from: auto, seed 0, the layers up to conv5_1
// (the deepest the chapter uses), the user's cache directory, [DefaultSources], 10 seconds for all of them
// together to answer, 30 seconds of standstill, 4 retries and 6 hours until sources that failed are asked again.
func Default() Options {
	return Options{
		Spec:          Auto,
		Layers:        []string{"conv5_1"},
		Sources:       DefaultSources(),
		AnswerTimeout: 10 * time.Second,
		StallTimeout:  30 * time.Second,
		Retries:       4,
		RetryAfter:    6 * time.Hour,
	}
}

// Loaded is the feature network and where it comes from.
type Loaded struct {
	Network *sl.Network
	Source  string // what was taken, one line: VGG-19 from /models/vgg19.pth (PyTorch's hub cache)
	Path    string // the file it was read from, empty for offline and random
	SHA256  string // of that file, in hexadecimal
	Note    string // what the user should know, one short line, usually empty
	Why     string // the reasons in full, one line, where another network stands in for VGG-19 and something went wrong

	// Normalize tells the caller to scale every layer to unit variance on its two pictures before use: the network is
	// random, so its layers have no scale of their own.
	Normalize bool
}

// Load returns the weights that the options ask for.
//
// "auto" takes the first of these, and says in Source which it was:
//
//  1. what STYLEBOOK_WEIGHTS names,
//  2. a file in its own cache that is deep enough,
//  3. vgg19-dcbb9e9d.pth in PyTorch's hub cache ($TORCH_HOME/hub/checkpoints),
//  4. a download from the sources in order, of no more than the layers needed,
//  5. VGG-16 from its own cache, where [FetchVGG16] keeps it, or from PyTorch's (vgg16-397923af.pth), with a Note and Why; not where the layers are none of VGG-16's, or other ones by their indices,
//  6. what "offline" gives, with a Note, and what failed in Why.
//
// "vgg19" takes the first of 2 to 4, and "vgg16" what 5 says; where there is none, that is an error.
//
// "offline" needs no file and no connection: a narrow network of VGG-19's shape up to conv5_1, fitted to give
// what VGG-16 gives on its best channels, is part of the package; its header tells how it was made. "random" is a VGG-19 of full
// width with random filters, for timing. Anything else is the path of a file that [Read] can read,
// of any VGG.
//
// Errors: a [*FileError] for a file that was named, by the options or STYLEBOOK_WEIGHTS, and can't be used (auto passes
// over unusable files in caches and mentions them in Note); a [*sl.LayerError] for a layer that the network
// does not have; a [*DepthError] if the offline network must do and a layer after conv5_1 is needed; the context's error if it ends
// first. A download that ends so is continued by the next one.
func Load(ctx context.Context, options Options) (*Loaded, error) {
	l := newLoader(options)
	spec := l.Spec
	if spec == "" || spec == Auto {
		if named := l.Getenv(EnvWeights); named != "" && named != Auto {
			return l.fromEnvironment(ctx, named)
		}
		return l.auto(ctx)
	}
	return l.named(ctx, spec)
}

// loader is one call of Load.
type loader struct {
	Options
	cache *cache   // nil where there is no place for one
	notes []string // what went wrong on the way
}

func newLoader(options Options) *loader {
	if options.Getenv == nil {
		options.Getenv = os.Getenv
	}
	if options.Progress == nil {
		options.Progress = func(Progress) {}
	}
	l := &loader{Options: options}
	var err error
	if l.cache, err = openCache(l.Dir, l.CacheDir); err != nil {
		l.note("there is no place to keep a download (%v)", err)
	}
	return l
}

func (l *loader) named(ctx context.Context, spec string) (*Loaded, error) {
	switch spec {
	case VGG19:
		return l.only(ctx, sl.VGG19, noDownloads, "Connect and try again")
	case VGG16:
		return l.only(ctx, sl.VGG16, "it is in no cache", "Run scripts/setup in a clone, with a connection: it brings it")
	case Offline:
		return l.offline(ctx)
	case RandomNet:
		net, err := Random(l.Seed, sl.VGG19, FullWidths(), l.Layers...)
		if err != nil {
			return nil, err
		}
		return &Loaded{Network: net, Source: fmt.Sprintf("VGG-19 with random filters, seed %d", l.Seed),
			Note: "random filters are for timing: they make no picture worth looking at", Normalize: true}, nil
	}
	if strings.Contains(spec, "://") {
		return nil, &FileError{Path: spec, Reason: "is an address, not a file", Remedy: "download it and name the file"}
	}
	return l.file(ctx, paths.From(l.Dir, spec), request{layers: l.Layers}, "")
}

func (l *loader) fromEnvironment(ctx context.Context, spec string) (*Loaded, error) {
	loaded, err := l.named(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvWeights, err)
	}
	loaded.Source += " (" + EnvWeights + ")"
	return loaded, nil
}

// file loads a file, and adds to Source why it was this one.
func (l *loader) file(ctx context.Context, path string, r request, why string) (*Loaded, error) {
	net, sum, err := readChecked(ctx, path, r)
	if err != nil {
		return nil, err
	}
	loaded := &Loaded{Network: net, Path: path, SHA256: sum, Source: describe(net) + " from " + oneline.Quote(path)}
	if why != "" {
		loaded.Source = fmt.Sprintf("%s from %s (%s)", describe(net), oneline.Quote(l.fromHome(path)), why)
	}
	return loaded, nil
}

// fromHome writes a path below the user's home with a tilde, so that what is printed can be shown to others.
func (l *loader) fromHome(path string) string {
	home := l.Getenv("HOME")
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok && home != "" {
		return filepath.Join("~", rest)
	}
	return path
}

func (l *loader) offline(ctx context.Context) (*Loaded, error) {
	net, err := offlineNetwork(ctx, l.Layers)
	if err != nil {
		return nil, err
	}
	return &Loaded{Network: net, Source: "offline network, ships with stylebook", Note: offlineRemedy}, nil
}

// describe names the kind of network: VGG-16, narrow VGG-19.
func describe(net *sl.Network) string {
	full, layers := FullWidths(), net.Architecture.Layers()
	for _, conv := range net.Convs {
		if conv.Bias.Shape().Dimensions[0] != full[layers[conv.Index].Block-1] {
			return "narrow " + net.Architecture.String()
		}
	}
	return net.Architecture.String()
}

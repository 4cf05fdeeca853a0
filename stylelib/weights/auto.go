package weights

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
)

// auto takes VGG-19, else a VGG-16 that is already here, else what ships.
func (l *loader) auto(ctx context.Context) (*Loaded, error) {
	cache := l.openCache()
	here, unfit := l.here(cache), substitutable(l.Layers)
	rest := time.Duration(0) // the worse the substitute, the more it is worth to ask again
	if here && unfit == nil {
		rest = l.RetryAfter
	}
	loaded, err := l.vgg19(ctx, cache, rest)
	if loaded != nil || err != nil {
		return loaded, err
	}
	why := l.missing(sl.VGG19)
	switch {
	case here && unfit == nil:
		loaded, err = l.vgg16(ctx, cache)
		if err != nil {
			return nil, err
		}
		if loaded != nil {
			loaded.Note = why + "; VGG-16 stands in for it"
			return loaded, nil
		}
	case here:
		l.note("VGG-16 is here, but %v", unfit)
	}
	return l.standIn(ctx)
}

// vgg19 returns nil without an error if none could be had. See fromNetwork for rest.
func (l *loader) vgg19(ctx context.Context, cache *cache, rest time.Duration) (*Loaded, error) {
	convs, err := needed(sl.VGG19, l.Layers)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() (*Loaded, error){
		func() (*Loaded, error) { return l.fromCache(ctx, cache, sl.VGG19, convs) },
		func() (*Loaded, error) { return l.fromHub(ctx, sl.VGG19) },
		func() (*Loaded, error) { return l.fromNetwork(ctx, cache, convs, rest) },
	} {
		loaded, err := step()
		if err != nil {
			return nil, err
		}
		if loaded != nil {
			return l.noted(loaded), nil
		}
	}
	return nil, nil
}

// vgg16 returns nil without an error if none is here.
func (l *loader) vgg16(ctx context.Context, cache *cache) (*Loaded, error) {
	convs, err := needed(sl.VGG16, l.Layers)
	if err != nil {
		return nil, err
	}
	loaded, err := l.fromCache(ctx, cache, sl.VGG16, convs)
	if loaded == nil && err == nil {
		loaded, err = l.fromHub(ctx, sl.VGG16)
	}
	if loaded == nil || err != nil {
		return nil, err
	}
	return l.noted(loaded), nil
}

// namedVGG19 and namedVGG16 take no other network than the one that was asked for.
func (l *loader) namedVGG19(ctx context.Context) (*Loaded, error) {
	loaded, err := l.vgg19(ctx, l.openCache(), 0)
	if loaded == nil && err == nil {
		err = fmt.Errorf("%s. Connect and try again, or name a file", l.missing(sl.VGG19))
	}
	return loaded, err
}

func (l *loader) namedVGG16(ctx context.Context) (*Loaded, error) {
	loaded, err := l.vgg16(ctx, l.openCache())
	if loaded == nil && err == nil {
		if len(l.notes) == 0 {
			l.note("it is in no cache")
		}
		err = fmt.Errorf("%s. Run scripts/setup with a connection, which brings it, or name a file", l.missing(sl.VGG16))
	}
	return loaded, err
}

// openCache returns nil where there is no place for a cache.
func (l *loader) openCache() *cache {
	cache, err := openCache(l.Dir, l.CacheDir)
	if err != nil {
		l.note("there is no place to keep a download (%v)", err)
		return nil
	}
	return cache
}

// here says whether a file of VGG-16 is here; it has not been looked into yet.
func (l *loader) here(cache *cache) bool {
	if cache != nil && len(cache.candidates(sl.VGG16, 1)) > 0 {
		return true
	}
	path := l.hubPath(sl.VGG16)
	_, err := os.Stat(path)
	return path != "" && err == nil
}

// substitutable says why VGG-16 can't take VGG-19's place in a run with these layers, nil if it can.
func substitutable(layers []string) error {
	if _, err := needed(sl.VGG16, layers); err != nil {
		return err
	}
	for _, name := range layers {
		index, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if in19, in16 := sl.VGG19.Layers()[index].Name, sl.VGG16.Layers()[index].Name; in19 != in16 {
			return fmt.Errorf("layer %d is %s in VGG-19 and %s in VGG-16", index, in19, in16)
		}
	}
	return nil
}

// noted puts what went wrong on the way beside what was found.
func (l *loader) noted(loaded *Loaded) *Loaded {
	loaded.Note = strings.Join(l.notes, "; ")
	return loaded
}

// missing says why there is no such network.
func (l *loader) missing(architecture sl.Architecture) string {
	if len(l.notes) == 0 {
		l.note("downloads are turned off")
	}
	return fmt.Sprintf("no %s could be had: %s", architecture, strings.Join(l.notes, "; "))
}

func (l *loader) note(format string, args ...any) {
	l.notes = append(l.notes, oneline.Escape(fmt.Sprintf(format, args...)))
}

// standIn is what is left when nothing trained could be had.
func (l *loader) standIn(ctx context.Context) (*Loaded, error) {
	why := l.missing(sl.VGG19)
	loaded, err := l.offline(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s; %w", why, err)
	}
	loaded.Note = fmt.Sprintf("%s. The offline network stands in for it. Run scripts/setup with a connection, which brings VGG-16 "+
		"where VGG-19 can't be had, or set %s to a VGG-19 file (.safetensors or .pth)", why, EnvWeights)
	return loaded, nil
}

// fromCache returns nil without an error if the cache has nothing usable.
func (l *loader) fromCache(ctx context.Context, cache *cache, architecture sl.Architecture, convs []sl.Layer) (*Loaded, error) {
	if cache == nil {
		return nil, nil
	}
	for _, path := range cache.candidates(architecture, len(convs)) {
		recorded, err := readSum(path)
		if err == nil {
			var loaded *Loaded
			if loaded, err = l.file(ctx, path, request{l.Layers, architecture, recorded}, "stylebook's cache"); err == nil {
				return loaded, nil
			}
		}
		if ctx.Err() != nil {
			return nil, err
		}
		l.note("passed over a cached file: %v", withoutRemedy(err))
	}
	return nil, nil
}

// fromHub returns nil without an error if PyTorch's hub cache has nothing usable.
func (l *loader) fromHub(ctx context.Context, architecture sl.Architecture) (*Loaded, error) {
	path := l.hubPath(architecture)
	if path == "" {
		return nil, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	loaded, err := l.file(ctx, path, request{l.Layers, architecture, ""}, "PyTorch's hub cache")
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		l.note("passed over a file in PyTorch's hub cache: %v", withoutRemedy(err))
		return nil, nil
	}
	if begins := loaded.SHA256[:len(PthSHA256)]; !strings.HasSuffix(path, "-"+begins+".pth") {
		l.note("%s is not torchvision's file: its SHA-256 begins with %s", path, begins)
	}
	return loaded, nil
}

// hubPath is where torch.hub keeps a network, by the rules of torch.hub.get_dir.
func (l *loader) hubPath(architecture sl.Architecture) string {
	home := l.Getenv("HOME")
	if home == "" {
		home = l.Getenv("USERPROFILE")
	}
	torch := l.Getenv("TORCH_HOME")
	if torch == "" {
		base := l.Getenv("XDG_CACHE_HOME")
		if base == "" {
			base = "~/.cache"
		}
		torch = filepath.Join(base, "torch")
	}
	if rest, inHome := strings.CutPrefix(torch, "~"); inHome && (rest == "" || rest[0] == '/') {
		if home == "" {
			return ""
		}
		torch = filepath.Join(home, rest)
	}
	if !filepath.IsAbs(torch) {
		torch = filepath.Join(l.Dir, torch)
	}
	return filepath.Join(torch, "hub", "checkpoints", hubNames[architecture])
}

// withoutRemedy drops the advice of a FileError where auto acts itself.
func withoutRemedy(err error) error {
	if file, ok := err.(*FileError); ok {
		short := *file
		short.Remedy = ""
		return &short
	}
	return err
}

package weights

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
)

// auto takes the first weights of VGG-19 it finds.
func (l *loader) auto(ctx context.Context) (*Loaded, error) {
	convs, err := needed(sl.VGG19, l.Layers)
	if err != nil {
		return nil, err
	}
	cache, cacheErr := openCache(l.Dir, l.CacheDir)
	steps := []func(context.Context) (*Loaded, error){l.fromHub}
	if cacheErr == nil {
		steps = []func(context.Context) (*Loaded, error){
			func(ctx context.Context) (*Loaded, error) { return l.fromCache(ctx, cache, convs) },
			l.fromHub,
			func(ctx context.Context) (*Loaded, error) { return l.fromNetwork(ctx, cache, convs) },
		}
	} else {
		l.note("there is no place to keep a download (%v)", cacheErr)
	}
	for _, step := range steps {
		loaded, err := step(ctx)
		if err != nil {
			return nil, err
		}
		if loaded != nil {
			loaded.Note = strings.Join(l.notes, "; ")
			return loaded, nil
		}
	}
	return l.standIn(ctx)
}

func (l *loader) note(format string, args ...any) {
	l.notes = append(l.notes, oneline.Escape(fmt.Sprintf(format, args...)))
}

// standIn is what is left when nothing trained could be had.
func (l *loader) standIn(ctx context.Context) (*Loaded, error) {
	if len(l.notes) == 0 {
		l.note("downloads are turned off")
	}
	why := "no VGG-19 could be had: " + strings.Join(l.notes, "; ")
	loaded, err := l.offline(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s; %w", why, err)
	}
	loaded.Note = fmt.Sprintf("%s. The offline network stands in for it. Run once with a connection, or set %s to a VGG-19 "+
		"file (.safetensors or .pth)", why, EnvWeights)
	return loaded, nil
}

// fromCache returns nil without an error if the cache has nothing usable.
func (l *loader) fromCache(ctx context.Context, cache *cache, convs []sl.Layer) (*Loaded, error) {
	for _, path := range cache.candidates(sl.VGG19, len(convs)) {
		recorded, err := readSum(path)
		if err == nil {
			var loaded *Loaded
			if loaded, err = l.file(ctx, path, request{l.Layers, sl.VGG19, recorded}, "stylebook's cache"); err == nil {
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
func (l *loader) fromHub(ctx context.Context) (*Loaded, error) {
	path := l.hubPath()
	if path == "" {
		return nil, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	loaded, err := l.file(ctx, path, request{l.Layers, sl.VGG19, ""}, "PyTorch's hub cache")
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		l.note("passed over a file in PyTorch's hub cache: %v", withoutRemedy(err))
		return nil, nil
	}
	if !strings.HasPrefix(loaded.SHA256, PthSHA256) {
		l.note("%s is not torchvision's file: its SHA-256 begins with %s", path, loaded.SHA256[:len(PthSHA256)])
	}
	return loaded, nil
}

// hubPath is where torch.hub keeps VGG-19, by the rules of torch.hub.get_dir.
func (l *loader) hubPath() string {
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
	return filepath.Join(torch, "hub", "checkpoints", pthName)
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

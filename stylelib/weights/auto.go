package weights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/internal/paths"
)

// auto takes VGG-19, else a VGG-16 that is already here, else what ships.
func (l *loader) auto(ctx context.Context) (*Loaded, error) {
	here, unfit := l.here(sl.VGG16), substitutable(l.Layers)
	if _, err := needed(sl.VGG19, l.Layers); err != nil && here && unfit != nil && !l.here(sl.VGG19) {
		return nil, unfit // a layer of neither: VGG-16 is what would run
	}
	rest := time.Duration(0) // the worse the substitute, the more it is worth to ask again
	if here && unfit == nil {
		rest = l.RetryAfter
	}
	loaded, err := l.trained(ctx, sl.VGG19, rest)
	if loaded != nil || err != nil {
		return loaded, err
	}
	why := strings.Join(l.notes, "; ")
	switch {
	case here && unfit == nil:
		loaded, err = l.trained(ctx, sl.VGG16, 0)
		if err != nil {
			return nil, err
		}
		if loaded != nil {
			loaded.Why, loaded.Note = why, "no VGG-19 could be had (stylize doctor says why): VGG-16 stands in for it"
			if why == "" {
				loaded.Note = "no VGG-19 could be had (" + noDownloads + "): VGG-16 stands in for it"
			}
			return loaded, nil
		}
	case here:
		return l.standIn(ctx, fmt.Sprintf("VGG-16 is here, but %v", unfit))
	}
	return l.standIn(ctx, "")
}

// trained takes a network from a cache, and downloads VGG-19 where none has it: see fromNetwork for rest. It returns nil
// without an error if none could be had.
func (l *loader) trained(ctx context.Context, architecture sl.Architecture, rest time.Duration) (*Loaded, error) {
	convs, err := needed(architecture, l.Layers)
	if err != nil {
		return nil, err
	}
	loaded, err := l.fromCache(ctx, architecture, convs)
	if loaded == nil && err == nil {
		loaded, err = l.fromHub(ctx, architecture)
	}
	if loaded == nil && err == nil && architecture == sl.VGG19 {
		loaded, err = l.fromNetwork(ctx, convs, rest)
	}
	if loaded != nil {
		loaded.Note = strings.Join(l.notes, "; ") // what went wrong on the way
	}
	return loaded, err
}

// only takes no other network than the one that was asked for.
func (l *loader) only(ctx context.Context, architecture sl.Architecture, untold, remedy string) (*Loaded, error) {
	loaded, err := l.trained(ctx, architecture, 0)
	if loaded == nil && err == nil {
		err = fmt.Errorf("%s. %s, or name a file", l.missing(architecture, untold), remedy)
	}
	return loaded, err
}

// here says whether a file of a network is here; it has not been looked into yet.
func (l *loader) here(a sl.Architecture) bool {
	return len(l.cache.candidates(a, 1)) > 0 || isThere(l.hubPath(a))
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

// noDownloads is why there is no VGG-19 where nothing has gone wrong.
const noDownloads = "downloads are turned off"

// missing says why there is no such network: untold if nothing has gone wrong.
func (l *loader) missing(architecture sl.Architecture, untold string) string {
	if len(l.notes) == 0 {
		l.note("%s", untold)
	}
	return fmt.Sprintf("no %s could be had: %s", architecture, strings.Join(l.notes, "; "))
}

func (l *loader) note(format string, args ...any) {
	l.notes = append(l.notes, oneline.Escape(fmt.Sprintf(format, args...)))
}

// standIn is what is left when nothing trained could be had; unfit is why a VGG-16 that is here can't be taken.
func (l *loader) standIn(ctx context.Context, unfit string) (*Loaded, error) {
	loaded, err := l.offline(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s; %w", l.missing(sl.VGG19, noDownloads), err)
	}
	loaded.Why = strings.Join(l.notes, "; ")
	doctor := "stylize doctor says why and what to do" // in full it would fill lines at every start
	if loaded.Why == "" {
		doctor = noDownloads + "; stylize doctor says what to do"
	}
	if unfit != "" {
		unfit = "; " + unfit
	}
	loaded.Note = fmt.Sprintf("no VGG-19 could be had (%s)%s: the offline network stands in for it", doctor, unfit)
	return loaded, nil
}

// fromCache returns nil without an error if the cache has nothing usable.
func (l *loader) fromCache(ctx context.Context, architecture sl.Architecture, convs []sl.Layer) (*Loaded, error) {
	for _, path := range l.cache.candidates(architecture, len(convs)) {
		recorded, err := readSum(path)
		if err != nil {
			l.note("passed over a cached file: %v", err)
			continue
		}
		loaded, err := l.tried(ctx, path, request{l.Layers, architecture, recorded}, "stylebook's cache", "a cached file")
		if loaded != nil || err != nil {
			return loaded, err
		}
	}
	return nil, nil
}

// fromHub returns nil without an error if PyTorch's hub cache has nothing usable.
func (l *loader) fromHub(ctx context.Context, architecture sl.Architecture) (*Loaded, error) {
	path := l.hubPath(architecture)
	if !isThere(path) {
		return nil, nil
	}
	loaded, err := l.tried(ctx, path, request{l.Layers, architecture, ""}, "PyTorch's hub cache", "a file in PyTorch's hub cache")
	if loaded == nil {
		return nil, err
	}
	if loaded.SHA256 != hubFiles[architecture].sum {
		l.note("%s is not torchvision's file: its SHA-256 begins with %s", path, loaded.SHA256[:8])
	}
	return loaded, nil
}

// tried is file for a file that nobody named: one that can't be used is only told of, without advice, as what.
func (l *loader) tried(ctx context.Context, path string, r request, why, what string) (*Loaded, error) {
	loaded, err := l.file(ctx, path, r, why)
	if err == nil || ctx.Err() != nil {
		return loaded, err
	}
	if file, is := errors.AsType[*FileError](err); is {
		err = &FileError{Path: file.Path, Reason: file.Reason}
	}
	l.note("passed over %s: %v", what, err)
	return nil, nil
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return path != "" && err == nil
}

// hubPath is where torch.hub keeps a network, by the rules of torch.hub.get_dir.
func (l *loader) hubPath(architecture sl.Architecture) string {
	home := cmp.Or(l.Getenv("HOME"), l.Getenv("USERPROFILE"))
	torch := cmp.Or(l.Getenv("TORCH_HOME"), filepath.Join(cmp.Or(l.Getenv("XDG_CACHE_HOME"), "~/.cache"), "torch"))
	if rest, inHome := strings.CutPrefix(torch, "~"); inHome && (rest == "" || rest[0] == '/') {
		if home == "" {
			return ""
		}
		torch = filepath.Join(home, rest)
	}
	return filepath.Join(paths.From(l.Dir, torch), "hub", "checkpoints", hubFiles[architecture].name)
}

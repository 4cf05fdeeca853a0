package weights

import (
	"fmt"

	sl "stylebook/stylelib"
)

// FileError reports a file that can't be used as weights of VGG-19.
type FileError struct {
	Path   string // the file
	Reason string // what is wrong with it
	Remedy string // what the caller can do about it, may be empty
	Err    error  // the cause, may be nil
}

func (e *FileError) Error() string {
	if e.Remedy == "" {
		return fmt.Sprintf("weights file %s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("weights file %s: %s; %s", e.Path, e.Reason, e.Remedy)
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// DepthError reports weights that stop before a layer that is needed. Callers find it inside a [*FileError].
type DepthError struct {
	Has   int // index of the last convolution there is
	Needs int // index of the last convolution that is needed
}

func (e *DepthError) Error() string {
	return fmt.Sprintf("stops at %s (layer %d), but %s (layer %d) is needed",
		layerName(e.Has), e.Has, layerName(e.Needs), e.Needs)
}

func layerName(index int) string {
	for _, layer := range sl.Layers() {
		if layer.Index == index {
			return layer.Name
		}
	}
	return fmt.Sprintf("layer %d", index)
}

package weights

import (
	"errors"
	"fmt"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/oneline"
)

// FileError reports a file that can't be read as weights of a VGG, or not be written. Its message is one line, whatever the
// file's name and content are.
type FileError struct {
	Path   string // the file
	Reason string // what is wrong with it
	Remedy string // what the caller can do about it, may be empty
	Err    error  // the cause, may be nil
}

func (e *FileError) Error() string {
	text := fmt.Sprintf("weights file %s: %s", oneline.Quote(e.Path), oneline.Short(e.Reason))
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

func isA[T error](err error) bool {
	_, is := errors.AsType[T](err)
	return is
}

// DepthError reports weights that stop before a layer that is needed. Callers find it inside a [*FileError].
type DepthError struct {
	Has   sl.Layer // the last convolution there is
	Needs sl.Layer // the last convolution that is needed
}

func (e *DepthError) Error() string {
	return fmt.Sprintf("stops at %s, but %s is needed", e.Has, e.Needs)
}

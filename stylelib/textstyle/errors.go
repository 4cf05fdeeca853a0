package textstyle

import (
	"errors"
	"fmt"
)

// ErrNoWords means that a sentence has no words.
var ErrNoWords = errors.New("the sentence has no words")

// ErrNoMarkers means that no sentence of the target style has a marker: the corpus is too small or γ too high.
var ErrNoMarkers = errors.New("no sentence of the target style has a marker")

// OptionError means that an option is out of range.
type OptionError struct {
	Name  string
	Value any
	Want  string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("option %s is %v; it should be %s", e.Name, e.Value, e.Want)
}

// StyleError means that a corpus has no sentences of a style.
type StyleError struct {
	Style string
}

func (e *StyleError) Error() string {
	return fmt.Sprintf("the corpus has no sentences of style %q", e.Style)
}

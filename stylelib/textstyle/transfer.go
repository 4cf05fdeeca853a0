package textstyle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Options say what a [Transfer] does. Start from [Default].
type Options struct {
	From, To string  // names of the styles in the corpus
	Gamma    float64 // an n-gram is a marker if its salience is above γ, at least 1
	Lambda   float64 // smoothing of the counts, λ > 0
	MaxN     int     // the longest marker, in words, 1 to 8
	Context  bool    // retrieval also compares the words beside the gaps; the paper compares the content alone
}

// Default returns options that turn a negative sentence of [Reviews] into a positive one.
//
// γ and λ depend on the corpus: with λ = 1 and γ = 4 a word that the other style never uses is a marker from its fourth
// occurrence on.
func Default() Options {
	return Options{From: Negative, To: Positive, Gamma: 4, Lambda: 1, MaxN: 4}
}

// Reverse returns the options for the other direction.
func (o Options) Reverse() Options {
	o.From, o.To = o.To, o.From
	return o
}

// Transfer rewrites sentences of one style in another. It doesn't change after [NewTransfer] and may be used from
// several goroutines.
type Transfer struct {
	parts       Parts
	options     Options
	in, outside map[string]Counts // of each style, and of all others together
	target      *index
}

// NewTransfer counts the markers of the styles in the corpus and prepares the sentences of the target style for
// retrieval. Only those that have a marker can be retrieved.
//
// It returns an [*OptionError] for options out of range, a [*StyleError] for a style without sentences, and
// [ErrNoMarkers] if no sentence of the target style has a marker.
func NewTransfer(corpus Corpus, options Options) (*Transfer, error) {
	t, err := newTransfer(libraryParts(), corpus, options)
	if err == nil && len(t.target.entries) == 0 {
		return nil, fmt.Errorf("%w with γ = %g and λ = %g", ErrNoMarkers, options.Gamma, options.Lambda)
	}
	return t, err
}

func newTransfer(parts Parts, corpus Corpus, options Options) (*Transfer, error) {
	if err := options.check(corpus); err != nil {
		return nil, err
	}
	t := &Transfer{parts: parts, options: options, in: map[string]Counts{}, outside: map[string]Counts{}}
	for style := range corpus {
		var others []string
		for other, sentences := range corpus {
			if other != style {
				others = append(others, sentences...)
			}
		}
		t.in[style], t.outside[style] = Count(corpus[style], options.MaxN), Count(others, options.MaxN)
	}
	var templates []Template
	var texts []string
	for _, sentence := range corpus[options.To] {
		template := t.Delete(sentence, options.To)
		if len(template.Markers) > 0 {
			templates, texts = append(templates, template), append(texts, Join(Tokens(sentence)))
		}
	}
	t.target = newIndex(templates, texts, options.Context)
	return t, nil
}

func (o Options) check(corpus Corpus) error {
	switch {
	case !(o.Gamma >= 1):
		return &OptionError{"Gamma", o.Gamma, "at least 1"}
	case !(o.Lambda > 0):
		return &OptionError{"Lambda", o.Lambda, "above 0"}
	case o.MaxN < 1 || o.MaxN > 8:
		return &OptionError{"MaxN", o.MaxN, "1 to 8"}
	case o.From == o.To:
		return &OptionError{"To", o.To, "another style than From"}
	}
	for _, style := range []string{o.From, o.To} {
		if len(corpus[style]) == 0 {
			return &StyleError{style}
		}
	}
	return nil
}

// Salience tells how typical an n-gram is of a style; see the function [Salience].
func (t *Transfer) Salience(gram, style string) float64 {
	return t.parts.Salience(gram, t.in[style], t.outside[style], t.options.Lambda)
}

// Delete cuts the markers of a style out of a sentence; see the function [Delete].
func (t *Transfer) Delete(sentence, style string) Template {
	isMarker := func(gram string) bool { return t.Salience(gram, style) > t.options.Gamma }
	words, markers := t.parts.Delete(Tokens(sentence), isMarker, t.options.MaxN)
	return Template{Words: words, Markers: markers}
}

// Markers returns the n-grams of a style with a salience above γ, the most salient first. The list also has long ones
// that hold a shorter marker.
func (t *Transfer) Markers(style string) []string {
	salience := map[string]float64{}
	for gram := range t.in[style] {
		if s := t.Salience(gram, style); s > t.options.Gamma {
			salience[gram] = s
		}
	}
	return slices.SortedFunc(maps.Keys(salience), func(a, b string) int {
		return cmp.Or(cmp.Compare(salience[b], salience[a]), strings.Compare(a, b))
	})
}

// Steps are all stages of one transfer.
type Steps struct {
	Input      string   // the sentence, as tokens joined again
	Template   Template // 1. delete: the content with slots, and the markers of the old style
	Retrieved  string   // 2. retrieve: the sentence of the new style with the most similar content
	Similarity float64  // how similar, 0 to 1
	Markers    []string // 3. generate: the retrieved sentence's markers, which fill the slots
	Result     string
}

// Changed tells whether the result differs from the input. It doesn't if no marker was found.
func (s Steps) Changed() bool { return s.Result != s.Input }

// String returns the steps, one a line.
func (s Steps) String() string {
	return fmt.Sprintf("input      %s\ndelete     %s   %q\nretrieve   %s   (%.2f)\ngenerate   %s   %q",
		s.Input, s.Template, s.Template.Markers, s.Retrieved, s.Similarity, s.Result, s.Markers)
}

// Apply rewrites a sentence of the style From in the style To.
//
// Delete takes out the markers of the old style. Retrieve finds the sentence of the new style whose content is nearest
// by the cosine of TF-IDF vectors, preferably one with as many gaps. Generate puts its markers into the gaps, from left
// to right. A sentence without a known marker comes back as it is. A sentence without any token is refused with
// [ErrNoWords].
//
// Li et al. 2018, sections 3.2 and 3.3, TemplateBased. Preferring as many gaps is ours: the paper doesn't say what becomes
// of gaps and markers that don't match in number.
func (t *Transfer) Apply(sentence string) (Steps, error) {
	if len(Tokens(sentence)) == 0 {
		return Steps{}, ErrNoWords
	}
	return t.Steps(sentence), nil
}

// Steps is [Transfer.Apply] for a sentence that has tokens.
func (t *Transfer) Steps(sentence string) Steps {
	s := Steps{Input: Join(Tokens(sentence)), Template: t.Delete(sentence, t.options.From)}
	found, similarity := t.target.nearest(s.Template)
	s.Retrieved, s.Similarity, s.Markers = found.text, similarity, found.template.Markers
	s.Result = Join(t.parts.Fill(s.Template.Words, s.Markers))
	return s
}

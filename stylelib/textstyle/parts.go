package textstyle

// Parts are four functions that a [Transfer] can be made of; exercise 4 asks for them. What they compute is what [Salience],
// [Delete], the cosine of TF-IDF vectors and [Template.Fill] do.
type Parts struct {
	Salience   func(gram string, in, other Counts, lambda float64) float64
	Delete     func(words []string, isMarker func(gram string) bool, maxN int) (template, markers []string)
	Similarity func(a, b []string, idf func(word string) float64) float64
	Fill       func(template, markers []string) []string
}

// libraryParts are ours, but for the similarity: an index has vectors of its own, which are made once.
func libraryParts() Parts {
	return Parts{
		Salience: func(gram string, in, other Counts, lambda float64) float64 { return Salience(gram, in, lambda, other) },
		Delete: func(words []string, isMarker func(string) bool, maxN int) (template, markers []string) {
			t := Delete(words, isMarker, maxN)
			return t.Words, t.Markers
		},
		Fill: func(template, markers []string) []string { return Template{Words: template}.Fill(markers) },
	}
}

// Rewriter is a [Transfer] of the caller's functions.
type Rewriter = Transfer

// NewRewriter is [NewTransfer] with functions of the caller's, whatever they do: where no sentence has a marker, none is retrieved.
// options.Context is not used.
func NewRewriter(parts Parts, corpus Corpus, options Options) (*Rewriter, error) {
	options.Context = false
	t, err := newTransfer(parts, corpus, options)
	if err != nil {
		return nil, err
	}
	t.target.similar = func(to Template) func(entry) float64 {
		content := to.Content()
		return func(e entry) float64 { return parts.Similarity(content, e.template.Content(), t.target.inverse) }
	}
	return t, nil
}

package textstyle

import "math"

// Parts are four functions that a [Rewriter] is made of; exercise 4 asks for them. What they compute is what [Salience],
// [Delete], the retrieval of a [Transfer] and [Template.Fill] do.
type Parts struct {
	Salience   func(gram string, in, other Counts, lambda float64) float64
	Delete     func(words []string, isMarker func(gram string) bool, maxN int) (template, markers []string)
	Similarity func(a, b []string, idf func(word string) float64) float64
	Fill       func(template, markers []string) []string
}

// Rewriter rewrites sentences in one direction, as a [Transfer] does, with functions of the caller's.
type Rewriter struct {
	parts      Parts
	options    Options
	from, to   Counts
	candidates []candidate
	idf        func(word string) float64
}

// candidate is a sentence of the new style that can be retrieved.
type candidate struct {
	text     string
	template Template
}

// NewRewriter counts the runs of words in the corpus and prepares the sentences of the new style that have a marker.
// options.Context is not used.
func NewRewriter(parts Parts, corpus Corpus, options Options) (*Rewriter, error) {
	if err := options.check(corpus); err != nil {
		return nil, err
	}
	r := &Rewriter{parts: parts, options: options, from: Count(corpus[options.From], options.MaxN), to: Count(corpus[options.To], options.MaxN)}
	in := map[string]int{} // how many candidates have a word
	for _, sentence := range corpus[options.To] {
		template := r.cut(sentence, r.to, r.from)
		if len(template.Markers) == 0 {
			continue
		}
		r.candidates = append(r.candidates, candidate{sentence, template})
		seen := map[string]bool{}
		for _, word := range template.Content() {
			if !seen[word] {
				in[word]++
			}
			seen[word] = true
		}
	}
	r.idf = func(word string) float64 { return math.Log(float64(1+len(r.candidates))/float64(1+in[word])) + 1 }
	return r, nil
}

// cut deletes the markers of a style, whose counts are own.
func (r *Rewriter) cut(sentence string, own, other Counts) Template {
	isMarker := func(gram string) bool { return r.parts.Salience(gram, own, other, r.options.Lambda) > r.options.Gamma }
	words, markers := r.parts.Delete(Tokens(sentence), isMarker, r.options.MaxN)
	return Template{Words: words, Markers: markers}
}

// nearest returns the candidate with the most similar content, preferably among those with as many gaps.
func (r *Rewriter) nearest(t Template) (found candidate, similarity float64) {
	content := t.Content()
	for _, anyNumber := range []bool{false, true} {
		similarity = -1
		for _, c := range r.candidates {
			if !anyNumber && len(c.template.Markers) != len(t.Markers) {
				continue
			}
			if s := r.parts.Similarity(content, c.template.Content(), r.idf); s > similarity+tie {
				similarity, found = s, c
			}
		}
		if similarity >= 0 {
			return found, similarity
		}
	}
	return candidate{}, 0
}

// Steps returns all stages of one transfer.
func (r *Rewriter) Steps(sentence string) Steps {
	s := Steps{Input: Join(Tokens(sentence)), Template: r.cut(sentence, r.from, r.to)}
	found, similarity := r.nearest(s.Template)
	s.Retrieved, s.Similarity, s.Markers = found.text, similarity, found.template.Markers
	s.Result = Join(r.parts.Fill(s.Template.Words, s.Markers))
	return s
}

// Rewrite is a [Method].
func (r *Rewriter) Rewrite(sentence string) (string, error) { return r.Steps(sentence).Result, nil }

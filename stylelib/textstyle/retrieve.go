package textstyle

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// weight is one entry of a vector. Vectors are sorted by term, so that sums come out the same in every run.
type weight struct {
	term  string
	value float64
}

// entry is a sentence that can be retrieved.
type entry struct {
	text     string
	template Template
	vector   []weight
}

// index finds the sentence whose content is most similar.
type index struct {
	context bool // whether the words beside gaps are terms too
	entries []entry
	idf     map[string]float64
	unseen  float64 // the idf of a term that no entry has
	similar func(Template) func(entry) float64
}

func newIndex(templates []Template, texts []string, context bool) *index {
	in := map[string]int{}
	for _, t := range templates {
		for term := range terms(t, context) {
			in[term]++
		}
	}
	idf := func(n int) float64 { return math.Log(float64(1+len(templates))/float64(1+n)) + 1 }
	x := &index{context: context, idf: map[string]float64{}, unseen: idf(0)}
	for term, n := range in {
		x.idf[term] = idf(n)
	}
	for i, t := range templates {
		x.entries = append(x.entries, entry{texts[i], t, x.vector(t)})
	}
	x.similar = func(t Template) func(entry) float64 {
		v := x.vector(t)
		return func(e entry) float64 { return dot(v, e.vector) }
	}
	return x
}

// terms counts what makes two templates similar: the content words, and with context each gap with the word before it
// and with the word behind it, where the start and the end of the sentence count as words.
func terms(t Template, context bool) map[string]int {
	all := map[string]int{}
	for _, word := range t.Content() {
		all[word]++
	}
	if !context {
		return all
	}
	words := slices.Concat([]string{""}, t.Words, []string{""})
	nGrams(words, 2, func(start int, pair string) {
		if words[start] == Slot || words[start+1] == Slot {
			all[pair]++
		}
	})
	return all
}

// vector returns the template's TF-IDF vector, of length 1 unless it is empty.
func (x *index) vector(t Template) []weight {
	count := terms(t, x.context)
	var v []weight
	square := 0.0
	for _, term := range slices.Sorted(maps.Keys(count)) {
		w := float64(count[term]) * x.inverse(term)
		v = append(v, weight{term, w})
		square += w * w
	}
	for i := range v {
		v[i].value /= math.Sqrt(square)
	}
	return v
}

// inverse is the idf of a term.
func (x *index) inverse(term string) float64 {
	if idf, ok := x.idf[term]; ok {
		return idf
	}
	return x.unseen
}

// tie is the difference below which two cosines count as equal, so that rounding has no say in what is found.
const tie = 1e-9

// nearest returns the most similar entry, by the cosine of the vectors, among those with as many slots as t; among all, if t has none or no
// entry has as many. The first of several equally near ones wins.
func (x *index) nearest(t Template) (found entry, similarity float64) {
	similarTo := x.similar(t)
	best := func(fits func(entry) bool) bool {
		similarity = -1
		for _, e := range x.entries {
			if !fits(e) {
				continue
			}
			if s := similarTo(e); s > similarity+tie {
				found, similarity = e, s
			}
		}
		return similarity >= 0
	}
	if !best(func(e entry) bool { return len(e.template.Markers) == len(t.Markers) }) {
		best(func(entry) bool { return true })
	}
	return found, max(similarity, 0)
}

// dot is the scalar product of two sorted vectors.
func dot(a, b []weight) (sum float64) {
	for len(a) > 0 && len(b) > 0 {
		switch strings.Compare(a[0].term, b[0].term) {
		case -1:
			a = a[1:]
		case 1:
			b = b[1:]
		default:
			sum += a[0].value * b[0].value
			a, b = a[1:], b[1:]
		}
	}
	return sum
}

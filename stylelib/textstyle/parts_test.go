package textstyle

import "testing"

// A rewriter made of the library's functions does what a transfer does.
func TestRewriter(t *testing.T) {
	corpus, err := Reviews(300, 1)
	if err != nil {
		t.Fatal(err)
	}
	parts := Parts{
		Salience: func(gram string, in, other Counts, lambda float64) float64 { return Salience(gram, in, lambda, other) },
		Delete: func(words []string, isMarker func(string) bool, maxN int) (template, markers []string) {
			t := Delete(words, isMarker, maxN)
			return t.Words, t.Markers
		},
		Similarity: func(a, b []string, idf func(string) float64) float64 {
			x := &index{idf: map[string]float64{}}
			for _, word := range append(append([]string{}, a...), b...) {
				x.idf[word] = idf(word)
			}
			return dot(x.vector(Template{Words: a}), x.vector(Template{Words: b}))
		},
		Fill: func(template, markers []string) []string { return Template{Words: template}.Fill(markers) },
	}
	for _, options := range []Options{Default(), Default().Reverse()} {
		library, err := NewTransfer(corpus.Transfer, options)
		if err != nil {
			t.Fatal(err)
		}
		own, err := NewRewriter(parts, corpus.Transfer, options)
		if err != nil {
			t.Fatal(err)
		}
		changed := 0
		for _, sentence := range corpus.Test[options.From] {
			want, err := library.Apply(sentence)
			if err != nil {
				t.Fatal(err)
			}
			got := own.Steps(sentence)
			if got.String() != want.String() {
				t.Errorf("got\n%v\nwant\n%v", got, want)
			}
			if want.Changed() {
				changed++
			}
		}
		if changed < 10 {
			t.Errorf("only %d sentences were rewritten", changed)
		}
	}
	if _, err := NewRewriter(parts, corpus.Transfer, Options{}); err == nil {
		t.Error("options out of range are taken")
	}
}

package textstyle

// Counts tells how often each n-gram occurs. The words of an n-gram are joined by one space.
type Counts map[string]int

// Count counts the n-grams of 1 to maxN words in sentences.
func Count(sentences []string, maxN int) Counts {
	counts := Counts{}
	for _, sentence := range sentences {
		tokens := Tokens(sentence)
		for n := 1; n <= maxN; n++ {
			nGrams(tokens, n, func(_ int, gram string) { counts[gram]++ })
		}
	}
	return counts
}

// Salience tells how typical an n-gram is of one style: a ratio of two counts, smoothed.
//
//	s(u, v) = (count(u, D_v) + λ) / (Σ_{v' ≠ v} count(u, D_v') + λ)
//
// in counts the sentences D_v of the style v, others one or more other styles. The result is at least 0; it is 1 for an
// n-gram that occurs nowhere, and for one equally common in and out of the style. A larger λ > 0 trusts small counts less.
//
// Li et al. 2018, section 3.1. Counts are not divided by the size of the corpora, which the paper doesn't do either:
// the styles should have about as many sentences.
func Salience(gram string, in Counts, lambda float64, others ...Counts) float64 {
	elsewhere := 0
	for _, other := range others {
		elsewhere += other[gram]
	}
	return (float64(in[gram]) + lambda) / (float64(elsewhere) + lambda)
}

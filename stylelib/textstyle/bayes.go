package textstyle

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// NaiveBayes tells styles apart by how often each word and pair of words occurs in them.
type NaiveBayes struct {
	maxN   int
	styles []string // sorted
	prior  map[string]float64
	counts map[string]Counts
	total  map[string]int
	known  map[string]bool
}

// NewNaiveBayes learns from a corpus with n-grams of 1 to maxN words: 1 sees words alone, 2 also sees "not good".
//
// It returns an [*OptionError] if maxN is out of 1 to 8, and a [*StyleError] if a style has no sentences or the corpus no
// styles.
func NewNaiveBayes(corpus Corpus, maxN int) (*NaiveBayes, error) {
	if maxN < 1 || maxN > 8 {
		return nil, &OptionError{"maxN", maxN, "1 to 8"}
	}
	if len(corpus) == 0 {
		return nil, &StyleError{}
	}
	b := &NaiveBayes{maxN: maxN, styles: slices.Sorted(maps.Keys(corpus)), prior: map[string]float64{},
		counts: map[string]Counts{}, total: map[string]int{}, known: map[string]bool{}}
	sentences := 0
	for _, style := range b.styles {
		if len(corpus[style]) == 0 {
			return nil, &StyleError{style}
		}
		sentences += len(corpus[style])
		b.counts[style] = Count(corpus[style], maxN)
		for gram, n := range b.counts[style] {
			b.total[style] += n
			b.known[gram] = true
		}
	}
	for _, style := range b.styles {
		b.prior[style] = math.Log(float64(len(corpus[style])) / float64(sentences))
	}
	return b, nil
}

// Posterior returns the probability of each style, given the sentence; they sum to 1.
//
//	P(v | x) ∝ P(v) · Π_u (count(u, D_v) + 1) / (Σ_u' count(u', D_v) + |U|)
//
// u runs over the n-grams of the sentence that the corpus has, U are all n-grams of the corpus (multinomial naive Bayes
// with Laplace's smoothing). A sentence without a known n-gram has the prior.
func (b *NaiveBayes) Posterior(sentence string) map[string]float64 {
	tokens := Tokens(sentence)
	logs := maps.Clone(b.prior)
	for n := 1; n <= b.maxN; n++ {
		nGrams(tokens, n, func(_ int, gram string) {
			if !b.known[gram] {
				return
			}
			for _, style := range b.styles {
				logs[style] += math.Log(float64(b.counts[style][gram]+1) / float64(b.total[style]+len(b.known)))
			}
		})
	}
	return normalize(logs, b.styles)
}

// normalize turns logarithms into probabilities. The largest is taken off first, so that none underflows to 0/0.
func normalize(logs map[string]float64, styles []string) map[string]float64 {
	largest := slices.Max(slices.Collect(maps.Values(logs)))
	sum := 0.0
	for _, style := range styles {
		sum += math.Exp(logs[style] - largest)
	}
	p := map[string]float64{}
	for _, style := range styles {
		p[style] = math.Exp(logs[style]-largest) / sum
	}
	return p
}

// Classify returns the most probable style of a sentence, the alphabetically first of equally probable ones.
func (b *NaiveBayes) Classify(sentence string) string {
	p := b.Posterior(sentence)
	return slices.MaxFunc(b.styles, func(one, other string) int { return cmp.Compare(p[one], p[other]) })
}

// Accuracy returns the share of sentences that are classified as style, 0 to 1; 0 for no sentences.
func (b *NaiveBayes) Accuracy(sentences []string, style string) float64 {
	right := 0
	for _, sentence := range sentences {
		if b.Classify(sentence) == style {
			right++
		}
	}
	return share(right, len(sentences))
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

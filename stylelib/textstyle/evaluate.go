package textstyle

// Method rewrites a sentence.
type Method func(sentence string) (string, error)

// Copy is the baseline that changes nothing.
func Copy(sentence string) (string, error) { return Join(Tokens(sentence)), nil }

// Rewrite is the whole method, delete, retrieve, generate: [Transfer.Apply] without the steps.
func (t *Transfer) Rewrite(sentence string) (string, error) {
	steps, err := t.Apply(sentence)
	return steps.Result, err
}

// RetrieveOnly is the baseline that returns the retrieved sentence as it stands (Li et al. 2018, section 3.3).
func (t *Transfer) RetrieveOnly(sentence string) (string, error) {
	steps, err := t.Apply(sentence)
	return steps.Retrieved, err
}

// DropMarkers is the baseline that deletes the markers of the old style and puts nothing in their place.
func (t *Transfer) DropMarkers(sentence string) (string, error) {
	steps, err := t.Apply(sentence)
	return Join(steps.Template.Content()), err
}

// Scores are averages over sentences, each from 0 to 1, higher is better. No single one is worth much: copying has the
// best self-BLEU, a sentence of the target style the best accuracy.
type Scores struct {
	Accuracy float64 // the share of results that the judge takes for the target style
	SelfBLEU float64 // the mean BLEU of the results against their inputs: content kept
	Fluency  float64 // the share of the results' pairs of neighbouring words that also stand in the judge's corpus
	Changed  float64 // the share of results that differ from their input
}

// Judge measures methods. Its corpus should share no sentences with what a method learned from.
type Judge struct {
	bayes *NaiveBayes
	pairs map[string]bool
}

// NewJudge trains a naive Bayes classifier on words and pairs of words. Errors are those of [NewNaiveBayes].
func NewJudge(corpus Corpus) (*Judge, error) {
	bayes, err := NewNaiveBayes(corpus, 2)
	if err != nil {
		return nil, err
	}
	j := &Judge{bayes: bayes, pairs: map[string]bool{}}
	for _, sentences := range corpus {
		for _, sentence := range sentences {
			nGrams(Tokens(sentence), 2, func(_ int, pair string) { j.pairs[pair] = true })
		}
	}
	return j, nil
}

// Accuracy returns the share of sentences that the judge takes for the style.
func (j *Judge) Accuracy(sentences []string, style string) float64 {
	return j.bayes.Accuracy(sentences, style)
}

// Evaluate rewrites each sentence with the method and measures the results. to is the target style. It stops at the
// method's first error.
func (j *Judge) Evaluate(method Method, sentences []string, to string) (Scores, error) {
	var s Scores
	var results []string
	pairs, seen, changed := 0, 0, 0
	for _, sentence := range sentences {
		result, err := method(sentence)
		if err != nil {
			return Scores{}, err
		}
		results = append(results, result)
		s.SelfBLEU += BLEU(result, sentence) / float64(len(sentences))
		if result != Join(Tokens(sentence)) {
			changed++
		}
		nGrams(Tokens(result), 2, func(_ int, pair string) {
			pairs++
			if j.pairs[pair] {
				seen++
			}
		})
	}
	s.Accuracy = j.Accuracy(results, to)
	s.Fluency, s.Changed = share(seen, pairs), share(changed, len(sentences))
	return s, nil
}

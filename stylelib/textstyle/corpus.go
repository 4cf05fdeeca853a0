package textstyle

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
)

// The styles of [Reviews].
const (
	Negative = "negative"
	Positive = "positive"
)

// Corpus holds sentences by style.
type Corpus map[string][]string

// Split is a corpus in parts that share no sentence.
type Split struct {
	Transfer Corpus // what a [Transfer] learns from
	Judge    Corpus // what a [Judge] learns from
	Test     Corpus // made by the grammar, to be rewritten
	ByHand   Corpus // written by hand, to be rewritten; freer than what the grammar makes
}

// MaxReviews is the largest corpus that [Reviews] makes.
const MaxReviews = 5000

var (
	//go:embed grammar.txt
	grammarText string
	//go:embed byhand.txt
	byHandText string
)

// Reviews makes a corpus of positive and negative sentences about cafés, trains and books.
//
// A grammar makes perStyle sentences of each style, 20 to [MaxReviews]: 6 of 10 for the transfer, 3 for the judge, 1 for
// the test. Of the 80 sentences of each style that are written by hand, half are for the test, a quarter each for
// transfer and judge. No sentence occurs twice. The same seed always gives the same corpus.
//
// It returns an [*OptionError] if perStyle is out of range.
func Reviews(perStyle int, seed uint64) (Split, error) {
	if perStyle < 20 || perStyle > MaxReviews {
		return Split{}, &OptionError{"perStyle", perStyle, fmt.Sprintf("20 to %d", MaxReviews)}
	}
	g, err := parseGrammar(grammarText)
	if err != nil {
		return Split{}, err
	}
	s := Split{Corpus{}, Corpus{}, Corpus{}, Corpus{}}
	random := rand.NewPCG(seed, 0)
	written := map[string]bool{}
	byHand := parseByHand(byHandText)
	for _, style := range []string{Negative, Positive} {
		for i, sentence := range byHand[style] {
			written[sentence] = true
			part := []Corpus{s.Transfer, s.ByHand, s.Judge, s.ByHand}[i%4]
			part[style] = append(part[style], sentence)
		}
	}
	for _, style := range []string{Negative, Positive} {
		for i := 0; i < perStyle; {
			sentence, err := g.sentence(style, random)
			if err != nil {
				return Split{}, err
			}
			if written[sentence] {
				continue
			}
			written[sentence] = true
			part := []Corpus{s.Transfer, s.Judge, s.Transfer, s.Judge, s.Transfer, s.Test, s.Transfer, s.Judge, s.Transfer, s.Transfer}[i%10]
			part[style] = append(part[style], sentence)
			i++
		}
	}
	return s, nil
}

// parseByHand reads lines that start with + or - for their style; other lines are left out.
func parseByHand(text string) Corpus {
	corpus := Corpus{}
	for line := range strings.Lines(text) {
		sign, sentence, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch sign {
		case "+":
			corpus[Positive] = append(corpus[Positive], sentence)
		case "-":
			corpus[Negative] = append(corpus[Negative], sentence)
		}
	}
	return corpus
}

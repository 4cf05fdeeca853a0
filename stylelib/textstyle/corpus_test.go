package textstyle

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustReviews(t testing.TB) Split {
	t.Helper()
	r, err := Reviews(500, 1)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReviewsIsDeterministic(t *testing.T) {
	if diff := cmp.Diff(mustReviews(t), mustReviews(t)); diff != "" {
		t.Errorf("two runs differ\n%s", diff)
	}
	other, err := Reviews(500, 2)
	if err != nil {
		t.Fatal(err)
	}
	if cmp.Equal(mustReviews(t).Test, other.Test) {
		t.Error("another seed gives the same sentences")
	}
}

func TestReviewsSizesAndParts(t *testing.T) {
	r := mustReviews(t)
	seen := map[string]string{}
	for name, part := range map[string]struct {
		corpus Corpus
		size   int
	}{"transfer": {r.Transfer, 320}, "judge": {r.Judge, 170}, "test": {r.Test, 50}, "by hand": {r.ByHand, 40}} {
		for _, style := range []string{Negative, Positive} {
			if got := len(part.corpus[style]); got != part.size {
				t.Errorf("%s has %d %s sentences, want %d", name, got, style, part.size)
			}
			for _, sentence := range part.corpus[style] {
				if where := seen[sentence]; where != "" {
					t.Errorf("%q is in %s and in %s", sentence, where, name)
				}
				seen[sentence] = name
			}
		}
	}
}

func TestReviewsAreClean(t *testing.T) {
	for sentence := range all(mustReviews(t)) {
		if sentence != Join(Tokens(sentence)) {
			t.Errorf("%q is not how its tokens are written", sentence)
		}
		if strings.ContainsAny(sentence, "<>*|_+") || strings.Contains(sentence, " a a") || len(Tokens(sentence)) < 3 {
			t.Errorf("%q looks wrong", sentence)
		}
	}
}

// Filling a template with its own markers must give the sentence back, whatever the markers are.
func TestDeleteAndFillGiveTheSentenceBack(t *testing.T) {
	r := mustReviews(t)
	transfer := mustTransfer(t, r.Transfer, Default())
	for sentence := range all(r) {
		for _, style := range []string{Negative, Positive} {
			template := transfer.Delete(sentence, style)
			if got := Join(template.Fill(template.Markers)); got != sentence {
				t.Fatalf("%q comes back as %q", sentence, got)
			}
		}
	}
}

func all(r Split) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, part := range []Corpus{r.Transfer, r.Judge, r.Test, r.ByHand} {
			for _, style := range []string{Negative, Positive} {
				for _, sentence := range part[style] {
					if !yield(sentence) {
						return
					}
				}
			}
		}
	}
}

func TestReviewsErrors(t *testing.T) {
	for _, n := range []int{-1, 0, 19, MaxReviews + 1} {
		var option *OptionError
		if _, err := Reviews(n, 1); !errors.As(err, &option) {
			t.Errorf("%d: got %v", n, err)
		}
	}
	if _, err := Reviews(MaxReviews, 7); err != nil {
		t.Errorf("the largest corpus: %v", err)
	}
}

func TestGrammar(t *testing.T) {
	g, err := parseGrammar("# comment\n\nsentence: a <thing*> or <thing!>\nthing+: apple\nthing-: pear\n")
	if err != nil {
		t.Fatal(err)
	}
	for style, want := range map[string]string{Positive: "an apple or pear", Negative: "a pear or apple"} {
		if got, err := g.sentence(style, rand.NewPCG(1, 0)); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestGrammarErrors(t *testing.T) {
	for text, want := range map[string]string{
		"sentence":                          "no colon",
		"thing: a":                          "does not define sentence",
		"sentence: <thing>":                 "not defined",
		"sentence: <thing*>\nthing+: apple": "not defined",
	} {
		if _, err := parseGrammar(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	g, err := parseGrammar("sentence: <sentence>")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.sentence(Positive, rand.NewPCG(1, 0)); err == nil {
		t.Error("a grammar without end makes a sentence")
	}
}

func ExampleReviews() {
	reviews, err := Reviews(2000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(reviews.Transfer[Positive]), len(reviews.Judge[Positive]), len(reviews.Test[Positive]), len(reviews.ByHand[Positive]))
	for _, sentence := range reviews.Test[Positive][:3] {
		fmt.Println(sentence)
	}
	// Output:
	// 1220 620 200 40
	// in the evening the soup was delicious
	// at noon the crime story is worth reading twice
	// the beginning left me happy for days
}

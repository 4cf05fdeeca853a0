package textstyle

import (
	"errors"
	"fmt"
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestBLEU(t *testing.T) {
	for _, c := range []struct {
		candidate, reference string
		want                 float64
	}{
		{"the cat sat", "The cat sat", 1},
		{"cat", "cat", 1},
		{"the cat sat on", "the cat lay on", 0.5},                    // (3/4 · 2/4 · 1/3 · 1/2)^¼ = (1/16)^¼
		{"the cat", "the cat sat on", math.Exp(-1)},                  // all found, half as long
		{"the the the", "the cat", math.Pow(1.0/18, 0.25)},           // the reference has only one: 1/3 · 1/3 · 1/2 · 1
		{"on sat cat the", "the cat sat on", math.Pow(1.0/24, 0.25)}, // 1 · 1/4 · 1/3 · 1/2
		{"a dog", "the cat", 0},
		{"", "the cat", 0},
		{"the cat", "", 0},
	} {
		if got := BLEU(c.candidate, c.reference); !near(got, c.want) {
			t.Errorf("BLEU(%q, %q) = %g, want %g", c.candidate, c.reference, got, c.want)
		}
	}
}

func TestBLEUOfCorpus(t *testing.T) {
	r := mustReviews(t)
	for i, sentence := range r.Test[Negative] {
		if b := BLEU(sentence, sentence); !near(b, 1) {
			t.Fatalf("BLEU of %q with itself is %g", sentence, b)
		}
		if b := BLEU(sentence, r.Test[Positive][i]); b < 0 || b >= 1 {
			t.Fatalf("BLEU of different sentences is %g", b)
		}
	}
}

func TestNaiveBayes(t *testing.T) {
	corpus := Corpus{Positive: {"good soup"}, Negative: {"bad soup", "bad tea"}}
	b, err := NewNaiveBayes(corpus, 1)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, want := range map[string]float64{
		"good":      4.0 / 7,  // 1/3 · 2/6 against 2/3 · 1/8
		"bad":       2.0 / 11, // 1/3 · 1/6 against 2/3 · 3/8
		"good soup": 16.0 / 25,
		"":          1.0 / 3,
		"zebra":     1.0 / 3,
	} {
		if p := b.Posterior(sentence); !near(p[Positive], want) || !near(p[Positive]+p[Negative], 1) {
			t.Errorf("%q: got %v, want %g positive", sentence, p, want)
		}
	}
	if got := b.Classify("good soup"); got != Positive {
		t.Errorf("got %s", got)
	}
	if got := b.Accuracy([]string{"good", "bad", "zebra"}, Negative); !near(got, 2.0/3) {
		t.Errorf("accuracy %g, want 2/3", got)
	}
	if got := b.Accuracy(nil, Negative); got != 0 {
		t.Errorf("accuracy over nothing is %g", got)
	}
}

func TestNaiveBayesSeesPairs(t *testing.T) {
	corpus := Corpus{Positive: {"not bad", "good"}, Negative: {"not good", "bad"}}
	for maxN, want := range map[int]float64{1: 0.5, 2: 2.0 / 3} {
		b, err := NewNaiveBayes(corpus, maxN)
		if err != nil {
			t.Fatal(err)
		}
		if p := b.Posterior("not bad"); !near(p[Positive], want) {
			t.Errorf("maxN %d: got %v, want %g", maxN, p, want)
		}
	}
}

func TestLongSentenceDoesNotUnderflow(t *testing.T) {
	b, err := NewNaiveBayes(tiny, 1)
	if err != nil {
		t.Fatal(err)
	}
	long := ""
	for range 5000 {
		long += " bad"
	}
	if p := b.Posterior(long); p[Negative] != 1 {
		t.Errorf("got %v", p)
	}
}

func TestNaiveBayesErrors(t *testing.T) {
	var option *OptionError
	if _, err := NewNaiveBayes(tiny, 0); !errors.As(err, &option) {
		t.Errorf("maxN 0: got %v", err)
	}
	var style *StyleError
	for _, corpus := range []Corpus{nil, {Positive: {"good"}, Negative: nil}} {
		if _, err := NewNaiveBayes(corpus, 1); !errors.As(err, &style) {
			t.Errorf("%v: got %v", corpus, err)
		}
		if _, err := NewJudge(corpus); !errors.As(err, &style) {
			t.Errorf("%v: got %v", corpus, err)
		}
	}
}

func TestEvaluate(t *testing.T) {
	j, err := NewJudge(tiny)
	if err != nil {
		t.Fatal(err)
	}
	swap := func(sentence string) (string, error) {
		return map[string]string{"the soup was bad": "the soup was good", "i hated the tea": "tea the loved i"}[sentence], nil
	}
	got, err := j.Evaluate(swap, []string{"the soup was bad", "i hated the tea"}, Positive)
	if err != nil {
		t.Fatal(err)
	}
	// BLEU: 3/4 · 3/4 · 2/3 · 1/2 and 3/4 · 1/4 · 1/3 · 1/2; pairs seen: 3 of 3 and 0 of 3
	bleu := (math.Pow(3.0/16, 0.25) + math.Pow(1.0/32, 0.25)) / 2
	if got.Accuracy != 1 || !near(got.SelfBLEU, bleu) || got.Fluency != 0.5 || got.Changed != 1 {
		t.Errorf("got %+v, want BLEU %g", got, bleu)
	}
	if got, err = j.Evaluate(Copy, nil, Positive); err != nil || got != (Scores{}) {
		t.Errorf("no sentences: got %+v, %v", got, err)
	}
	broken := errors.New("broken")
	if _, err := j.Evaluate(func(string) (string, error) { return "", broken }, []string{"a"}, Positive); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// The method must beat copying by its accuracy, and the other baselines where they are weak. Bounds are far from the
// measured values: they hold for other seeds.
func TestMethodAgainstBaselines(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		r, err := Reviews(2000, seed)
		if err != nil {
			t.Fatal(err)
		}
		j, err := NewJudge(r.Judge)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{Default(), Default().Reverse()} {
			transfer := mustTransfer(t, r.Transfer, o)
			measure := func(m Method) Scores {
				s, err := j.Evaluate(m, r.Test[o.From], o.To)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			whole, same, retrieved, dropped := measure(transfer.Rewrite), measure(Copy), measure(transfer.RetrieveOnly), measure(transfer.DropMarkers)
			if real := j.Accuracy(r.Test[o.To], o.To); real < 0.8 {
				t.Errorf("seed %d: the judge knows only %.2f of the %s sentences", seed, real, o.To)
			}
			if whole.Accuracy < same.Accuracy+0.5 || whole.Accuracy < dropped.Accuracy+0.2 || whole.SelfBLEU < retrieved.SelfBLEU+0.1 {
				t.Errorf("seed %d, to %s: whole %+v, copy %+v, retrieve only %+v, drop %+v", seed, o.To, whole, same, retrieved, dropped)
			}
			if same.SelfBLEU < 0.999 || same.Changed != 0 {
				t.Errorf("seed %d: copying gives %+v", seed, same)
			}
		}
	}
}

func ExampleBLEU() {
	fmt.Printf("%.2f\n", BLEU("the cat sat on", "the cat lay on"))
	// Output: 0.50
}

func ExampleNaiveBayes_Posterior() {
	b, err := NewNaiveBayes(Corpus{Positive: {"good soup"}, Negative: {"bad soup", "bad tea"}}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", b.Posterior("good")[Positive])
	// Output: 0.571
}

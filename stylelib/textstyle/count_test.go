package textstyle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokens(t *testing.T) {
	for sentence, want := range map[string][]string{
		"":                                   nil,
		" \n\t":                              nil,
		"The soup,  it's GOOD!":              {"the", "soup", ",", "it's", "good", "!"},
		"it’s well-lit; 24 seats":            {"it's", "well-lit", ";", "24", "seats"},
		"Café ÉTÉ":                           {"café", "été"},
		"a" + Slot:                           {"a", "_", "_", "_"}, // a gap can't come in through the input
		"bad\xffbyte":                        {"bad", "\ufffd", "byte"},
		"风格 text":                            {"风格", "text"},
		"(brackets) and \"quotation marks\"": {"(", "brackets", ")", "and", "\"", "quotation", "marks", "\""},
	} {
		if diff := cmp.Diff(want, Tokens(sentence)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", sentence, diff)
		}
	}
}

func TestJoin(t *testing.T) {
	if got, want := Join(Tokens("Hot, strong ,and  good !")), "hot, strong, and good!"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("The soup, it's good!")
	f.Add("İstanbul ß ’’ -- ___ \xff")
	f.Fuzz(func(t *testing.T, sentence string) {
		joined := Join(Tokens(sentence))
		if again := Join(Tokens(joined)); again != joined {
			t.Errorf("%q joined is %q, again %q", sentence, joined, again)
		}
	})
}

func TestCount(t *testing.T) {
	want := Counts{"not": 2, "bad": 1, "good": 1, "not bad": 1, "not good": 1}
	if diff := cmp.Diff(want, Count([]string{"Not bad", "not good"}, 2)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSalience(t *testing.T) {
	in, other, third := Counts{"good": 3, "the": 4}, Counts{"good": 1, "the": 4}, Counts{"good": 2, "bad": 7}
	for _, c := range []struct {
		gram   string
		lambda float64
		others []Counts
		want   float64
	}{
		{"good", 1, []Counts{other}, 2},          // (3+1)/(1+1)
		{"good", 1, []Counts{other, third}, 1},   // (3+1)/(1+2+1)
		{"good", 0.5, []Counts{third}, 1.4},      // 3.5/2.5
		{"the", 1, []Counts{other}, 1},           // as common in both
		{"bad", 1, []Counts{other, third}, .125}, // (0+1)/(7+1)
		{"unseen", 2, []Counts{other}, 1},
		{"good", 1, nil, 4},
	} {
		if got := Salience(c.gram, in, c.lambda, c.others...); got != c.want {
			t.Errorf("Salience(%q, λ = %g) = %g, want %g", c.gram, c.lambda, got, c.want)
		}
	}
}

func TestDelete(t *testing.T) {
	for _, c := range []struct {
		sentence string
		markers  []string
		maxN     int
		want     string
		deleted  []string
	}{
		{"the soup was awful", []string{"awful"}, 4, "the soup was ___", []string{"awful"}},
		{"the soup was awful", []string{"awful", "was awful", "soup was awful"}, 4, "the soup was ___", []string{"awful"}},
		{"the soup was not bad at all", []string{"not bad"}, 4, "the soup was ___ at all", []string{"not bad"}},
		{"a stale cold cake", []string{"stale", "cold"}, 4, "a ___ cake", []string{"stale cold"}},
		{"awful", []string{"awful"}, 1, "___", []string{"awful"}},
		{"i hated the bland pie", []string{"hated", "bland"}, 1, "i ___ the ___ pie", []string{"hated", "bland"}},
		{"a b c", []string{"a b", "b c"}, 2, "___", []string{"a b c"}}, // both are asked for: neither holds a shorter marker
		{"no hope at all", []string{"hope at all"}, 2, "no hope at all", nil},
		{"we ate", nil, 4, "we ate", nil},
		{"", []string{"awful"}, 4, "", nil},
	} {
		is := map[string]bool{}
		for _, marker := range c.markers {
			is[marker] = true
		}
		got := Delete(Tokens(c.sentence), func(gram string) bool { return is[gram] }, c.maxN)
		if got.String() != c.want || !cmp.Equal(got.Markers, c.deleted) {
			t.Errorf("%q without %q: got %q %q, want %q %q", c.sentence, c.markers, got, got.Markers, c.want, c.deleted)
		}
	}
}

func TestFill(t *testing.T) {
	two := Template{Words: []string{"i", Slot, "the", Slot, "pie"}}
	for want, markers := range map[string][]string{
		"i loved the fresh pie":        {"loved", "fresh"},
		"i loved the pie":              {"loved"},
		"i the pie":                    nil,
		"i did like the not bad pie":   {"did like", "not bad"},
		"i enjoyed the very fresh pie": {"enjoyed", "very fresh", "surplus"},
	} {
		if got := Join(two.Fill(markers)); got != want {
			t.Errorf("%q: got %q, want %q", markers, got, want)
		}
	}
}

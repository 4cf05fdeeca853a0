package checks

import (
	"fmt"
	"strings"

	"stylebook/stylelib/i18n"
	"stylebook/stylelib/textstyle"
)

func number(x float64) string { return fmt.Sprintf("%.3f", x) }

func list(words []string) string { return "[" + strings.Join(words, " | ") + "]" }

// Salience checks a learner's [textstyle.Salience] for two styles.
func Salience(f func(gram string, in, other textstyle.Counts, lambda float64) float64) Result {
	in, other := textstyle.Counts{"good": 3, "the": 4}, textstyle.Counts{"good": 1, "the": 4, "not good": 2}
	a := func(gram string, lambda float64, want string, slips map[string]string) attempt {
		return attempt{call: fmt.Sprintf("Salience(%q), λ = %g", gram, lambda),
			got: func() string { return number(f(gram, in, other, lambda)) }, want: want, slips: slips}
	}
	return judge("Salience",
		a("good", 1, "2.000", map[string]string{
			"0.000": "The function still returns 0: write the ratio.",
			"3.000": "That is the plain ratio: add λ above and below.",
			"0.500": "That is upside down: the style itself belongs above.",
			"4.000": "λ is missing below.",
			"1.500": "λ is missing above.",
		}),
		a("good", 0.5, "2.333", map[string]string{"2.000": "Use lambda, not 1."}),
		a("the", 1, "1.000", nil),
		a("not good", 1, "0.333", map[string]string{"3.000": "That is upside down: the style itself belongs above."}),
		a("unseen", 1, "1.000", map[string]string{"NaN": "0/0: add λ above and below."}))
}

// Delete checks a learner's [textstyle.Delete], which returns the template's words and the deleted markers.
func Delete(f func(words []string, isMarker func(gram string) bool, maxN int) (template, markers []string)) Result {
	a := func(sentence string, maxN int, markers []string, want string, slips map[string]string) attempt {
		is := map[string]bool{}
		for _, marker := range markers {
			is[marker] = true
		}
		return attempt{call: i18n.Format("Delete(%q), markers %q, maxN %d", sentence, markers, maxN), got: func() string {
			template, deleted := f(strings.Fields(sentence), func(gram string) bool { return is[gram] }, maxN)
			return strings.Join(template, " ") + " " + list(deleted)
		}, want: want, slips: slips}
	}
	return judge("Delete",
		a("the soup was awful today", 2, []string{"awful"}, "the soup was ___ today [awful]", map[string]string{
			"the soup was awful today []": "Nothing is deleted yet.",
			"the soup was today [awful]":  "Leave textstyle.Slot where the marker was.",
			"the soup was ___ today []":   "Also return what was deleted.",
		}),
		a("the soup was not bad", 2, []string{"not bad"}, "the soup was ___ [not bad]", map[string]string{
			"the soup was not bad []":          "A marker may have up to maxN words: ask for runs of two words too.",
			"the soup was ___ ___ [not | bad]": "Words that touch share one gap.",
			"the soup was ___ bad [not bad]":   "Delete both words of the marker.",
		}),
		a("a stale cold cake", 2, []string{"stale", "cold"}, "a ___ cake [stale cold]", map[string]string{
			"a ___ ___ cake [stale | cold]": "Markers that touch share one gap.",
		}),
		a("the soup was awful", 2, []string{"awful", "was awful"}, "the soup was ___ [awful]", map[string]string{
			"the soup ___ [was awful]": "Ask for the shortest first; a run that holds a marker already is not asked for any more.",
		}),
		a("i hated the bland pie", 1, []string{"hated", "bland"}, "i ___ the ___ pie [hated | bland]", nil),
		a("no hope at all", 2, []string{"hope at all"}, "no hope at all []", map[string]string{
			"no ___ [hope at all]": "That run is longer than maxN.",
		}),
		a("we ate", 4, nil, "we ate []", nil))
}

// Similarity checks a learner's cosine of two TF-IDF vectors.
func Similarity(f func(a, b []string, idf func(word string) float64) float64) Result {
	one := func(string) float64 { return 1 }
	rare := func(word string) float64 { return map[string]float64{"the": 1, "was": 1, "soup": 2, "cake": 2}[word] }
	a := func(x, y, title string, idf func(string) float64, want string, slips map[string]string) attempt {
		return attempt{call: i18n.Format("Similarity(%s), %s", fmt.Sprintf("%q, %q", x, y), i18n.In(title)),
			got: func() string { return number(f(strings.Fields(x), strings.Fields(y), idf)) }, want: want, slips: slips}
	}
	return judge("Similarity",
		a("the soup was", "the soup was", "idf 1", one, "1.000", map[string]string{
			"0.000": "The function still returns 0: write the cosine.",
			"3.000": "Divide by the lengths of both vectors.",
			"0.333": "Divide by the product of the lengths, each the root of a sum of squares.",
		}),
		a("the soup", "the cake", "idf 1", one, "0.500", nil),
		a("the soup", "a train", "idf 1", one, "0.000", nil),
		a("soup soup cake", "soup cake", "idf 1", one, "0.949", map[string]string{
			"1.000": "A word that stands twice counts twice.",
		}),
		a("the soup was", "the cake was", "idf of soup and cake 2, of the and was 1", rare, "0.333", map[string]string{
			"0.667": "Multiply each count by the word's idf.",
			"0.471": "Multiply by the idf in both vectors.",
		}),
		a("", "the soup", "idf 1", one, "0.000", map[string]string{"NaN": "0/0: no words are similar to nothing."}))
}

// Fill checks a learner's [textstyle.Template.Fill].
func Fill(f func(template, markers []string) []string) Result {
	a := func(template string, markers []string, want string, slips map[string]string) attempt {
		return attempt{call: fmt.Sprintf("Fill(%q, %q)", template, markers),
			got: func() string { return strings.Join(f(strings.Fields(template), markers), " ") }, want: want, slips: slips}
	}
	return judge("Fill",
		a("the soup was ___", []string{"lovely"}, "the soup was lovely", map[string]string{
			"the soup was ___":        "The gap is still there.",
			"the soup was ___ lovely": "Put the marker in place of the gap.",
			"the soup was":            "Put the marker into the gap.",
			"":                        "Nothing comes back yet.",
		}),
		a("i ___ the ___ pie", []string{"loved", "fresh"}, "i loved the fresh pie", map[string]string{
			"i loved the loved pie": "Each gap takes the next marker.",
			"i fresh the loved pie": "From left to right.",
		}),
		a("i ___ the ___ pie", []string{"loved"}, "i loved the pie", map[string]string{
			"i loved the ___ pie": "A gap without a marker is left out.",
		}),
		a("the soup was ___", []string{"not bad", "fresh"}, "the soup was not bad", nil),
		a("we ate", nil, "we ate", nil))
}

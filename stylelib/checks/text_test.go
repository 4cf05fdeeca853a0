package checks

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"stylebook/stylelib/textstyle"
)

func salience(gram string, in, other textstyle.Counts, lambda float64) float64 {
	return textstyle.Salience(gram, in, lambda, other)
}

func remove(words []string, isMarker func(string) bool, maxN int) (template, markers []string) {
	t := textstyle.Delete(words, isMarker, maxN)
	return t.Words, t.Markers
}

func similarity(a, b []string, idf func(string) float64) float64 {
	x, y := map[string]float64{}, map[string]float64{}
	for _, word := range a {
		x[word] += idf(word)
	}
	for _, word := range b {
		y[word] += idf(word)
	}
	dot := func(v, w map[string]float64) (sum float64) {
		for word := range v {
			sum += v[word] * w[word]
		}
		return sum
	}
	if length := math.Sqrt(dot(x, x) * dot(y, y)); length > 0 {
		return dot(x, y) / length
	}
	return 0
}

func fill(template, markers []string) []string {
	return textstyle.Template{Words: template}.Fill(markers)
}

func TestRightText(t *testing.T) {
	for _, r := range []Result{Salience(salience), Delete(remove), Similarity(similarity), Fill(fill)} {
		if details := r.Details(); !r.Right || strings.Contains(details, "✗") || strings.Count(details, " ✓\n") == 0 || r.String() != r.Name+": all right ✓" {
			t.Errorf("the right answer is refused:\n%v", r)
		}
	}
}

func TestWrongExercise4(t *testing.T) {
	for name, c := range map[string]struct {
		result Result
		hint   string
	}{
		"salience not written": {Salience(func(string, textstyle.Counts, textstyle.Counts, float64) float64 { return 0 }), "still returns 0"},
		"salience plain ratio": {Salience(func(g string, in, o textstyle.Counts, _ float64) float64 {
			return float64(in[g]) / float64(o[g])
		}), "plain ratio"},
		"salience upside down": {Salience(func(g string, in, o textstyle.Counts, l float64) float64 { return salience(g, o, in, l) }), "upside down"},
		"salience with λ fixed at 1": {Salience(func(g string, in, o textstyle.Counts, _ float64) float64 {
			return salience(g, in, o, 1)
		}), "Use lambda"},
		"delete not written": {Delete(func(words []string, _ func(string) bool, _ int) (t, m []string) { return words, nil }), "Nothing is deleted"},
		"delete only words":  {Delete(func(w []string, is func(string) bool, _ int) (t, m []string) { return remove(w, is, 1) }), "up to maxN"},
		"delete without gaps": {Delete(func(w []string, is func(string) bool, n int) (t, m []string) {
			deleted := textstyle.Delete(w, is, n)
			return deleted.Content(), deleted.Markers
		}), "Leave textstyle.Slot"},
		"delete too long runs":    {Delete(func(w []string, is func(string) bool, n int) (t, m []string) { return remove(w, is, n+1) }), "longer than maxN"},
		"delete all that matches": {Delete(deleteAll), "shortest first"},
		"similarity not written":  {Similarity(func(_, _ []string, _ func(string) float64) float64 { return 0 }), "still returns 0"},
		"similarity without idf": {Similarity(func(a, b []string, _ func(string) float64) float64 {
			return similarity(a, b, func(string) float64 { return 1 })
		}), "by the word's idf"},
		"similarity of nothing": {Similarity(func(a, b []string, idf func(string) float64) float64 {
			if len(a) == 0 {
				return math.NaN()
			}
			return similarity(a, b, idf)
		}), "0/0"},
		"fill not written":         {Fill(func(template, _ []string) []string { return template }), "still there"},
		"fill with the first only": {Fill(fillWithFirst), "the next marker"},
		"a panic":                  {Fill(func(_, markers []string) []string { return markers[:9] }), "a panic"},
	} {
		if c.result.Right || !strings.Contains(c.result.String(), c.hint) || !strings.HasSuffix(c.result.String(), ": not yet") {
			t.Errorf("%s: want a refusal with %q, got\n%v", name, c.hint, c.result)
		}
	}
}

// deleteAll deletes every n-gram that is a marker, as the paper has it.
func deleteAll(words []string, isMarker func(string) bool, maxN int) (template, markers []string) {
	out := map[int]bool{}
	for n := 1; n <= maxN; n++ {
		for start := 0; start+n <= len(words); start++ {
			for i := start; i < start+n && isMarker(strings.Join(words[start:start+n], " ")); i++ {
				out[i] = true
			}
		}
	}
	for i, word := range words {
		switch {
		case !out[i]:
			template = append(template, word)
		case out[i-1]:
			markers[len(markers)-1] += " " + word
		default:
			template, markers = append(template, textstyle.Slot), append(markers, word)
		}
	}
	return template, markers
}

func fillWithFirst(template, markers []string) (words []string) {
	for _, word := range template {
		if word == textstyle.Slot {
			word = markers[0]
		}
		words = append(words, word)
	}
	return words
}

func ExampleFill() {
	fmt.Println(Fill(func(template, _ []string) []string { return template[:1] }))
	// Output:
	// Fill("the soup was ___", ["lovely"]): yours the, expected the soup was lovely ✗
	// Fill("i ___ the ___ pie", ["loved" "fresh"]): yours i, expected i loved the fresh pie ✗
	// Fill("i ___ the ___ pie", ["loved"]): yours i, expected i loved the pie ✗
	// Fill("the soup was ___", ["not bad" "fresh"]): yours the, expected the soup was not bad ✗
	// Fill("we ate", []): yours we, expected we ate ✗
	// Fill: not yet
}

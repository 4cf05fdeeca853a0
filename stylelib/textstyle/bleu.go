package textstyle

import "math"

const bleuN = 4

// BLEU tells how much of a sentence is found in a reference, from 0 (no word) to 1 (the same tokens).
//
//	BLEU = min(1, e^(1 - r/c)) · (p1 · p2 · p3 · p4)^¼
//	p1 = m1 / t1,  pn = (mn + 1) / (tn + 1) for n > 1
//
// c and r are the lengths of candidate and reference, tn the number of n-grams of the candidate, mn how many of them the
// reference has too, each counted at most as often as it occurs there. With the input as reference it is what the
// survey calls self-BLEU: how much of the content is kept.
//
// Papineni et al. 2002 for one sentence and one reference, smoothed by adding one for n > 1 as Lin and Och 2004 propose
// for single sentences.
func BLEU(candidate, reference string) float64 {
	c, r := Tokens(candidate), Tokens(reference)
	if len(c) == 0 || len(r) == 0 {
		return 0
	}
	logs := 0.0
	for n := 1; n <= bleuN; n++ {
		matched, total := overlap(c, r, n)
		if n > 1 {
			matched, total = matched+1, total+1
		}
		if matched == 0 {
			return 0
		}
		logs += math.Log(float64(matched)/float64(total)) / bleuN
	}
	brevity := min(0, 1-float64(len(r))/float64(len(c)))
	return math.Exp(brevity + logs)
}

// overlap counts the candidate's n-grams, and how many of them the reference has too.
func overlap(candidate, reference []string, n int) (matched, total int) {
	left := Counts{}
	nGrams(reference, n, func(_ int, gram string) { left[gram]++ })
	nGrams(candidate, n, func(_ int, gram string) {
		total++
		if left[gram] > 0 {
			left[gram]--
			matched++
		}
	})
	return matched, total
}

// Package nearest finds the word that somebody meant who mistyped it.
package nearest

// To returns the first of the known words that is nearest to one, by how many letters are wrong, missing, too many, or in the
// place of their neighbour; "" where none is near enough to be meant.
func To(word string, known []string) (best string) {
	least := 2 + len(word)/5 // what is further is another word
	for _, candidate := range known {
		if d := distance(word, candidate); d < least && d < max(len(word), len(candidate)) {
			least, best = d, candidate
		}
	}
	return best
}

// distance is the optimal string alignment distance: a pair of letters is swapped at most once.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j-1]+wrong, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

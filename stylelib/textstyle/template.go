package textstyle

import "slices"

// Slot stands in a template for markers that were deleted.
const Slot = "___"

// Template is a sentence without the markers of its style.
type Template struct {
	Words   []string // the content, with a Slot at each gap
	Markers []string // what was deleted, one entry for each Slot, from left to right
}

// Delete cuts the markers of a style out of a sentence.
//
// isMarker is asked for each n-gram of 1 to maxN words, the shortest first; an n-gram that holds a shorter marker is not
// asked for any more. Markers that touch share one gap.
//
// Li et al. 2018, section 3.1. They delete every n-gram above the threshold; then "the soup was awful" takes the soup
// with it as soon as it is frequent enough. Shortest first keeps it, and still finds "not bad" where neither "not" nor
// "bad" is a marker.
func Delete(words []string, isMarker func(gram string) bool, maxN int) Template {
	deleted := make([]bool, len(words))
	for n := 1; n <= maxN; n++ {
		found := slices.Clone(deleted)
		nGrams(words, n, func(start int, gram string) {
			if !slices.Contains(deleted[start:start+n], true) && isMarker(gram) {
				for i := start; i < start+n; i++ {
					found[i] = true
				}
			}
		})
		deleted = found
	}
	return cut(words, deleted)
}

// cut replaces each run of deleted words by a Slot.
func cut(words []string, deleted []bool) Template {
	var t Template
	for i, word := range words {
		switch {
		case !deleted[i]:
			t.Words = append(t.Words, word)
		case i > 0 && deleted[i-1]:
			t.Markers[len(t.Markers)-1] += " " + word
		default:
			t.Words = append(t.Words, Slot)
			t.Markers = append(t.Markers, word)
		}
	}
	return t
}

// Content returns the words without the slots.
func (t Template) Content() []string {
	return slices.DeleteFunc(slices.Clone(t.Words), func(word string) bool { return word == Slot })
}

// Fill returns the words with markers in place of the slots, from left to right. Slots without a marker are left out,
// markers without a slot too.
func (t Template) Fill(markers []string) []string {
	var words []string
	for _, word := range t.Words {
		if word != Slot {
			words = append(words, word)
			continue
		}
		if len(markers) > 0 {
			words = append(words, Tokens(markers[0])...)
			markers = markers[1:]
		}
	}
	return words
}

// String returns the template as a line of text.
func (t Template) String() string { return Join(t.Words) }

package nearest

import "testing"

func TestTo(t *testing.T) {
	known := []string{"style", "style-weight", "content", "epochs", "lr", "web", "strength", "seed", "out", "log", "keep-colours"}
	for word, want := range map[string]string{
		"styel": "style", "stile": "style", "sytle": "style", "contnet": "content", "epoch": "epochs", "strenght": "strength",
		"style-wieght": "style-weight", "keep-colors": "keep-colours", "seeds": "seed", "r": "lr", "we": "web",
		"x": "", "": "", "colour": "", "photo.jpg": "", "quality": "",
	} {
		if got := To(word, known); got != want {
			t.Errorf("%q is taken for %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"ca", "abc", 3}, {"kitten", "sitting", 3}, {"stly", "style", 2}} {
		if got := distance(test.a, test.b); got != test.want || distance(test.b, test.a) != test.want {
			t.Errorf("%q and %q are %d apart, want %d", test.a, test.b, got, test.want)
		}
	}
}

package i18n

import (
	"strings"
	"testing"
	"unicode"
)

func TestIn(t *testing.T) {
	if got := In("its gradient"); got != "its gradient" {
		t.Errorf("English: %q", got)
	}
	t.Setenv(LanguageEnv, "zh")
	if got := Format("%s: not yet", "Gram"); got != "Gram：还不对" {
		t.Errorf("Chinese: %q", got)
	}
	if got := In("what nobody translated"); got != "what nobody translated" {
		t.Errorf("without translation: %q", got)
	}
}

func TestWhatWasFormattedIsTranslated(t *testing.T) {
	said := "content weight 0.5, style weight 1e+03, TV weight 10, content layer conv4_1"
	if got := Translate(said); got != "内容权重 0.5，风格权重 1e+03，全变分权重 10，内容层 conv4_1" {
		t.Error(got)
	}
}

// Each pair is an English line and a Chinese one, with the same verbs in the same order.
func TestPairs(t *testing.T) {
	verbs := func(text string) (found []string) {
		for i, part := range strings.Split(text, "%") {
			if i > 0 {
				found = append(found, part[:1])
			}
		}
		return found
	}
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(strings.TrimSpace(chinese), "\n\n") {
		lines := strings.Split(pair, "\n")
		if len(lines) != 2 || seen[lines[0]] {
			t.Errorf("not a pair of lines, or there twice: %q", pair)
			continue
		}
		seen[lines[0]] = true
		if a, b := strings.Join(verbs(lines[0]), ""), strings.Join(verbs(lines[1]), ""); a != b {
			t.Errorf("%q has the verbs %s, its translation %s", lines[0], a, b)
		}
		if !strings.ContainsFunc(lines[1], func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%q is not translated: %q", lines[0], lines[1])
		}
	}
}

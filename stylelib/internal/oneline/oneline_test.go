package oneline

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{"a b.png": "a b.png", "": `""`, "a\n\x1b": `"a\n\x1b"`, "a\u202egnp": `"a\u202egnp"`, "雪 é": "雪 é"} {
		if got := Quote(text); got != want {
			t.Errorf("Quote(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	if got, want := Short("is \"it\"\n\x1b[31m?"), `is "it"\n\x1b[31m?`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	got := Short("begin" + strings.Repeat("ß", 1<<20) + "end")
	if len(got) > longest+10 || !utf8.ValidString(got) || !strings.HasPrefix(got, "begin") || !strings.HasSuffix(got, "end") {
		t.Errorf("got %d bytes: %q", len(got), got)
	}
}

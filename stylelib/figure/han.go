package figure

import (
	_ "embed"
	"sync"

	"stylebook/stylelib/i18n"

	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
)

// hanFile is a font with Chinese characters, of which the one that figures are drawn with otherwise has none: Noto Sans CJK SC 2.004 with the
// characters of GB 2312's first level and of our own labels, under the SIL Open Font License, which lies beside it. It was made by
// pyftsubset of fonttools 4.60.1 from Debian's fonts-noto-cjk 20220127.
//
//go:embed han/han.otf
var hanFile []byte

const hanTypeface = "Han"

// loadHan makes the font known to plots.
var loadHan = sync.OnceValue(func() *opentype.Font {
	face, err := opentype.Parse(hanFile)
	if err != nil {
		panic(err)
	}
	font.DefaultCache.Add(font.Collection{{Font: font.Font{Typeface: hanTypeface, Variant: "Sans"}, Face: face}})
	return face
})

// speaksChinese says whether figures are labelled in Chinese: in a Chinese notebook.
func speaksChinese() bool { return i18n.Chinese() && loadHan() != nil }

// said is a label in the language of the notebook.
func said(english string) string {
	if speaksChinese() {
		return i18n.Translate(english)
	}
	return english
}

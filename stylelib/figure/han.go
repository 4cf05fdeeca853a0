package figure

import (
	"os"
	"sync"

	"stylebook/stylelib/i18n"

	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
)

// hanFonts are where systems keep a font with Chinese characters; the one that figures are drawn with otherwise has none.
var hanFonts = []string{
	"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
	"/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
	"/System/Library/Fonts/Hiragino Sans GB.ttc",
	"/mnt/c/Windows/Fonts/msyh.ttc",
}

const hanTypeface = "Han"

// loadHan finds a font with Chinese characters and makes it known to plots.
var loadHan = sync.OnceValue(func() bool {
	for _, path := range hanFonts {
		file, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fonts, err := opentype.ParseCollection(file)
		if err != nil {
			continue
		}
		if face, err := fonts.Font(0); err == nil && draws(face, "0a风") {
			font.DefaultCache.Add(font.Collection{{Font: font.Font{Typeface: hanTypeface, Variant: "Sans"}, Face: face}})
			return true
		}
	}
	return false
})

// draws says whether a font has all these characters: some have no digits.
func draws(face *opentype.Font, characters string) bool {
	for _, character := range characters {
		if at, err := face.GlyphIndex(nil, character); err != nil || at == 0 {
			return false
		}
	}
	return true
}

// speaksChinese says whether figures are labelled in Chinese: in a Chinese notebook, where the system has a font for it.
func speaksChinese() bool { return i18n.Chinese() && loadHan() }

// said is a label in the language of the notebook.
func said(english string) string {
	if speaksChinese() {
		return i18n.Translate(english)
	}
	return english
}

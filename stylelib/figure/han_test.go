package figure

import (
	"bytes"
	"image"
	"os"
	"testing"

	"stylebook/stylelib/i18n"
)

// A Chinese notebook's figure has other letters, and as many pixels.
func TestFiguresSpeakChinese(t *testing.T) {
	flat := Picture{Title: "content image", Image: image.NewGray(image.Rect(0, 0, 30, 20))}
	english := Pictures(flat).(*image.RGBA)
	t.Setenv(i18n.LanguageEnv, "zh")
	chinese := Pictures(flat).(*image.RGBA)
	if chinese.Bounds() != english.Bounds() || bytes.Equal(chinese.Pix, english.Pix) {
		t.Error("the title is still English")
	}
	flat.Title = "内容图像"
	if already := Pictures(flat).(*image.RGBA); !bytes.Equal(chinese.Pix, already.Pix) {
		t.Error("the title is something else")
	}
	one, other := Pictures(Picture{Title: "内", Image: flat.Image}).(*image.RGBA), Pictures(Picture{Title: "容", Image: flat.Image}).(*image.RGBA)
	if bytes.Equal(one.Pix, other.Pix) {
		t.Error("two characters look the same: the font has neither")
	}
	if got := said("synthesized image, epoch 60"); got != "合成图像，迭代周期 60" {
		t.Errorf("got %q", got)
	}
}

// The font has every character of our labels.
func TestTheFontHasOurLabels(t *testing.T) {
	labels, err := os.ReadFile("../i18n/zh.txt")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[rune]bool{}
	for _, character := range string(labels) {
		if at, err := loadHan().GlyphIndex(nil, character); character >= ' ' && (err != nil || at == 0) && !missing[character] {
			missing[character] = true
			t.Errorf("it lacks %c, %[1]U: make it anew, see hanFile", character)
		}
	}
}

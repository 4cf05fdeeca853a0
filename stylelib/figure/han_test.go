package figure

import (
	"bytes"
	"image"
	"testing"

	"stylebook/stylelib/i18n"
)

// A Chinese notebook's figure has other letters, and as many pixels.
func TestFiguresSpeakChinese(t *testing.T) {
	flat := Picture{Title: "content image", Image: image.NewGray(image.Rect(0, 0, 30, 20))}
	english := Pictures(flat).(*image.RGBA)
	t.Setenv(i18n.LanguageEnv, "zh")
	if !loadHan() {
		t.Skip("no font with Chinese characters here (Debian: apt install fonts-noto-cjk)")
	}
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

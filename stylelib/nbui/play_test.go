package nbui

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"html"
	"image"
	"image/color"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
)

// noise is a picture that JPEG can't make small.
func noise(width, height int) image.Image {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(random.Uint32()) | uint8(255*(i%4/3))
	}
	return picture
}

// told reads what an output tells its script.
func told(t *testing.T, page string) (p play) {
	t.Helper()
	found := regexp.MustCompile(`data-play="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatal("the output tells nothing")
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func decoded(t *testing.T, source string) (image.Image, string) {
	t.Helper()
	_, data, _ := strings.Cut(source, ";base64,")
	file, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	picture, kind, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return picture, kind
}

func TestAFilmIsShownWhereItLies(t *testing.T) {
	for path, want := range map[string]string{
		"../out/a film.gif": `<img src="../out/a%20film.gif" alt="../out/a film.gif">`,
		`"<1>.webp`:         `<img src="%22%3C1%3E.webp" alt="&#34;&lt;1&gt;.webp">`,
		"film.MP4":          `<video src="film.MP4" title="film.MP4" autoplay loop muted controls></video>`,
	} {
		if page := filmPage(path); page != want {
			t.Errorf("%s: %s, want %s", path, page, want)
		}
	}
}

func TestATrainingsSliderHasItsEpochs(t *testing.T) {
	live := NewLive(500)
	if err := live.Film("film.gif"); err == nil {
		t.Error("nothing has a film")
	}
	for epoch := 1; epoch <= 500; epoch++ {
		level := float32(epoch) / 500
		values := slices.Repeat([]float32{level}, 2*3*3)
		record := sl.Record{Epoch: epoch, Losses: []sl.TermLoss{{Name: "content", Value: 1}, {Name: "tv", Value: float64(500 - epoch)}},
			Image: tensors.FromFlatDataAndDimensions(values, 1, 2, 3, 3)}
		if err := live.Report(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := live.Film(filepath.Join(t.TempDir(), "film.gif")); err != nil {
		t.Error(err)
	}
	page, err := live.trainingPage()
	if err != nil {
		t.Fatal(err)
	}
	p := told(t, page)
	epochs := p.Axes[0].Values
	if len(p.Axes) != 1 || len(epochs) < 10 || len(epochs) > steps || epochs[0] != "10" || epochs[len(epochs)-1] != "500" || p.Axes[0].At != len(epochs)-1 {
		t.Errorf("the slider has %v", p.Axes)
	}
	if len(p.Frames) != len(epochs) || len(p.Places) != len(epochs) || len(p.Titles) != len(epochs) {
		t.Fatalf("%d frames, %d places, %d titles for %d epochs", len(p.Frames), len(p.Places), len(p.Titles), len(epochs))
	}
	before := color.Gray{}
	for i, source := range p.Frames {
		picture, _ := decoded(t, source)
		level := color.GrayModel.Convert(picture.At(1, 1)).(color.Gray)
		if i > 0 && (level.Y <= before.Y || p.Places[i].X <= p.Places[i-1].X || p.Places[i].Ys[1] <= p.Places[i-1].Ys[1] ||
			p.Places[i].Ys[0] != p.Places[0].Ys[0]) {
			t.Errorf("epoch %s: brightness %d after %d, point at %v after %v", epochs[i], level.Y, before.Y, p.Places[i], p.Places[i-1])
		}
		before = level
	}
	if strings.Count(page, `class="dot"`) != 2 || !strings.Contains(page, "<script>"+playScript+"</script>") {
		t.Error("there is a point for each loss, and the script that pages allow")
	}
}

func TestOutputsStaySmall(t *testing.T) {
	pictures := slices.Repeat([]figure.Picture{{Title: "noise", Image: noise(600, 400)}}, 16)
	page, err := stepped([]Axis{{Name: "a", Values: make([]string, 16)}}, pictures, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(page) > 128_000 {
		t.Errorf("16 pictures of noise take %d bytes", len(page))
	}
}

func TestSmallMapsKeepTheirCells(t *testing.T) {
	want := noise(20, 10)
	page, err := stepped([]Axis{{Name: "channel", Values: []string{"1"}}}, []figure.Picture{{Title: "1", Image: want}}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, kind := decoded(t, told(t, page).Frames[0])
	if kind != "png" || !strings.Contains(page, "image-rendering: pixelated") || !strings.Contains(page, `width="440"`) {
		t.Errorf("shown as %s: %.300s", kind, page)
	}
	for i := range 200 {
		if got.At(i%20, i/20) != want.At(i%20, i/20) {
			t.Fatalf("the cell %d is %v", i, got.At(i%20, i/20))
		}
	}
}

func TestTitlesCantBecomeCode(t *testing.T) {
	evil := `"><script>alert(1)</script>`
	axis := Axis{Name: evil, Values: []string{evil}}
	svg, places := gridMap(axis, axis)
	page, err := stepped([]Axis{axis, axis}, []figure.Picture{{Title: evil, Image: noise(4, 4)}}, svg, places)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(page, "<script") != 1 || told(t, page).Titles[0] != evil {
		t.Errorf("%.500s", page)
	}
}

// In a Chinese notebook sliders, titles and the map of a grid are Chinese; what the caller gave stays as it is.
func TestWhatIsPlayedWithSpeaksChinese(t *testing.T) {
	t.Setenv(i18n.LanguageEnv, "zh")
	axes := []Axis{{Name: "style ×", Values: []string{"1"}}, {Name: "content ×", Values: []string{"10"}}}
	svg, places := gridMap(axes[0], axes[1])
	page, err := stepped(axes, []figure.Picture{{Title: "style × 1, content × 10", Image: noise(4, 4)}}, svg, places)
	if err != nil {
		t.Fatal(err)
	}
	p := told(t, page)
	if p.Axes[0].Name != "风格 ×" || p.Axes[1].Name != "内容 ×" || p.Titles[0] != "风格 × 1，内容 × 10" || axes[0].Name != "style ×" {
		t.Errorf("%v, %v, %v", p.Axes, p.Titles, axes)
	}
	if strings.Contains(page, "style ×") || strings.Count(page, "风格 ×") < 4 {
		t.Errorf("%.900s", page)
	}
	live := NewLive(1)
	record := sl.Record{Epoch: 1, Losses: []sl.TermLoss{{Name: "content", Value: 1}}, Image: tensors.FromFlatDataAndDimensions(make([]float32, 2*3*3), 1, 2, 3, 3)}
	if err := live.Report(record); err != nil {
		t.Fatal(err)
	}
	if page, err = live.trainingPage(); err != nil {
		t.Fatal(err)
	}
	if p := told(t, page); p.Axes[0].Name != "迭代周期" || p.Titles[0] != "合成图像，迭代周期 1" {
		t.Errorf("%v, %v", p.Axes, p.Titles)
	}
	for _, said := range []string{noPage, "content weight", "style weight", "TV weight", "content layer", "train %d epochs", "done"} {
		if !i18n.Known(said) {
			t.Errorf("the knobs' %q has no translation", said)
		}
	}
}

func TestGridNeedsAPictureForEachCell(t *testing.T) {
	axis := Axis{Values: []string{"1", "2"}}
	if err := ShowGrid(axis, axis, figure.Picture{Image: noise(4, 4)}); err == nil {
		t.Error("one picture is taken for four")
	}
	if err := ShowSteps("step"); err == nil {
		t.Error("no picture is taken for some")
	}
}

package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/cli"
	"stylebook/stylelib/internal/testkit"
)

// small are options of a training of moments.
func small(epochs int) []part {
	return []part{{"preset", "pytorch", nil}, {"size", "48", nil}, {"epochs", fmt.Sprint(epochs), nil}}
}

// finish starts a picture and waits for its end.
func (p *page) finish(parts ...part) (run string) {
	p.t.Helper()
	if got, text := p.start(parts...); got != 204 {
		p.t.Fatalf("%d %s", got, text)
	}
	_, n := p.watch(func(n update) bool { return n.Phase == "finished" || n.Phase == "failed" })
	if n.Phase != "finished" {
		p.t.Fatalf("it ended with %+v", n)
	}
	return n.Run
}

// look is what the page is told of a run that is seen large.
func (p *page) look(run string) (v struct {
	Row        struct{ ID string }
	Photograph bool
	Film       []int
	Losses     []sl.Record
}) {
	p.t.Helper()
	if _, text := p.request("GET", "runs/"+run+"/look", nil); json.Unmarshal([]byte(text), &v) != nil {
		p.t.Fatal(text)
	}
	return v
}

// A run has its photograph, its film and its losses to see, of its own files and of no others.
func TestLook(t *testing.T) {
	p := open(t, "web", "-quiet")
	run := p.finish(append(pictures(t), small(50)...)...)
	v := p.look(run)
	if v.Row.ID != run || !v.Photograph || len(v.Losses) != 50 || len(v.Film) > 26 || v.Film[0] != 1 || !slices.Contains(v.Film, 50) {
		t.Errorf("%+v", v)
	}
	var sizes [3]image.Point
	for i, path := range []string{"picture.png", "photograph.jpg", "film/50"} {
		_, text := p.request("GET", "runs/"+run+"/"+path, nil)
		shape, _, err := image.DecodeConfig(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		sizes[i] = image.Pt(shape.Width, shape.Height)
	}
	if sizes[0] != image.Pt(48, 32) || sizes[1] != sizes[0] || sizes[2] != sizes[0] {
		t.Errorf("sizes %v", sizes)
	}
	p.showsPhotograph(run)
	for path, want := range map[string]int{run + "/film/2": 404, run + "/film/-1": 404, run + "/film/x": 404, run + "/film/..%2fcontent.jpg": 403,
		"nowhere/look": 404, "nowhere/photograph.jpg": 404} {
		if got, text := p.request("GET", "runs/"+path, nil); got != want || strings.Contains(text, p.folder) {
			t.Errorf("%s: %d %s", path, got, text)
		}
	}
	content := filepath.Join(p.folder, run, "content-photo.jpg")
	if err := os.WriteFile(content, sample(t, "style.jpg"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, text := p.request("GET", "runs/"+run+"/photograph.jpg", nil); got != 404 || !strings.Contains(text, "not there any more as it was") {
		t.Errorf("another picture under its name: %d %.100q", got, text)
	}
	if err := os.Remove(content); err != nil {
		t.Fatal(err)
	}
	if p.look(run).Photograph {
		t.Error("a photograph that isn't there")
	}
}

// A film that is asked for is made of the pictures that the page has, and leaves them there.
func TestFilmBesideThePage(t *testing.T) {
	data, folder := filepath.Join(testkit.Root(t), "data"), t.TempDir()
	p := open(t, "-web", "-content", filepath.Join(data, "content.jpg"), "-style", filepath.Join(data, "style.jpg"), "-out", filepath.Join(folder, "out.png"),
		"-animation", filepath.Join(folder, "film.gif"), "-width", "48", "-epochs", "3")
	_, n := p.watch(phase("finished"))
	if v := p.look(n.Run); !slices.Equal(v.Film, []int{1, 2, 3}) || !v.Photograph {
		t.Errorf("%+v", v)
	}
	if _, err := os.Stat(filepath.Join(folder, "film.gif")); err != nil {
		t.Error(err)
	}
}

// showsPhotograph wants the photograph of a run to be the sample, to a JPEG's accuracy.
func (p *page) showsPhotograph(run string) {
	p.t.Helper()
	_, text := p.request("GET", "runs/"+run+"/photograph.jpg", nil)
	got, err := jpeg.Decode(strings.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	photograph, err := sl.ReadImage(filepath.Join(p.folder, run, "content-photo.jpg"))
	if err != nil {
		p.t.Fatal(err)
	}
	want, err := sl.Resize(photograph, 32, 48, sl.AntialiasBilinear)
	if err != nil {
		p.t.Fatal(err)
	}
	sum := 0.0
	for i := range 32 * 48 {
		a, b := color.GrayModel.Convert(got.At(i%48, i/48)).(color.Gray), color.GrayModel.Convert(want.At(i%48, i/48)).(color.Gray)
		sum += max(float64(a.Y), float64(b.Y)) - min(float64(a.Y), float64(b.Y))
	}
	if mean := sum / (32 * 48); mean > 4 {
		p.t.Errorf("the photograph is %.1f levels off", mean)
	}
}

// halves is a PNG of two colours side by side.
func halves(t *testing.T, left, right color.Color) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 30, 20))
	for i := range 30 * 20 {
		picture.Set(i%30, i/30, left)
		if i%30 >= 15 {
			picture.Set(i%30, i/30, right)
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// Marks go up with the pictures and lie beside them; the command makes the same picture of these files.
func TestMarks(t *testing.T) {
	p := open(t, "web", "-quiet")
	gray, blue := color.RGBA{128, 128, 128, 255}, color.RGBA{0, 114, 178, 255}
	options := append(small(4), part{"keep-colours", "luminance", nil})
	marks := []part{{"content-mask", "m", halves(t, gray, blue)}, {"style-mask", "m", halves(t, blue, gray)},
		{"colours-mask", "m", halves(t, color.White, color.Gray{60})}}
	run := p.finish(slices.Concat(pictures(t), options, marks)...)
	folder, alone := filepath.Join(p.folder, run), filepath.Join(t.TempDir(), "alone.png")
	arguments := []string{"-content", filepath.Join(folder, "content-photo.jpg"), "-style", filepath.Join(folder, "style-painting.jpg"), "-out", alone, "-quiet", "-runs", "off"}
	for _, o := range options {
		arguments = append(arguments, "-"+o.name+"="+o.value)
	}
	for _, m := range marks {
		path := filepath.Join(folder, m.name+"-m.png")
		if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, m.file) {
			t.Errorf("%s is not what was sent: %v", m.name, err)
		}
		arguments = append(arguments, "-"+m.name+"="+path)
	}
	if status := cli.Run(t.Context(), arguments, p.said, p.said); status != 0 {
		t.Fatal(p.said)
	}
	want, err := os.ReadFile(alone)
	if err != nil {
		t.Fatal(err)
	}
	if _, got := p.request("GET", "runs/"+run+"/picture.png", nil); got != string(want) {
		t.Error("the page's picture is not the command's")
	}
	plain := p.finish(append(pictures(t), options...)...)
	if _, got := p.request("GET", "runs/"+plain+"/picture.png", nil); got == string(want) {
		t.Error("marks change nothing")
	}
}

func TestMarksAreRefused(t *testing.T) {
	p := open(t, "web", "-quiet")
	regions := halves(t, color.Black, color.White)
	for what, test := range map[string]struct {
		parts []part
		text  string
	}{
		"a text":      {[]part{{"content-mask", "m.png", []byte("hello, world")}}, "the regions of the photograph: is a text file, not a picture"},
		"a path":      {[]part{{"colours-mask", "/etc/passwd", nil}}, "the places that keep their colours: "},
		"two of them": {[]part{{"content-mask", "m", regions}, {"content-mask", "m", regions}}, "content-mask comes twice"},
	} {
		if got, text := p.start(append(pictures(t), test.parts...)...); got != 400 || !strings.Contains(text, test.text) {
			t.Errorf("%s: %d %q, want %q", what, got, text, test.text)
		}
	}
	for what, test := range map[string]struct {
		parts []part
		text  string
	}{
		"one of two":    {[]part{{"content-mask", "m", regions}}, "masks: 0 for 1 style images"},
		"other colours": {[]part{{"content-mask", "m", regions}, {"style-mask", "m", halves(t, color.Black, color.Black)}}, "no style mask has the colour #ffffff"},
		"no luminance":  {[]part{{"colours-mask", "m", regions}}, "colours mask: says where the luminance alone is painted"},
	} {
		if got, text := p.start(append(pictures(t), test.parts...)...); got != 204 {
			t.Errorf("%s: %d %q", what, got, text)
			continue
		}
		if _, n := p.watch(phase("failed")); !strings.Contains(n.Error, test.text) {
			t.Errorf("%s: %q, want %q", what, n.Error, test.text)
		}
		p.until("the uploads to be gone", func() bool {
			entries, err := os.ReadDir(p.folder)
			return err == nil && len(entries) == 1
		})
	}
}

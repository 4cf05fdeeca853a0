package film

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/webp"
)

// slope is a picture whose colours change everywhere, brighter with each epoch.
func slope(width, height, epoch int) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		x, y := i%width, i/width
		picture.SetRGBA(x, y, color.RGBA{uint8(200 * x / width), uint8(200 * y / height), uint8(2 * epoch), 255})
	}
	return picture
}

func recorder(t *testing.T, width, height int) *Recorder {
	t.Helper()
	r := NewRecorder(100, 1)
	for epoch := 1; epoch <= 100; epoch++ {
		size := 1 + epoch/51 // coarse to fine: the second half is twice as large
		if r.Wants(epoch) {
			if err := r.Add(epoch, slope(size*width/2, size*height/2, epoch)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

func TestReelTakesTheFirstTheLastAndSomeBetween(t *testing.T) {
	for _, training := range []struct{ epochs, every int }{{1, 1}, {10, 10}, {60, 1}, {61, 1}, {500, 1}, {500, 10}, {501, 10}, {100_000, 7}} {
		r := NewRecorder(training.epochs, training.every)
		for epoch := 1; epoch <= training.epochs; epoch++ {
			if (epoch%training.every == 0 || epoch == training.epochs) && r.Wants(epoch) {
				r.Frames = append(r.Frames, Frame{Epoch: epoch})
			}
		}
		first, last, n := r.Frames[0].Epoch, r.Frames[len(r.Frames)-1].Epoch, len(r.Frames)
		if first != min(training.every, training.epochs) || last != training.epochs || n > Frames+2 || n < min(Frames/2, training.epochs/training.every) {
			t.Errorf("%v: %d pictures from %d to %d", training, n, first, last)
		}
	}
}

func TestGIF(t *testing.T) {
	path := filepath.Join(t.TempDir(), "film.gif")
	if err := recorder(t, 90, 60).Write(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	film, err := gif.DecodeAll(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	n := len(film.Image)
	if n != 51 || film.Config.Width != 90 || film.Config.Height != 60 || film.Delay[0] != 10 || film.Delay[n-1] != 200 || film.LoopCount != 0 {
		t.Fatalf("%d pictures of %d × %d, delays %v", n, film.Config.Width, film.Config.Height, film.Delay)
	}
	for at, epoch := range map[int]int{10: 20, 20: 40, 30: 60, 40: 80} {
		want := slope(90, 60, epoch)
		sum := 0.0
		for block := range 9 * 6 { // means of blocks, which dithering keeps
			var off [3]float64
			for i := range 100 {
				x, y := block%9*10+i%10, block/9*10+i/10
				got, want := color.RGBAModel.Convert(film.Image[at].At(x, y)).(color.RGBA), want.RGBAAt(x, y)
				off[0] += (float64(got.R) - float64(want.R)) / 100
				off[1] += (float64(got.G) - float64(want.G)) / 100
				off[2] += (float64(got.B) - float64(want.B)) / 100
			}
			sum += (off[0]*off[0] + off[1]*off[1] + off[2]*off[2]) / (9 * 6 * 3)
		}
		if math.Sqrt(sum) > 3 {
			t.Errorf("picture %d is %.1f levels off", at, math.Sqrt(sum))
		}
	}
}

func TestLargePicturesAreShrunk(t *testing.T) {
	r := NewRecorder(1, 1)
	if err := r.Add(1, slope(1500, 601, 1)); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := r.gif(&file); err != nil {
		t.Fatal(err)
	}
	if film, err := gif.DecodeConfig(&file); err != nil || film.Width != 480 || film.Height != 192 {
		t.Errorf("%d × %d, %v", film.Width, film.Height, err)
	}
}

// distance is the mean square by which a palette misses a picture's colours.
func distance(p color.Palette, picture *image.RGBA) (sum float64) {
	for i := range picture.Rect.Dx() * picture.Rect.Dy() {
		want := picture.RGBAAt(i%picture.Rect.Dx(), i/picture.Rect.Dx())
		got := color.RGBAModel.Convert(p.Convert(want)).(color.RGBA)
		for _, off := range []float64{float64(got.R) - float64(want.R), float64(got.G) - float64(want.G), float64(got.B) - float64(want.B)} {
			sum += off * off
		}
	}
	return sum / float64(picture.Rect.Dx()*picture.Rect.Dy())
}

func TestPalette(t *testing.T) {
	smooth := slope(120, 120, 10)
	ours := paletteOf([]*image.RGBA{smooth}, 216)
	if own, web := distance(ours, smooth), distance(palette.WebSafe, smooth); len(ours) != 216 || own > web/8 {
		t.Errorf("%d colours miss by %.1f, the web's by %.1f", len(ours), own, web)
	}
	three := image.NewRGBA(image.Rect(0, 0, 30, 1))
	colours := color.Palette{color.RGBA{3, 5, 7, 255}, color.RGBA{200, 30, 40, 255}, color.RGBA{9, 250, 128, 255}}
	for x := range 30 {
		three.Set(x, 0, colours[x%3])
	}
	got := paletteOf([]*image.RGBA{three, three}, 256)
	if len(got) != 3 || slices.ContainsFunc(colours, func(c color.Color) bool { return !slices.Contains(got, c) }) {
		t.Errorf("three colours become %v", got)
	}
}

func TestFFmpeg(t *testing.T) {
	for _, kind := range []string{".mp4", ".webp"} {
		if _, err := Encoder(kind, encoders[kind]); err != nil {
			t.Skip(err)
		}
		path := filepath.Join(t.TempDir(), "film"+kind)
		if err := recorder(t, 91, 61).Write(path); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if kind == ".webp" {
			if _, err := webp.DecodeConfig(bytes.NewReader(file)); err != nil || !bytes.Contains(file[:64], []byte("ANIM")) {
				t.Errorf("no animated WebP: %v, %q", err, file[:64])
			}
			continue
		}
		out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames", "-of", "csv=p=0", path).Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != "90,60,71" {
			t.Errorf("width, height, pictures: %s, %v", got, err)
		}
	}
}

func TestNothingHalfWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "film.gif")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := &Recorder{Frames: []Frame{{1, []byte("no JPEG")}}}
	if err := broken.Write(path); err == nil {
		t.Error("a broken picture is taken")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestCheckTellsTheRemedy(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PATH", folder)
	for name, want := range map[string]string{
		"film.avi": "a film is a .gif, .mp4 or .webp: name it so", "film": "name it so",
		"film.mp4":  "MP4 is made by ffmpeg, which isn't installed here: install it, as by apt install ffmpeg or brew install ffmpeg, or name a .gif",
		"film.webp": "WEBP is made by ffmpeg", "none/film.gif": "cannot be written", ".gif/x/../..": "name it so",
	} {
		if err := Check(filepath.Join(folder, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Check(filepath.Join(folder, "film.GIF")); err != nil {
		t.Error(err)
	}
}

func TestResumedReelHasWhatWasDone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "film")
	whole, stopped := NewRecorder(10, 1), NewRecorder(10, 1)
	if err := stopped.Keep(folder, 0); err != nil {
		t.Fatal(err)
	}
	for epoch := 1; epoch <= 7; epoch++ {
		if err := stopped.Add(epoch, slope(8, 8, epoch)); err != nil {
			t.Fatal(err)
		}
	}
	resumed := NewRecorder(10, 1)
	if err := resumed.Keep(folder, 5); err != nil {
		t.Fatal(err)
	}
	if len(resumed.Frames) != 5 {
		t.Fatalf("%d pictures of five epochs", len(resumed.Frames))
	}
	for epoch := 1; epoch <= 10; epoch++ {
		for _, r := range []*Recorder{whole, resumed} {
			if r == resumed && epoch <= 5 {
				continue
			}
			if err := r.Add(epoch, slope(8, 8, epoch)); err != nil {
				t.Fatal(err)
			}
		}
	}
	same := slices.EqualFunc(whole.Frames, resumed.Frames, func(a, b Frame) bool { return a.Epoch == b.Epoch && bytes.Equal(a.JPEG, b.JPEG) })
	if !same {
		t.Error("a resumed training has another film")
	}
}

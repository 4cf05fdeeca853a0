package clip

import (
	"bytes"
	"encoding/json"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	stylefilm "stylebook/stylelib/film"
)

// ffmpeg lets it make a file, and returns its path.
func ffmpeg(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	if _, err := stylefilm.Encoder(".mp4", encoders[".mp4"]); err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), name)
	out, err := exec.Command("ffmpeg", append(append([]string{"-nostdin", "-v", "error", "-y"}, arguments...), path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

const (
	pictures = "testsrc2=size=64x48:rate=30000/1001:duration=1,hue=s=0.3,noise=c0s=10:c0f=t" // all different, of colours that two rounds of 4:2:0 keep
	beeps    = "sine=frequency=440:beep_factor=4:duration=1"
)

// clip makes a film of a second, with sound, whose encoder gets the further arguments.
func clip(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	return ffmpeg(t, name, append([]string{"-f", "lavfi", "-i", pictures, "-f", "lavfi", "-i", beeps, "-pix_fmt", "yuv420p"}, arguments...)...)
}

// told is what ffprobe tells of a file.
type told struct {
	Streams []struct {
		stream
		Frames    string `json:"nb_read_frames"`
		Start     string `json:"start_time"`
		Range     string `json:"color_range"`
		Primaries string `json:"color_primaries"`
		PixFmt    string `json:"pix_fmt"`
	}
}

func look(t *testing.T, path string) (film told) {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", path).Output()
	if err == nil {
		err = json.Unmarshal(out, &film)
	}
	if err != nil || len(film.Streams) == 0 {
		t.Fatalf("%s doesn't play: %v", path, err)
	}
	return film
}

// seconds is how long the stream is.
func (film told) seconds(t *testing.T, stream int) float64 {
	t.Helper()
	seconds, err := strconv.ParseFloat(film.Streams[stream].Duration, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds
}

// shown are all pictures of a film as a player shows them.
func shown(t *testing.T, path string) (all []*image.RGBA) {
	t.Helper()
	film := look(t, path).Streams[0]
	size := image.Rect(0, 0, int(film.Width), int(film.Height))
	for _, side := range film.Sides {
		if math.Mod(math.Abs(side.Rotation), 180) == 90 {
			size.Max.X, size.Max.Y = size.Max.Y, size.Max.X
		}
	}
	out, err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-i", path, "-vf", "scale=flags="+scaling, "-pix_fmt", "rgba", "-f", "rawvideo", "-").Output()
	if err != nil || len(out) == 0 {
		t.Fatalf("%s doesn't play: %v", path, err)
	}
	for pix := range slices.Chunk(out, 4*size.Dx()*size.Dy()) {
		all = append(all, &image.RGBA{Pix: pix, Stride: 4 * size.Dx(), Rect: size})
	}
	return all
}

// means are those of R, G and B in the left and in the right half of a picture, without the middle, where the halves' colours mix.
func means(picture *image.RGBA) (m [6]float64) {
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	part := width * 3 / 8
	for i := range part * height {
		at := picture.Pix[4*(i/part*width+i%part):]
		for c := range 3 {
			m[c] += float64(at[c]) / float64(part*height)
			m[3+c] += float64(at[4*(width-part)+c]) / float64(part*height)
		}
	}
	return m
}

// off is by how many levels means differ at most.
func off(a, b [6]float64) (most float64) {
	for i := range a {
		most = max(most, math.Abs(a[i]-b[i]))
	}
	return most
}

func same(frame *image.RGBA) (*image.RGBA, error) { return frame, nil }

func inverted(frame *image.RGBA) (*image.RGBA, error) {
	for i := range frame.Pix {
		frame.Pix[i] = 255 - frame.Pix[i]
	}
	return frame, nil
}

// painted paints a film by the default options and returns its path.
func painted(t *testing.T, in, kind string, o Options, paint func(*image.RGBA) (*image.RGBA, error)) (string, Result) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "painted"+kind)
	r, err := Paint(t.Context(), in, out, o, paint)
	if err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(out)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	return out, r
}

func TestEveryPictureIsPainted(t *testing.T) {
	in := clip(t, "in.mp4")
	var heard []int
	o := Default()
	o.Progress = func(painted, of int) { heard = append(heard, painted, of) }
	out, r := painted(t, in, ".mp4", o, inverted)
	was, is := shown(t, in), shown(t, out)
	if len(was) != 30 || len(is) != 30 || r.Pictures != 30 || len(r.Notes) != 0 {
		t.Fatalf("%d pictures become %d, told as %+v", len(was), len(is), r)
	}
	for i := range is {
		want := means(was[i])
		for k := range want {
			want[k] = 255 - want[k]
		}
		if d := off(means(is[i]), want); d > 2 {
			t.Errorf("picture %d is %.1f levels off", i+1, d)
		}
	}
	if file, err := os.ReadFile(out); err != nil || bytes.Index(file, []byte("moov")) > bytes.Index(file, []byte("mdat")) {
		t.Errorf("a browser has to read all of the film before it plays: %v", err)
	}
	if len(heard) != 60 || heard[0] != 1 || heard[1] != 30 || heard[58] != 30 {
		t.Errorf("told were %v", heard)
	}
}

// A film keeps its rate, its sound and its shape, and has even sides and square pixels.
func TestWhatStays(t *testing.T) {
	for name, c := range map[string]struct {
		from, kind    string
		encoding      []string
		o             Options
		height, width float64
		rate, sound   string
	}{
		"as it is":     {from: "a.mp4", kind: ".mp4", rate: "30000/1001", sound: "aac", height: 48, width: 64},
		"25 a second":  {from: "a.mkv", kind: ".mp4", encoding: []string{"-r", "25", "-c:a", "flac"}, rate: "25/1", sound: "aac", height: 48, width: 64},
		"MP3":          {from: "a.mp4", kind: ".mp4", encoding: []string{"-c:a", "libmp3lame"}, rate: "30000/1001", sound: "mp3", height: 48, width: 64},
		"AVI":          {from: "a.avi", kind: ".mp4", encoding: []string{"-c:v", "ffv1", "-c:a", "pcm_s16le"}, rate: "30000/1001", sound: "aac", height: 48, width: 64},
		"no sound":     {from: "a.mov", kind: ".mp4", encoding: []string{"-an"}, rate: "30000/1001", height: 48, width: 64},
		"odd sides":    {from: "a.mp4", kind: ".mp4", encoding: []string{"-vf", "scale=63:47", "-pix_fmt", "yuv444p"}, rate: "30000/1001", sound: "aac", height: 46, width: 62},
		"wide pixels":  {from: "a.mp4", kind: ".mp4", encoding: []string{"-vf", "setsar=2"}, rate: "30000/1001", sound: "aac", height: 48, width: 128},
		"longest side": {from: "a.mp4", kind: ".mp4", o: Options{Size: 32}, rate: "30000/1001", sound: "aac", height: 24, width: 32},
		"larger":       {from: "a.mp4", kind: ".mp4", o: Options{Height: 96}, rate: "30000/1001", sound: "aac", height: 96, width: 128},
		"both sides":   {from: "a.mp4", kind: ".mp4", o: Options{Height: 48, Width: 33}, rate: "30000/1001", sound: "aac", height: 48, width: 32},
		"WebM":         {from: "a.mkv", kind: ".webm", encoding: []string{"-c:a", "libopus", "-ar", "48000"}, rate: "30000/1001", sound: "opus", height: 48, width: 64},
		"MP4 to WebM":  {from: "a.mp4", kind: ".webm", rate: "30000/1001", sound: "opus", height: 48, width: 64},
		"six speakers": {from: "a.mkv", kind: ".webm", encoding: []string{"-af", "aformat=channel_layouts=5.1(side)", "-c:a", "flac"}, rate: "30000/1001", sound: "opus", height: 48, width: 64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := clip(t, c.from, c.encoding...)
			c.o.CRF = 18
			out, r := painted(t, in, c.kind, c.o, same)
			was, film := look(t, in), look(t, out)
			s := film.Streams[0]
			if s.Height != c.height || s.Width != c.width || s.Aspect != "1:1" || s.AverageRate != c.rate || s.PixFmt != "yuv420p" ||
				s.Colours != "bt709" || s.Primaries != "bt709" || s.Transfer != "bt709" || s.Range != "tv" || len(r.Notes) > 0 {
				t.Errorf("%+v, %q", s, r.Notes)
			}
			if s.Frames != was.Streams[0].Frames || s.Frames != strconv.Itoa(r.Pictures) {
				t.Errorf("%s pictures become %s, told as %d", was.Streams[0].Frames, s.Frames, r.Pictures)
			}
			switch {
			case len(film.Streams) != len(was.Streams):
				t.Errorf("%d streams become %d", len(was.Streams), len(film.Streams))
			case c.sound != "" && film.Streams[1].Codec != c.sound:
				t.Errorf("the sound is %s, want %s", film.Streams[1].Codec, c.sound)
			}
		})
	}
}

func TestSeveralSounds(t *testing.T) {
	in := clip(t, "a.mkv", "-map", "1", "-map", "0", "-map", "1", "-c:a:0", "flac", "-c:a:1", "aac")
	out, _ := painted(t, in, ".mp4", Default(), same)
	if film := look(t, out); len(film.Streams) != 3 || film.Streams[0].Type != "video" || film.Streams[1].Codec != "aac" || film.Streams[2].Codec != "aac" {
		t.Errorf("%+v", film)
	}
}

// What a telephone films upright is painted upright.
func TestTurned(t *testing.T) {
	lying := ffmpeg(t, "lying.mp4", "-f", "lavfi", "-i", pictures, "-pix_fmt", "yuv420p")
	in := filepath.Join(t.TempDir(), "turned.mp4")
	if err := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-display_rotation", "90", "-i", lying, "-c", "copy", in).Run(); err != nil { // ffmpeg 5 hasn't that
		in = ffmpeg(t, "turned.mp4", "-i", lying, "-c", "copy", "-metadata:s:v", "rotate=90")
	}
	if len(look(t, in).Streams[0].Sides) == 0 {
		t.Fatal("the clip isn't turned")
	}
	var upright image.Point
	out, _ := painted(t, in, ".mp4", Default(), func(frame *image.RGBA) (*image.RGBA, error) {
		upright = frame.Rect.Size()
		return frame, nil
	})
	was, is := shown(t, in), shown(t, out)
	if upright != image.Pt(48, 64) || len(look(t, out).Streams[0].Sides) != 0 || is[0].Rect != was[0].Rect {
		t.Fatalf("painted as %v, shown as %v", upright, is[0].Rect)
	}
	for i := range is {
		if d := off(means(was[i]), means(is[i])); d > 2 {
			t.Errorf("picture %d is %.1f levels off", i+1, d)
		}
	}
}

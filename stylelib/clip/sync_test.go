package clip

import (
	"encoding/binary"
	"math"
	"os/exec"
	"testing"
)

// A film in which it becomes light and loud at the same time.
const (
	light = "color=black:size=64x48:rate=25:duration=1,drawbox=enable='gte(t,0.519)':color=white:thickness=fill"
	loud  = "aevalsrc='if(gte(t,0.52),0.5*sin(2764*t),0)':duration=1"
)

// onsets are when it becomes light and loud, in seconds.
func onsets(t *testing.T, path string) (lightAt, loudAt float64) {
	t.Helper()
	raw := func(arguments ...string) []byte {
		out, err := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "error", "-i", path}, arguments...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	lightAt, loudAt = math.NaN(), math.NaN()
	for i, level := range raw("-vf", "fps=1000:start_time=0,scale=1:1,format=gray", "-f", "rawvideo", "-") {
		if level > 128 {
			lightAt = float64(i) / 1000
			break
		}
	}
	sound := raw("-af", "aresample=8000:async=1:first_pts=0", "-ac", "1", "-f", "s16le", "-")
	for i := range len(sound) / 2 {
		if int16(binary.LittleEndian.Uint16(sound[2*i:])) > 4000 {
			loudAt = float64(i) / 8000
			break
		}
	}
	return lightAt, loudAt
}

// Pictures and sound stay together, wherever each begins and however irregular the pictures are.
func TestSoundStaysWithThePictures(t *testing.T) {
	for name, c := range map[string]struct {
		from, kind      string
		pictures, sound []string // before the inputs
		encoding        []string
	}{
		"as it is":         {from: "a.mp4", kind: ".mp4"},
		"MOV with PCM":     {from: "a.mov", kind: ".mp4", encoding: []string{"-c:a", "pcm_s16le"}},
		"MKV to WebM":      {from: "a.mkv", kind: ".webm"},
		"sound is later":   {from: "a.mp4", kind: ".mp4", sound: []string{"-itsoffset", "0.3"}},
		"picture is later": {from: "a.mkv", kind: ".mp4", pictures: []string{"-itsoffset", "0.3"}},
		"both are late":    {from: "a.ts", kind: ".mp4", pictures: []string{"-itsoffset", "2"}, sound: []string{"-itsoffset", "2.2"}},
		"irregular":        {from: "a.mp4", kind: ".mp4", encoding: []string{"-vf", "select='not(between(n,3,9)+eq(mod(n,4),1))'", "-fps_mode", "vfr"}},
		"irregular MKV":    {from: "a.mkv", kind: ".mp4", encoding: []string{"-vf", "select='not(between(n,3,9)+eq(mod(n,4),2))'", "-fps_mode", "vfr"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments := append(c.pictures, "-f", "lavfi", "-i", light)
			arguments = append(append(arguments, c.sound...), "-f", "lavfi", "-i", loud, "-map", "0", "-map", "1", "-pix_fmt", "yuv420p")
			in := ffmpeg(t, c.from, append(arguments, c.encoding...)...)
			out, _ := painted(t, in, c.kind, Default(), same)
			lightWas, loudWas := onsets(t, in)
			lightIs, loudIs := onsets(t, out)
			if d := math.Abs(lightIs - lightWas); !(d < 0.045) { // a picture lasts 0.04 s
				t.Errorf("it becomes light at %.3f s, was %.3f s", lightIs, lightWas)
			}
			if d := math.Abs((loudIs - lightIs) - (loudWas - lightWas)); !(d < 0.045) {
				t.Errorf("light at %.3f s, loud at %.3f s; were %.3f s, %.3f s", lightIs, loudIs, lightWas, loudWas)
			}
			if rate := look(t, out).Streams[0].AverageRate; rate != "25/1" {
				t.Errorf("the rate is %s", rate)
			}
		})
	}
}

func TestRate(t *testing.T) {
	for said, want := range map[[2]string]string{
		{"30000/1001", "30000/1001"}: "30000/1001", {"30/1", "2997/100"}: "30", {"60/1", "7/3"}: "60", {"240/1", "240/1"}: "240", {"120/1", "11988/100"}: "120",
		{"90000/1", "2987/100"}: "30", {"0/0", "24/1"}: "24", {"1000/1", "0/0"}: "", {"0/0", "0/0"}: "", {"1000/1", "1000/1"}: "", {"", ""}: "", {"-25/1", "-25/1"}: "",
	} {
		rate, err := rateOf(said[0], said[1])
		if (err != nil) != (want == "") || err == nil && rate.RatString() != want {
			t.Errorf("%v: %v, %v, want %s", said, rate, err, want)
		}
	}
}

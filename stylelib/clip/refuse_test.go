package clip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// vast is a film that claims to have so many pixels in height and width.
func vast(t *testing.T, side uint32) string {
	t.Helper()
	file, err := os.ReadFile(ffmpeg(t, "in.avi", "-f", "lavfi", "-i", pictures, "-c:v", "ffv1"))
	if err != nil {
		t.Fatal(err)
	}
	size := func(width, height uint32) []byte {
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, width), height)
	}
	return written(t, "vast.avi", bytes.ReplaceAll(file, size(64, 48), size(side, side)))
}

func TestNoFilmIsRefused(t *testing.T) {
	film := clip(t, "film.mp4")
	part := clip(t, "part.ts")
	names := func(format, part string) string { return written(t, "list.mp4", fmt.Appendf(nil, format, part)) }
	script := filepath.Join(filepath.Dir(part), "script.mp4") // which may name what lies beside it
	if err := os.WriteFile(script, []byte("ffconcat version 1.0\nfile part.ts\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://%s\n#EXT-X-ENDLIST\n"
	for name, c := range map[string]struct{ path, want string }{
		"a picture": {ffmpeg(t, "a.png", "-f", "lavfi", "-i", pictures, "-frames:v", "1"), "no film that can be read"},
		"a text":    {written(t, "a.mp4", []byte("once upon a time")), "no film that can be read"},
		"sound":     {ffmpeg(t, "a.m4a", "-f", "lavfi", "-i", beeps), "has no moving pictures"},
		"cover":     {ffmpeg(t, "b.m4a", "-f", "lavfi", "-i", beeps, "-f", "lavfi", "-i", pictures, "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-disposition:v", "attached_pic"), "has no moving pictures"},
		"WAV":       {ffmpeg(t, "a.wav", "-f", "lavfi", "-i", beeps), "no film that can be read"},
		"nothing":   {written(t, "a.mp4", nil), "the file is empty"},
		"none":      {"none.mp4", "there is no such file"},
		"folder":    {t.TempDir(), "is a folder"},
		"script":    {script, "no film that can be read"},
		"playlist":  {names(playlist, part), "no film that can be read"},
		"secrets":   {names(playlist, "/etc/passwd"), "no film that can be read"},
		"protocol":  {"concat:" + film, "there is no such file"},
		"address":   {"http://127.0.0.1:1/a.mp4", "there is no such file"},
		"vast":      {vast(t, 100_000), "Picture size 100000x100000 is invalid"},
		"large":     {vast(t, 12_000), "Picture size 12000x12000 exceeds"},
		"fast":      {ffmpeg(t, "a.mkv", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=1000:duration=0.1"), "more than 240"},
		"long":      {ffmpeg(t, "a.mkv", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=1/3000:duration=24000"), "longer than 6 hours"},
	} {
		out := filepath.Join(t.TempDir(), "out.mp4")
		r, err := Paint(t.Context(), c.path, out, Default(), same)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "root:") {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(out)); len(entries) != 0 {
			t.Errorf("%s leaves %v", name, entries)
		}
	}
}

// Names are names of files, whatever stands in them.
func TestNames(t *testing.T) {
	film, err := os.ReadFile(clip(t, "film.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for in, out := range map[string]string{"-i.mp4": "-y.mp4", "concat:a|b.mp4": "pipe:1.mp4", "http:x.mp4": "tcp:y.mp4", "%03d.mp4": "%d%%.mp4", "a\nb \"'\xff.mp4": "雪\n.mp4", "file:a.mp4": "file:b.MP4"} {
		if err := os.WriteFile(in, film, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Paint(t.Context(), in, out, Default(), same); err != nil {
			t.Errorf("%q: %v", in, err)
		} else if got := len(shown(t, "file:"+out)); got != 30 {
			t.Errorf("%q has %d pictures", out, got)
		}
	}
}

func TestCheck(t *testing.T) {
	film := clip(t, "film.mp4")
	folder := t.TempDir()
	link := filepath.Join(folder, "link.mp4")
	locked := written(t, "locked.mp4", []byte("old"))
	if err := os.Symlink(film, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(locked, 0o400); err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{
		film: "is the film itself", link: "is the film itself", locked: "may not be written", folder + ".mp4/x.mp4": "cannot be written",
		filepath.Join(folder, "a.gif"): "a painted film is an .mp4 or .webm", folder: "a painted film is an .mp4 or .webm",
	} {
		if err := Check(film, out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", out, err, want)
		}
		if _, err := Paint(t.Context(), film, out, Default(), same); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", out, err, want)
		}
	}
	out := filepath.Join(folder, "out.mp4")
	if err := Check(film, out); err != nil {
		t.Error(err)
	}
	for _, o := range []Options{{Size: -1}, {CRF: 52}, {CRF: 0}, {Size: 1 << 20, CRF: 18}, {Height: 1 << 62, Width: 1 << 62, CRF: 18}} {
		if _, err := Paint(t.Context(), film, out, o, same); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if err := Check(film, out); err == nil || !strings.Contains(err.Error(), "apt install ffmpeg") {
		t.Errorf("without ffmpeg: %v", err)
	}
	for path, want := range map[string]bool{"a.mp4": true, "b/c.MOV": true, "d.webm": true, "e.jpg": false, "mp4": false, "": false, "f.gif": false} {
		if IsFilm(path) != want {
			t.Errorf("%q is a film: %v", path, !want)
		}
	}
}

package clip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ends paints a film that ends before its end, in place of an old file, and returns what is in the folder then.
func ends(t *testing.T, ctx context.Context, in string, paint func(*image.RGBA) (*image.RGBA, error)) (out string, r Result, err error) {
	t.Helper()
	out = filepath.Join(t.TempDir(), "painted.mp4")
	if err := os.WriteFile(out, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	r, err = Paint(ctx, in, out, Default(), func(frame *image.RGBA) (*image.RGBA, error) {
		if old, _ := os.ReadFile(out); string(old) != "old" {
			t.Errorf("the old file is %q while the new one is painted", old)
		}
		return paint(frame)
	})
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(out)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	return out, r, err
}

// plays checks that a film has so many pictures, and sound for those.
func plays(t *testing.T, path string, pictures int) {
	t.Helper()
	film := look(t, path)
	long := float64(pictures) * 1001 / 30000
	if got := len(shown(t, path)); got != pictures {
		t.Errorf("the film has %d pictures, want %d", got, pictures)
	}
	if len(film.Streams) != 2 || film.seconds(t, 0) > long+0.001 || film.seconds(t, 1) > long+0.03 || film.seconds(t, 1) < long-0.03 {
		t.Errorf("%.3f s of film are %+v", long, film.Streams)
	}
}

func unchanged(t *testing.T, path string) {
	t.Helper()
	if old, err := os.ReadFile(path); err != nil || string(old) != "old" {
		t.Errorf("the old file is %q, %v", old, err)
	}
}

// after calls what when so many pictures are painted.
func after(n int, what func() error) func(*image.RGBA) (*image.RGBA, error) {
	return func(frame *image.RGBA) (*image.RGBA, error) {
		if n--; n == 0 {
			return frame, what()
		}
		return frame, nil
	}
}

func TestStopped(t *testing.T) {
	for _, kind := range [][]string{{"-c:a", "aac"}, {"-c:a", "pcm_s16le"}} {
		ctx, cancel := context.WithCancel(t.Context())
		out, r, err := ends(t, ctx, clip(t, "in.mov", kind...), after(10, func() error { cancel(); return nil }))
		if !errors.Is(err, context.Canceled) || r.Pictures != 10 {
			t.Errorf("%+v, %v", r, err)
		}
		plays(t, out, 10)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, r, err := ends(t, ctx, clip(t, "in.mp4"), same)
	if !errors.Is(err, context.Canceled) || r.Pictures != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	unchanged(t, out)
}

func TestThePainterFails(t *testing.T) {
	in, failure := clip(t, "in.mp4"), errors.New("no paint is left")
	fails := func() error { return failure }
	out, r, err := ends(t, t.Context(), in, after(8, fails))
	if !errors.Is(err, failure) || !strings.Contains(err.Error(), "picture 8") || r.Pictures != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	plays(t, out, 7)
	out, r, err = ends(t, t.Context(), in, after(1, fails))
	if !errors.Is(err, failure) || r.Pictures != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	unchanged(t, out)

	n := 0
	out, r, err = ends(t, t.Context(), in, func(frame *image.RGBA) (*image.RGBA, error) {
		if n++; n == 4 {
			return frame.SubImage(image.Rect(0, 0, 32, 32)).(*image.RGBA), nil
		}
		return frame, nil
	})
	if r.Pictures != 3 || err == nil || !strings.Contains(err.Error(), "picture 4: its (32,32) pixels") {
		t.Errorf("%+v, %v", r, err)
	}
	plays(t, out, 3)
}

// A film that is cut off is painted as far as it goes.
func TestCutOff(t *testing.T) {
	for _, name := range []string{"in.mp4", "in.mkv"} {
		whole, err := os.ReadFile(clip(t, name, "-movflags", "+faststart"))
		if err != nil {
			t.Fatal(err)
		}
		in := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(in, whole[:len(whole)*2/3], 0o600); err != nil {
			t.Fatal(err)
		}
		out, r, err := ends(t, t.Context(), in, same)
		if err == nil || !strings.Contains(err.Error(), "cut off") || r.Pictures < 5 || r.Pictures > 28 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if got := len(shown(t, out)); got != r.Pictures {
			t.Errorf("%d pictures are told as %d", got, r.Pictures)
		}
	}
}

// failing puts an ffmpeg in front of the real one that fails in its place, with these words, where its options match a shell's pattern.
func failing(t *testing.T, pattern, words string) {
	t.Helper()
	bin, path := t.TempDir(), os.Getenv("PATH")
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in %s) head -c 100000 >/dev/null; echo %s >&2; exit 1;; esac\nPATH='%s' exec ffmpeg \"$@\"\n", pattern, words, path)
	if err := os.WriteFile(filepath.Join(bin, "ffmpeg"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+path)
}

// Where the encoder fails the old file stays.
func TestTheEncoderFails(t *testing.T) {
	in := clip(t, "in.mp4")
	failing(t, "*pipe:0*", "no space left")
	n := 0
	out, r, err := ends(t, t.Context(), in, func(frame *image.RGBA) (*image.RGBA, error) {
		n++
		return frame, nil
	})
	if err == nil || !strings.Contains(err.Error(), "no space left") || r.Pictures != 0 || n > 25 {
		t.Errorf("%+v of %d painted, %v", r, n, err)
	}
	unchanged(t, out)
}

// Sound that can't be had is left out, and said.
func TestLostSound(t *testing.T) {
	in := clip(t, "in.mkv", "-c:a", "libvorbis")
	file, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	unknown := filepath.Join(t.TempDir(), "unknown.mkv")
	if err := os.WriteFile(unknown, bytes.ReplaceAll(file, []byte("A_VORBIS"), []byte("A_UNHEAR")), 0o600); err != nil {
		t.Fatal(err)
	}
	lost := func(in, note string) {
		t.Helper()
		out, r := painted(t, in, ".mp4", Default(), same)
		if film := look(t, out); len(film.Streams) != 1 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], note) {
			t.Errorf("%+v, %q", film, r.Notes)
		}
	}
	lost(unknown, "doesn't know its kind")
	failing(t, "*' 1:1 '*", "no ear")
	lost(in, "its sound is left out: ffmpeg: exit status 1: no ear")
}

// A picture that is the same as the one before isn't painted again, even where the painter changes what it is given.
func TestTheSamePictureIsPaintedOnce(t *testing.T) {
	in := ffmpeg(t, "in.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=5:duration=1", "-vf", "select='not(eq(n,2))',settb=1/25", "-fps_mode", "vfr")
	n := 0
	out, r := painted(t, in, ".mp4", Default(), func(frame *image.RGBA) (*image.RGBA, error) {
		n++
		return inverted(frame)
	})
	if n != 4 || r.Pictures != len(shown(t, out)) || r.Pictures < 5 {
		t.Errorf("%d pictures were painted for %d", n, r.Pictures)
	}
}

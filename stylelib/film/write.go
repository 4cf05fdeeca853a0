package film

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/oneline"

	"golang.org/x/image/draw"
)

const (
	gifSide   = 480 // pixels in height and width at most
	perSecond = 10  // pictures
	stay      = 2   // seconds of the last one
)

// encoders are ffmpeg's for each kind of file that it makes, one of which has to be there.
var encoders = map[string][]string{".mp4": {"libx264", "mpeg4"}, ".webp": {"libwebp_anim"}}

// Kind is the kind of file that a path names: its ending in small letters, with the point.
func Kind(path string) string { return strings.ToLower(filepath.Ext(path)) }

// Check says, before a long training, why no film can be written to path: its name is not that of a GIF, MP4 or WebP, the folder
// takes no file, or ffmpeg, which makes MP4 and WebP, isn't installed.
func Check(path string) error {
	if kind := Kind(path); encoders[kind] != nil {
		if _, err := Encoder(kind, encoders[kind]); err != nil {
			return fmt.Errorf("%s: %w, or name a .gif", path, err)
		}
	} else if kind != ".gif" {
		return fmt.Errorf("%s: a film is a .gif, .mp4 or .webp: name it so", path)
	}
	return CheckPlace(path)
}

// CheckPlace says why no file can be written to path: it is a folder, or its folder takes no file.
func CheckPlace(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s: is a folder: name a file", path)
	}
	if err := atomicfile.Check(path); err != nil {
		return fmt.Errorf("%s: cannot be written: %w", path, err)
	}
	return nil
}

// Encoder returns the first of some encoders for a kind of file that this machine's ffmpeg has. The error says that it has none of them,
// or that ffmpeg isn't installed, and what to do.
func Encoder(kind string, of []string) (string, error) {
	made := strings.ToUpper(strings.TrimPrefix(kind, "."))
	out, err := exec.Command("ffmpeg", "-hide_banner", "-encoders").Output()
	if err != nil {
		return "", fmt.Errorf("%s is made by ffmpeg, which isn't installed here: install it, as by apt install ffmpeg or brew install ffmpeg", made)
	}
	words := strings.Fields(string(out))
	for _, name := range of {
		if slices.Contains(words, name) {
			return name, nil
		}
	}
	return "", fmt.Errorf("this machine's ffmpeg makes no %s: install one that has %s", made, strings.Join(of, " or "))
}

// Write makes the film, in place of a file that is there. All its pictures have the size of the last one, or less in GIF, which
// has 256 colours. Errors of [Check] hold here too.
func (r *Recorder) Write(path string) error {
	if len(r.Frames) == 0 {
		return fmt.Errorf("%s: there is no picture to show", path)
	}
	if err := Check(path); err != nil {
		return err
	}
	encode := r.gif
	if kind := Kind(path); kind != ".gif" {
		encode = func(w io.Writer) error { return r.ffmpeg(w, kind) }
	}
	if _, err := atomicfile.Write(path, encode); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// pictures are all frames in one size, a multiple of two as videos have it.
func (r *Recorder) pictures(side int) (all []*image.RGBA, err error) {
	var size image.Rectangle
	for _, frame := range slices.Backward(r.Frames) {
		picture, err := frame.Picture()
		if err != nil {
			return nil, fmt.Errorf("epoch %d: %w", frame.Epoch, err)
		}
		if size.Empty() {
			b := Within(picture, side).Bounds()
			size = image.Rect(0, 0, max(2, b.Dx()&^1), max(2, b.Dy()&^1))
		}
		scaled := image.NewRGBA(size)
		draw.CatmullRom.Scale(scaled, size, picture, picture.Bounds(), draw.Src, nil)
		all = append(all, scaled)
	}
	slices.Reverse(all)
	return all, nil
}

func (r *Recorder) gif(w io.Writer) error {
	pictures, err := r.pictures(gifSide)
	if err != nil {
		return err
	}
	palette, film := paletteOf(pictures, 256), gif.GIF{}
	film.Config = image.Config{ColorModel: palette, Width: pictures[0].Rect.Dx(), Height: pictures[0].Rect.Dy()}
	for _, picture := range pictures {
		paletted := image.NewPaletted(picture.Rect, palette)
		draw.FloydSteinberg.Draw(paletted, picture.Rect, picture, image.Point{})
		film.Image = append(film.Image, paletted)
		film.Delay = append(film.Delay, 100/perSecond) // hundredths of a second
	}
	film.Delay[len(pictures)-1] = 100 * stay
	return gif.EncodeAll(w, &film)
}

// ffmpeg lets ffmpeg make the film. It needs a file that it can seek in.
func (r *Recorder) ffmpeg(w io.Writer, kind string) error {
	pictures, err := r.pictures(Side)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "stylebook-film-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	made := filepath.Join(folder, "film"+kind)
	arguments := []string{"-hide_banner", "-loglevel", "error", "-f", "image2pipe", "-c:v", "mjpeg", "-framerate", fmt.Sprint(perSecond), "-i", "-",
		"-vf", fmt.Sprintf("tpad=stop_mode=clone:stop_duration=%d", stay), "-pix_fmt", "yuv420p"}
	if kind == ".webp" {
		arguments = append(arguments, "-c:v", "libwebp_anim", "-loop", "0")
	}
	var in, complaint bytes.Buffer
	for _, picture := range pictures {
		if err := jpeg.Encode(&in, picture, &jpeg.Options{Quality: 95}); err != nil {
			return err
		}
	}
	command := exec.Command("ffmpeg", append(arguments, made)...)
	command.Stdin, command.Stderr = &in, &complaint
	if err := command.Run(); err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, oneline.Short(strings.TrimSpace(complaint.String())))
	}
	file, err := os.Open(made)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

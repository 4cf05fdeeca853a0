package clip

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"

	"stylebook/stylelib/film"
	"stylebook/stylelib/internal/oneline"
)

// endings are those of films, of which ffmpeg reads what is in them.
var endings = []string{".mp4", ".m4v", ".mov", ".qt", ".3gp", ".webm", ".mkv", ".avi", ".wmv", ".flv", ".ogv", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts"}

// encoders are ffmpeg's for each kind of film that is made, one of which has to be there.
var encoders = map[string][]string{".mp4": {"libx264", "mpeg4"}, ".webm": {"libvpx-vp9"}}

// IsFilm says whether a path names a film, by its ending.
func IsFilm(path string) bool { return slices.Contains(endings, film.Kind(path)) }

// Check says, before anything is painted, why the film in can't be painted to the film out: ffmpeg or ffprobe isn't installed, in is no
// file, out isn't named .mp4 or .webm, ffmpeg doesn't make such films, in and out are one file, or out can't be written.
func Check(in, out string) error {
	_, err := check(in, out)
	return err
}

// check returns ffmpeg's encoder for out, too.
func check(in, out string) (encoder string, err error) {
	if err := checkIn(in); err != nil {
		return "", fmt.Errorf("%s: %w", oneline.Quote(in), err)
	}
	kind := film.Kind(out)
	if encoders[kind] == nil {
		return "", fmt.Errorf("%s: a painted film is an .mp4 or .webm: name it so", oneline.Quote(out))
	}
	if encoder, err = film.Encoder(kind, encoders[kind]); err != nil {
		return "", fmt.Errorf("%s: %w", oneline.Quote(out), err)
	}
	if _, err := exec.LookPath("ffprobe"); err != nil {
		return "", fmt.Errorf("%s: films are read by ffprobe, which isn't installed here: install ffmpeg whole, which has it", oneline.Quote(in))
	}
	if err := film.CheckPlace(out); err != nil {
		return "", err
	}
	return encoder, checkOld(in, out)
}

func checkIn(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file: check the name")
	case err != nil:
		return bare(err)
	case info.IsDir():
		return errors.New("is a folder: name a film in it")
	case !info.Mode().IsRegular():
		return errors.New("is no file: copy the film to one")
	case info.Size() == 0:
		return errors.New("the file is empty: copy or download the film again")
	}
	file, err := os.Open(path)
	if err != nil {
		return bare(err)
	}
	return file.Close()
}

// bare is the system's error without the path, which the message has already.
func bare(err error) error {
	if in := (*fs.PathError)(nil); errors.As(err, &in) {
		return in.Err
	}
	return err
}

// checkOld looks at the file that out replaces. ffmpeg opens what it writes, with that file's permissions, by name.
func checkOld(in, out string) error {
	source, err := os.Stat(in)
	if err != nil {
		return err
	}
	old, err := os.Stat(out)
	if err != nil {
		return nil // none is there
	}
	if os.SameFile(source, old) {
		return fmt.Errorf("%s: is the film itself: name another file for the painted one", oneline.Quote(out))
	}
	if old.Mode().Perm()&0o200 == 0 {
		return fmt.Errorf("%s: is there and may not be written: name another file", oneline.Quote(out))
	}
	return nil
}

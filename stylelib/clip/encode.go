package clip

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"math/big"
	"slices"
	"strconv"
)

// encoding is a film being made.
type encoding struct {
	size     image.Point
	pictures chan<- *image.RGBA
	done     <-chan error
}

// encode begins a film without sound in the file silent, of pictures of this size. failed is called when it can't go on; it still takes
// pictures then.
func (p *painting) encode(size image.Point, silent string, failed func()) (*encoding, error) {
	sized := fmt.Sprintf("%d:%d", max(2, size.X&^1), max(2, size.Y&^1))
	ffmpeg := command(context.Background(), "ffmpeg", slices.Concat(
		[]string{"-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb0", "-video_size", fmt.Sprintf("%dx%d", size.X, size.Y),
			"-framerate", p.rate.RatString(), "-i", "pipe:0", "-vf", "scale=" + sized + ":out_color_matrix=bt709:out_range=tv:flags=" + scaling + ",setsar=1,format=yuv420p",
			"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv", "-threads", threads, "-c:v", p.encoder},
		quality(p.encoder, p.CRF), []string{"-f", p.muxer, "file:" + silent})...)
	in, err := ffmpeg.StdinPipe()
	if err == nil {
		err = ffmpeg.Start()
	}
	if err != nil {
		return nil, err
	}
	pictures, done := make(chan *image.RGBA, ahead), make(chan error, 1)
	go func() {
		var failure error
		pipe := bufio.NewWriterSize(in, 1<<16)
		for picture := range pictures {
			if failure == nil {
				if failure = write(pipe, picture); failure != nil {
					failed()
				}
			}
		}
		pipe.Flush() // ffmpeg says what is wrong with a pipe that breaks
		in.Close()
		if err := ffmpeg.Wait(); err != nil {
			failure = ffmpeg.failure(err)
		}
		done <- failure
	}()
	return &encoding{size, pictures, done}, nil
}

// end finishes the film.
func (e *encoding) end() error {
	close(e.pictures)
	return <-e.done
}

func write(pipe *bufio.Writer, picture *image.RGBA) error {
	b := picture.Rect
	for y := b.Min.Y; y < b.Max.Y; y++ {
		if _, err := pipe.Write(picture.Pix[picture.PixOffset(b.Min.X, y):][:4*b.Dx()]); err != nil {
			return err
		}
	}
	return nil
}

// quality are an encoder's options for what is about a quality of libx264.
func quality(encoder string, crf int) []string {
	switch encoder {
	case "mpeg4":
		return []string{"-q:v", strconv.Itoa(max(2, crf/4))}
	case "libvpx-vp9":
		return []string{"-b:v", "0", "-crf", strconv.Itoa(crf * 63 / 51), "-deadline", "good", "-cpu-used", "4", "-row-mt", "1"}
	}
	return []string{"-crf", strconv.Itoa(crf)}
}

// copied are kinds of sound that a kind of film takes as they are, and players know in it.
var copied = map[string][]string{"mp4": {"aac", "mp3", "ac3", "eac3", "alac"}, "webm": {"opus", "vorbis"}}

// addSound makes the film whole of its first pictures and the sound, in short of as much of it, and says what is left out.
func (p *painting) addSound(silent, whole string, pictures int, short bool) (notes []string, err error) {
	if p.muted {
		notes = append(notes, fmt.Sprintf("some of its sound is left out: ffmpeg doesn't know its kind, or there is more than that of %d tracks", mostSounds))
	}
	seconds := big.NewRat(mostSeconds, 1)
	if short {
		seconds.Quo(big.NewRat(int64(pictures), 1), p.rate)
	}
	sound := append([]string{"-t", seconds.FloatString(6)}, local(p.path)...)
	maps := []string{"-map", "0:v", "-c:v", "copy"}
	for i, s := range p.sounds {
		maps = append(maps, "-map", fmt.Sprintf("1:%d", s.Index))
		switch {
		case slices.Contains(copied[p.muxer], s.Codec):
			maps = append(maps, fmt.Sprintf("-c:a:%d", i), "copy")
		case s.Channels > 2:
			maps = append(maps, fmt.Sprintf("-ac:a:%d", i), "2") // not every encoder knows all the ways in which speakers stand
		}
	}
	if err = p.mux(silent, whole, slices.Concat(sound, maps)); err != nil {
		notes = append(notes, fmt.Sprintf("its sound is left out: %v", err))
		err = p.mux(silent, whole, maps[:4])
	}
	return notes, err
}

func (p *painting) mux(silent, whole string, arguments []string) error {
	ffmpeg := command(context.Background(), "ffmpeg", slices.Concat(
		[]string{"-nostdin", "-v", "error", "-y", "-protocol_whitelist", "file", "-i", "file:" + silent}, arguments,
		[]string{"-threads", threads, "-map_chapters", "-1", "-movflags", "+faststart", "-f", p.muxer, "file:" + whole})...)
	return ffmpeg.failure(ffmpeg.Run())
}

package clip

import (
	"context"
	"fmt"
	"hash/maphash"
	"image"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// frame is a picture of the film with a sum by which equal ones are known.
type frame struct {
	picture *image.RGBA
	sum     uint64
}

const (
	ahead = 2 // pictures wait for the painter, and as many for the encoder
	slack = 2 // pictures may be missing at the end of a film with small errors
)

// decode gives a film's pictures in this size, in order, until they or the context end. What ended them then comes from ended. With -r
// ffmpeg repeats and leaves out pictures, so that each comes at its time.
func (f *source) decode(ctx context.Context, height, width int) (frames <-chan frame, ended <-chan error, err error) {
	p := command(ctx, "ffmpeg", slices.Concat(
		[]string{"-nostdin", "-v", "error", "-threads", threads, "-t", fmt.Sprint(mostSeconds)}, local(f.path),
		[]string{"-map", fmt.Sprintf("0:%d", f.index), "-vf", f.filter(height, width), "-r", f.rate.RatString(), "-pix_fmt", "rgba", "-f", "rawvideo", "pipe:1"})...)
	out, err := p.StdoutPipe()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		return nil, nil, err
	}
	give, end, seed := make(chan frame, ahead), make(chan error, 1), maphash.MakeSeed()
	go func() {
		defer close(give)
		n := 0
		for ; ctx.Err() == nil; n++ {
			picture := image.NewRGBA(image.Rect(0, 0, width, height))
			if _, err := io.ReadFull(out, picture.Pix); err != nil {
				break
			}
			select {
			case give <- frame{picture, maphash.Bytes(seed, picture.Pix)}:
			case <-ctx.Done():
			}
		}
		err := p.failure(p.Wait())
		if err == nil && n+slack < f.pictures && p.complaint() != "" {
			err = fmt.Errorf("the film is cut off or damaged after %d of %d pictures: %s", n, f.pictures, p.complaint())
		}
		end <- err
	}()
	return give, end, nil
}

// filter brings the film's pictures to this size and to RGB. ffmpeg has turned them upright before.
func (f *source) filter(height, width int) string {
	var steps []string
	if f.hdr && mapsTones() {
		steps = append(steps, fmt.Sprintf("zscale=w=%d:h=%d:t=linear:npl=%d:pin=bt2020:p=bt2020:min=bt2020nc", width, height, white),
			"format=gbrpf32le", "zscale=p=bt709", "tonemap=mobius:desat=0", "zscale=t=bt709:m=bt709:r=tv", "format=yuv444p")
	}
	return strings.Join(append(steps, fmt.Sprintf("scale=%d:%d:in_color_matrix=%s:flags=%s", width, height, f.matrix, scaling), "format=rgb24"), ",")
}

const (
	scaling = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
	white   = 203 // candela per square metre, of HDR films
)

// mapsTones says whether ffmpeg has what brings HDR to the range of other films.
func mapsTones() bool {
	out, err := exec.Command("ffmpeg", "-hide_banner", "-filters").Output()
	words := strings.Fields(string(out))
	return err == nil && slices.Contains(words, "zscale") && slices.Contains(words, "tonemap")
}

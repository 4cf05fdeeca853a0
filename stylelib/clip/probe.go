package clip

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"stylebook/stylelib/internal/imagefile"
)

const (
	mostSeconds   = 6 * 60 * 60
	mostPerSecond = 240
	mostSounds    = 8
	probeTime     = 30 * time.Second
	probeBytes    = 1 << 20
)

// source is what a file says of its pictures and its sound.
type source struct {
	path       string
	high, wide float64 // as it is shown: upright, in square pixels
	rate       *big.Rat
	pictures   int // about, 0 where it isn't said
	index      int // of the stream of pictures
	hdr        bool
	matrix     string // of colours, as ffmpeg's scale calls it
	sounds     []stream
	muted      bool // there is more sound, which isn't taken
}

// stream is what ffprobe tells of one.
type stream struct {
	Index         int
	Type          string `json:"codec_type"`
	Codec         string `json:"codec_name"`
	Width, Height float64
	Aspect        string `json:"sample_aspect_ratio"`
	BaseRate      string `json:"r_frame_rate"`
	AverageRate   string `json:"avg_frame_rate"`
	Duration      string
	Colours       string `json:"color_space"`
	Transfer      string `json:"color_transfer"`
	Channels      int
	Disposition   struct {
		Cover int `json:"attached_pic"`
	}
	Sides []struct{ Rotation float64 } `json:"side_data_list"`
}

const asked = "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,r_frame_rate,avg_frame_rate,duration,color_space,color_transfer,channels" +
	":stream_disposition=attached_pic:stream_side_data=rotation:format=duration"

func probe(ctx context.Context, path string) (*source, error) {
	told := struct {
		Streams []stream
		Format  struct{ Duration string }
	}{}
	limited, stop := context.WithTimeout(ctx, probeTime)
	defer stop()
	p := command(limited, "ffprobe", slices.Concat([]string{"-v", "error", "-show_entries", asked, "-of", "json"}, local(path))...)
	text := &bounded{most: probeBytes}
	p.Stdout = text
	err := p.Run()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, fmt.Errorf("ffprobe doesn't get through it in %v: convert it to an MP4 first", probeTime)
	case err == nil:
		err = json.Unmarshal([]byte(text.String()), &told)
	}
	if err != nil {
		return nil, fmt.Errorf("is no film that can be read: give an MP4, MOV, WebM, MKV or AVI that plays (%w)", p.failure(err))
	}
	shown := slices.IndexFunc(told.Streams, func(s stream) bool { return s.Type == "video" && s.Disposition.Cover == 0 })
	if shown < 0 {
		return nil, errors.New("has no moving pictures: give a film")
	}
	f := &source{path: path}
	for _, s := range told.Streams {
		if s.Type != "audio" {
			continue
		}
		if s.Codec == "" || s.Codec == "unknown" || len(f.sounds) == mostSounds {
			f.muted = true
		} else {
			f.sounds = append(f.sounds, s)
		}
	}
	return f, f.look(told.Streams[shown], told.Format.Duration)
}

// look takes over what is said of the pictures, within bounds.
func (f *source) look(s stream, duration string) error {
	if s.Width <= 0 || s.Height <= 0 || s.Width*s.Height > imagefile.MaxMade {
		return fmt.Errorf("its pictures have no size, or more than %d megapixels: scale it down first", imagefile.MaxMade/1_000_000)
	}
	f.index, f.high, f.wide = s.Index, s.Height, s.Width
	if aspect, _ := ratio(s.Aspect).Float64(); aspect > 0 {
		f.wide *= aspect
	}
	for _, side := range s.Sides {
		if math.Mod(math.Abs(side.Rotation), 180) == 90 {
			f.high, f.wide = f.wide, f.high
		}
	}
	f.hdr = s.Transfer == "smpte2084" || s.Transfer == "arib-std-b67"
	f.matrix = "auto"
	if s.Colours == "" || s.Colours == "unknown" { // players go by the size
		f.matrix = "bt601"
		if s.Width >= 1280 || s.Height > 576 {
			f.matrix = "bt709"
		}
	}
	var err error
	if f.rate, err = rateOf(s.BaseRate, s.AverageRate); err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(s.Duration, 64)
	if err != nil {
		seconds, _ = strconv.ParseFloat(duration, 64)
	}
	if seconds > mostSeconds {
		return fmt.Errorf("it is longer than %d hours: cut it first", mostSeconds/3600)
	}
	perSecond, _ := f.rate.Float64()
	f.pictures = int(math.Round(perSecond * max(seconds, 0)))
	return nil
}

// rateOf is how many pictures a second are painted: as many as all times of the film are multiples of, which is its rate where that is
// constant, unless those are so many that they say nothing; then it is the average, made whole.
func rateOf(base, average string) (*big.Rat, error) {
	rate, mean := ratio(base), ratio(average)
	perSecond, _ := rate.Float64()
	usual, _ := mean.Float64()
	const smooth, alike = 60, 1.1
	if usual > 0 && (perSecond == 0 || perSecond > smooth && perSecond > alike*usual) {
		perSecond = math.Ceil(usual)
		rate.SetFloat64(perSecond)
	}
	if perSecond == 0 || perSecond > mostPerSecond {
		return nil, fmt.Errorf("it has no number of pictures a second, or more than %d: convert it first", mostPerSecond)
	}
	return rate, nil
}

// ratio is what ffprobe writes as 30000/1001 or 4:3, 0 where that is no positive number.
func ratio(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(strings.Replace(text, ":", "/", 1))
	if !ok || r.Sign() < 0 {
		return new(big.Rat)
	}
	return r
}

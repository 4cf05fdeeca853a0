package main

import (
	"context"
	"fmt"
	"image"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/quality"
	"stylebook/stylelib/request"
	"stylebook/stylelib/session"
	"stylebook/stylelib/sweep"
	"stylebook/stylelib/transfer"
)

// result is a picture that a contender made of a pair.
type result struct {
	pair          pair
	contender     contender
	value         string // of the dial
	height, width int
	picture       string
	seconds       float64
	quality.Measures
}

// paint lets all contenders paint all pairs and judges what comes of it; what was painted before is taken from the folder.
func (p *plan) paint(ctx context.Context, laboratory *session.Laboratory, folder string) ([]result, error) {
	var results []result
	for i, pair := range p.Pairs {
		picture, err := sl.ReadImage(pair.Content)
		if err != nil {
			return nil, err
		}
		size := picture.Bounds()
		height, width, err := transfer.FitSize(size.Dy(), size.Dx(), 0, 0, p.Area)
		if err != nil {
			return nil, err
		}
		for _, c := range p.Contenders {
			if c.Pairs > 0 && i >= c.Pairs {
				continue
			}
			fmt.Fprintf(os.Stderr, "%s, %s\n", pair.name(), c.Name)
			some, err := result{pair: pair, contender: c, height: height, width: width}.paint(ctx, laboratory, folder)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", pair.name(), c.Name, err)
			}
			results = append(results, some...)
		}
	}
	return results, nil
}

// paint returns r with its picture and measures, once for each value of the contender's dial.
func (r result) paint(ctx context.Context, laboratory *session.Laboratory, folder string) ([]result, error) {
	if r.contender.Set != nil {
		return r.train(laboratory)
	}
	r.picture = r.filled(r.contender.Picture)
	if r.contender.Command != nil {
		if err := r.call(ctx, folder); err != nil {
			return nil, err
		}
	}
	var pictures [3]image.Image
	var err error
	for i, path := range []string{r.picture, r.pair.Content, r.pair.Style} {
		if pictures[i], err = sl.ReadImage(path); err != nil {
			return nil, err
		}
	}
	r.Measures, err = laboratory.Judge.Measure(pictures[0], pictures[1], pictures[2], r.height, r.width)
	return []result{r}, err
}

// filled puts the files in the place of their names.
func (r result) filled(word string) string {
	return strings.NewReplacer("{content}", r.pair.Content, "{style}", r.pair.Style, "{out}", r.picture).Replace(word)
}

// train makes the pictures of one of our own contenders. The runs are kept, so nothing is run twice.
func (r result) train(laboratory *session.Laboratory) (results []result, err error) {
	values := r.contender.Values
	if r.contender.Dial == "" {
		values = []any{nil}
	}
	for _, value := range values {
		asked := request.Request{}
		set := map[string]any{"preset": sweep.Preset, "content": r.pair.Content, "style": r.pair.Style, "height": r.height, "width": r.width}
		maps.Copy(set, r.contender.Set)
		one := r
		if value != nil {
			one.value, set[r.contender.Dial] = fmt.Sprint(value), value
		}
		for name, value := range set {
			if err := asked.Set("", name, fmt.Sprint(value)); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		settings, err := asked.Settings()
		if err != nil {
			return nil, err
		}
		run, err := laboratory.Run(settings.Request)
		if err != nil {
			return nil, err
		}
		one.picture, one.seconds, one.Measures = run.Picture(), run.Seconds, run.Measures
		results = append(results, one)
	}
	return results, nil
}

// slug makes a name fit for a file.
func slug(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' || r == '/' }), "-")
}

// call runs somebody else's command, unless its picture is there.
func (r *result) call(ctx context.Context, folder string) error {
	r.picture = filepath.Join(folder, "others", slug(r.contender.Name), r.pair.name()+".png")
	if err := os.MkdirAll(filepath.Dir(r.picture), 0o755); err != nil {
		return err
	}
	notes := r.picture + ".seconds"
	if text, err := os.ReadFile(notes); err == nil {
		r.seconds, err = strconv.ParseFloat(string(text), 64)
		return err
	}
	var arguments []string
	for _, word := range r.contender.Command {
		arguments = append(arguments, r.filled(word))
	}
	start := time.Now()
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return err
	}
	r.seconds = time.Since(start).Seconds()
	return os.WriteFile(notes, fmt.Appendf(nil, "%.2f", r.seconds), 0o644)
}

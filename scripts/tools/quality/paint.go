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
	height, width int
	picture       string
	seconds       float64
	quality.Measures
	patches float64
}

// paint lets all contenders paint all pairs and judges what comes of it; what was painted before is taken from the folder.
func (p *plan) paint(ctx context.Context, laboratory *session.Laboratory, folder string) ([]result, error) {
	var results []result
	for _, pair := range p.Pairs {
		pictures, err := readPair(pair)
		if err != nil {
			return nil, err
		}
		size := pictures[0].Bounds()
		side := [2]int{0, p.Side}
		if size.Dy() > size.Dx() {
			side = [2]int{p.Side, 0}
		}
		height, width, err := transfer.FitSize(size.Dy(), size.Dx(), side[0], side[1], 0)
		if err != nil {
			return nil, err
		}
		for _, c := range p.Contenders {
			if !c.knows(pair) {
				continue
			}
			fmt.Fprintf(os.Stderr, "%s, %s\n", pair.name(), c.Name)
			r := result{pair: pair, contender: c, height: height, width: width}
			if err := r.paint(ctx, laboratory, folder); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", pair.name(), c.Name, err)
			}
			if err := r.judge(laboratory.Judge, pictures); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", pair.name(), c.Name, err)
			}
			results = append(results, r)
		}
	}
	return results, nil
}

// readPair reads the photograph and the painting.
func readPair(p pair) (pictures [2]image.Image, err error) {
	for i, path := range []string{p.Content, p.Style} {
		if pictures[i], err = sl.ReadImage(path); err != nil {
			return pictures, err
		}
	}
	return pictures, nil
}

// paint makes the picture, or takes the one that there is.
func (r *result) paint(ctx context.Context, laboratory *session.Laboratory, folder string) error {
	switch {
	case r.contender.Set != nil:
		return r.train(laboratory)
	case r.contender.Command != nil:
		return r.call(ctx, folder)
	default:
		r.picture = r.filled(r.contender.Picture)
		return nil
	}
}

// judge measures the picture against its photograph and its painting.
func (r *result) judge(judge *quality.Judge, of [2]image.Image) error {
	picture, err := sl.ReadImage(r.picture)
	if err != nil {
		return err
	}
	if r.Measures, err = judge.Measure(picture, of[0], of[1], r.height, r.width); err != nil {
		return err
	}
	r.patches, err = quality.Patches(picture, of[1], r.height, r.width)
	return err
}

// filled puts the files in the place of their names.
func (r *result) filled(word string) string {
	return strings.NewReplacer("{content}", r.pair.Content, "{style}", r.pair.Style, "{out}", r.picture).Replace(word)
}

// train makes the picture of one of our own contenders. The runs are kept, so nothing is run twice.
func (r *result) train(laboratory *session.Laboratory) error {
	asked := request.Request{}
	set := map[string]any{"preset": sweep.Preset, "content": r.pair.Content, "style": r.pair.Style, "height": r.height, "width": r.width}
	maps.Copy(set, r.contender.Set)
	for name, value := range set {
		if err := asked.Set("", name, fmt.Sprint(value)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	settings, err := asked.Settings()
	if err != nil {
		return err
	}
	run, err := laboratory.Run(settings.Request)
	if err != nil {
		return err
	}
	r.picture, r.seconds = run.Picture(), run.Seconds
	return nil
}

// call runs a command, unless its picture is there.
func (r *result) call(ctx context.Context, folder string) error {
	r.picture = filepath.Join(folder, "others", strconv.Itoa(max(r.height, r.width)), r.contender.Name, r.pair.name()+".png")
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
	return os.WriteFile(notes, fmt.Append(nil, r.seconds), 0o644)
}

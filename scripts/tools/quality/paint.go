package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/cli"
	"stylebook/stylelib/quality"
	"stylebook/stylelib/runs"
	"stylebook/stylelib/transfer"

	"go.yaml.in/yaml/v3"
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

// paint lets all contenders paint all pairs; what was painted before is taken from the folder.
func (p *plan) paint(ctx context.Context, folder string) ([]result, error) {
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
			some, err := result{pair: pair, contender: c, height: height, width: width}.paint(ctx, folder)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", pair.name(), c.Name, err)
			}
			results = append(results, some...)
		}
	}
	return results, nil
}

// paint returns r with its picture, once for each value of the contender's dial.
func (r result) paint(ctx context.Context, folder string) ([]result, error) {
	switch c := r.contender; {
	case c.Picture != "":
		r.picture = r.filled(c.Picture)
		return []result{r}, nil
	case c.Command != nil:
		return r.call(ctx, folder)
	}
	return r.sweep(ctx, folder)
}

// filled puts the files in the place of their names.
func (r result) filled(word string) string {
	return strings.NewReplacer("{content}", r.pair.Content, "{style}", r.pair.Style, "{out}", r.picture).Replace(word)
}

// sweep runs the command with each value of the contender's dial. The runs are kept, so nothing is run twice.
func (r result) sweep(ctx context.Context, folder string) ([]result, error) {
	file, err := r.sweepFile(folder)
	if err != nil {
		return nil, err
	}
	store := filepath.Join(folder, "runs")
	out := strings.TrimSuffix(file, ".yaml")
	if cli.Run(ctx, []string{"sweep", "-quiet", "-runs", store, "-out", out, file}, os.Stderr, os.Stderr) != 0 {
		return nil, errors.New("the sweep failed: see above")
	}
	return r.collect(filepath.Join(out, "table.csv"), store)
}

// sweepFile writes the sweep of one contender and one pair.
func (r result) sweepFile(folder string) (string, error) {
	content, err := filepath.Abs(r.pair.Content)
	if err != nil {
		return "", err
	}
	style, err := filepath.Abs(r.pair.Style)
	if err != nil {
		return "", err
	}
	set := map[string]any{"content": content, "style": style, "height": r.height, "width": r.width}
	maps.Copy(set, r.contender.Set)
	file := map[string]any{"set": set}
	if r.contender.Dial != "" {
		file["vary"] = map[string]any{r.contender.Dial: r.contender.Values}
	}
	data, err := yaml.Marshal(file)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-%dx%d-%s.yaml", r.pair.name(), r.height, r.width, slug(r.contender.Name))
	path := filepath.Join(folder, "sweeps", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, data, 0o644)
}

// slug makes a name fit for a file.
func slug(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' || r == '/' }), "-")
}

// collect finds the pictures of a sweep's table.
func (r result) collect(table, dir string) ([]result, error) {
	file, err := os.Open(table)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	store, err := runs.Open(dir)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	var results []result
	for _, row := range rows[1:] {
		record, err := store.Find(row[0])
		if err != nil {
			return nil, err
		}
		one := r
		if r.contender.Dial != "" {
			one.value = row[1]
		}
		one.picture, one.seconds = record.Picture(), record.Seconds
		results = append(results, one)
	}
	return results, nil
}

// call runs somebody else's command, unless its picture is there.
func (r result) call(ctx context.Context, folder string) ([]result, error) {
	r.picture = filepath.Join(folder, "others", slug(r.contender.Name), r.pair.name()+".png")
	if err := os.MkdirAll(filepath.Dir(r.picture), 0o755); err != nil {
		return nil, err
	}
	notes := r.picture + ".seconds"
	if text, err := os.ReadFile(notes); err == nil {
		r.seconds, err = strconv.ParseFloat(string(text), 64)
		return []result{r}, err
	}
	var arguments []string
	for _, word := range r.contender.Command {
		arguments = append(arguments, r.filled(word))
	}
	start := time.Now()
	command := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return nil, err
	}
	r.seconds = time.Since(start).Seconds()
	return []result{r}, os.WriteFile(notes, fmt.Appendf(nil, "%.2f", r.seconds), 0o644)
}

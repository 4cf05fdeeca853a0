package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
)

// report writes quality.md, quality.csv, the curves and the contact sheet.
func (p *plan) report(results []result, out string) error {
	if err := writeCSV(results, filepath.Join(out, "quality.csv")); err != nil {
		return err
	}
	curves, err := p.curves(results)
	if err != nil {
		return err
	}
	if err := sl.WriteImage(filepath.Join(out, "quality-curves.png"), curves); err != nil {
		return err
	}
	sheet, err := p.sheet(results)
	if err != nil {
		return err
	}
	if err := writeJPEG(sheet, filepath.Join(out, "quality.jpg")); err != nil {
		return err
	}
	text := p.markdown(results)
	if p.Seen != "" {
		seen, err := os.ReadFile(p.Seen)
		if err != nil {
			return err
		}
		text += "\n" + string(seen)
	}
	return os.WriteFile(filepath.Join(out, "quality.md"), []byte(text), 0o644)
}

func writeCSV(results []result, path string) error {
	rows := [][]string{{"pair", "contender", "dial", "style", "content", "texture", "structure", "grain", "seconds"}}
	for _, r := range results {
		row := []string{r.pair.name(), r.contender.Name, r.value}
		for _, v := range r.Values() {
			row = append(row, fmt.Sprintf("%.4f", v))
		}
		rows = append(rows, append(row, fmt.Sprintf("%.1f", r.seconds)))
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(csv.NewWriter(file).WriteAll(rows), file.Close())
}

const introduction = `# Quality

%d pairs of a photograph and a painting, painted at about %d pixels (of 96 × 144: 13,824); a contender with a dial at its
middle. Written by ` + "`./scripts/quality`" + `; what follows holds for results of this size, and every number is in
[quality.csv](quality.csv).

![Each row a pair: photograph, painting, and what the contenders make of them](quality.jpg)

| measure | what it is, under VGG-16's features; geometric means over the pairs |
| --- | --- |
| style | squared distance of the Gram matrices from the painting's, as a share of their square; mean of conv1_1, …, conv5_1 |
| content | squared distance of conv4_3 from the photograph's, as a share of its square |
| texture | sliced Wasserstein-2 distance from the painting's features as a share of their variance, on layers that nobody optimizes: conv1_2, conv2_2, conv3_3, conv4_2, conv5_3 |
| structure | how differently places are alike to each other than in the photograph, on conv4_2, from 0 to 1 |
| grain | the finest detail of the luminance, as a multiple of the painting's: far above 1 is speckle, far below is blur |

`

func (p *plan) markdown(results []result) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	fmt.Fprintf(&b, introduction, len(p.Pairs), p.Area)
	line("| | style | content | texture | structure | grain | seconds |\n| --- | --- | --- | --- | --- | --- | --- |")
	for _, c := range p.Contenders {
		some := of(results, c.Name, c.middle())
		name := c.Name + ": " + c.About
		if n := len(some); n < len(p.Pairs) {
			name += fmt.Sprintf(" (the first %d of the pairs)", n)
		}
		line("| %s | %.3f | %.3f | %.3f | %.3f | %.2f | %.0f |", name, average(some, style), average(some, content),
			average(some, texture), average(some, structured), average(some, grain), average(some, seconds))
	}
	line("\n![Style against content, texture against structure](quality-curves.png)\n")
	line("## %s against the others\n", p.Champion)
	line("On how many pairs its curve passes below the other's point, and its middle has a grain nearer to the painting's.\n")
	line("| | style at equal content | texture at equal structure | grain |\n| --- | --- | --- | --- |")
	for _, c := range p.Contenders {
		if c.Name != p.Champion && c.Picture == "" {
			line("| %s | %s |", c.Name, strings.Join(p.wins(results, c), " | "))
		}
	}
	line("\n## Pair by pair\n\nIn brackets what %s reaches at the same content, and at the same structure; – where it is never so near.\n", p.Champion)
	line("| pair | | style | content | texture | structure | grain |\n| --- | --- | --- | --- | --- | --- | --- |")
	for _, pair := range p.Pairs {
		for _, name := range append([]string{p.Champion}, p.Presets...) {
			r := of(ofPair(results, pair), name, p.find(name).middle())[0]
			curve := named(ofPair(results, pair), p.Champion)
			styleThen, textureThen := bracketed(lowest(curve, content, style, r.Content)), bracketed(lowest(curve, structured, texture, r.Structure))
			if name == p.Champion {
				styleThen, textureThen = "", ""
			}
			line("| %s | %s | %.3f%s | %.3f | %.3f%s | %.3f | %.2f |", pair.name(), name, r.Style, styleThen, r.Content, r.Texture, textureThen, r.Structure, r.Grain)
		}
	}
	return b.String()
}

// curves draws style against content, and texture against structure, on average over the pairs, of those that painted all.
func (p *plan) curves(results []result) (image.Image, error) {
	left := figure.Chart{Title: "what the contenders optimize", X: "content", Y: "style", LogY: true}
	right := figure.Chart{Title: "what none optimizes", X: "structure", Y: "texture", LogY: true}
	for _, c := range p.Contenders {
		if c.Picture == "" && c.Pairs == 0 {
			left.Curves = append(left.Curves, curve(results, c, content, style))
			right.Curves = append(right.Curves, curve(results, c, structured, texture))
		}
	}
	return figure.Charts(left, right)
}

// curve is a contender's: its values of the dial are its labels; without a dial it is a point with its name.
func curve(results []result, c contender, x, y measure) figure.Curve {
	if c.Dial == "" {
		some := of(results, c.Name, "")
		return figure.Curve{X: []float64{average(some, x)}, Y: []float64{average(some, y)}, Labels: []string{c.Name}}
	}
	drawn := figure.Curve{Name: c.Name}
	for _, v := range c.Values {
		some := of(results, c.Name, fmt.Sprint(v))
		drawn.X, drawn.Y = append(drawn.X, average(some, x)), append(drawn.Y, average(some, y))
		drawn.Labels = append(drawn.Labels, fmt.Sprint(v))
	}
	return drawn
}

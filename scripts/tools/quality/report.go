package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// report writes quality.md, quality.csv and the contact sheet.
func (p *plan) report(results []result, out string) error {
	if err := writeCSV(results, filepath.Join(out, "quality.csv")); err != nil {
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
	header := []string{"pair", "contender", "height", "width"}
	for _, m := range measures {
		header = append(header, m.name)
	}
	rows := [][]string{header}
	for _, r := range results {
		row := []string{r.pair.name(), r.contender.Name, fmt.Sprint(r.height), fmt.Sprint(r.width)}
		for _, m := range measures {
			row = append(row, fmt.Sprintf("%.4f", m.of(r)))
		}
		rows = append(rows, row)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(csv.NewWriter(file).WriteAll(rows), file.Close())
}

const introduction = `# Quality

%d pairs of a photograph and a painting, painted at %d pixels on the longer side. Written by ` + "`./scripts/quality`" + `; every number is in
[quality.csv](quality.csv).

![Each row a pair: photograph, painting, and what the contenders make of them](quality.jpg)

| measure | what it is, under VGG-16's features but for the last two; geometric means over the pairs |
| --- | --- |
| style | squared distance of the Gram matrices from the painting's, as a share of their square; mean of conv1_1, …, conv5_1 |
| content | squared distance of conv4_3 from the photograph's, as a share of its square |
| texture | sliced Wasserstein-2 distance from the painting's features as a share of their variance, on layers that ` + "`painting`" + ` and the chapter don't optimize: conv1_2, conv2_2, conv3_3, conv4_2, conv5_3 |
| structure | how differently places are alike to each other than in the photograph, on conv4_2, from 0 to 1 |
| patches | distance of 7 × 7 pixels' patches from the nearest of the painting's, and of the painting's from the nearest of the picture's, as a share of their variance; mean over four scales (bidirectional similarity, Simakov et al. 2008) |
| grain | the finest detail of the luminance, as a multiple of the painting's: far above 1 is speckle, far below is blur |

`

func (p *plan) markdown(results []result) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	fmt.Fprintf(&b, introduction, len(p.Pairs), p.Side)
	line("| | %s |\n|%s", names(len(measures)), strings.Repeat(" --- |", 1+len(measures)))
	for _, c := range p.Contenders {
		some := of(results, c.Name)
		if len(some) == 0 {
			continue
		}
		name := c.Name + ": " + c.About
		if len(some) < len(p.Pairs) {
			name += fmt.Sprintf(" (%d of the pairs)", len(some))
		}
		var cells []string
		for _, m := range measures {
			cells = append(cells, digits(m.name, average(some, m.of)))
		}
		line("| %s | %s |", name, strings.Join(cells, " | "))
	}
	line("\n## %s against the others\n\nOn how many pairs it is better.\n", p.Champion)
	line("| | %s |\n|%s", names(len(measures)-1), strings.Repeat(" --- |", len(measures)))
	for _, c := range p.Contenders {
		if c.Name != p.Champion && c.Picture == "" && len(of(results, c.Name)) > 0 {
			line("| %s | %s |", c.Name, strings.Join(p.wins(results, c), " | "))
		}
	}
	return b.String()
}

// names are those of the first n measures, as cells.
func names(n int) string {
	var cells []string
	for _, m := range measures[:n] {
		cells = append(cells, m.name)
	}
	return strings.Join(cells, " | ")
}

// digits writes a measure as finely as one can tell it.
func digits(name string, v float64) string {
	switch name {
	case "grain":
		return fmt.Sprintf("%.2f", v)
	case "seconds":
		return fmt.Sprintf("%.0f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}

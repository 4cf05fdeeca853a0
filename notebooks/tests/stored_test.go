// Package tests looks at what is stored in the committed notebooks: for each claim that a text makes about a result there is a
// test of the relation in claims_test.go. The notebooks were executed with VGG-16 by scripts/execute-all.
package tests

import (
	"bytes"
	"encoding/json"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/draw"
)

// cell is a code cell with what it left.
type cell struct {
	source   string
	printed  string
	page     string // what can be played with, as HTML
	pictures []image.Image
}

// stored reads the code cells of a committed notebook. One that waits for its execution has nothing to look at.
func stored(t *testing.T, name string) []cell {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("..", "[0-9][0-9]-"+name+".ipynb"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %d notebooks", name, len(found))
	}
	file, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var book struct {
		Cells []struct {
			Kind    string   `json:"cell_type"`
			Count   *int     `json:"execution_count"`
			Source  []string `json:"source"`
			Outputs []struct {
				Text []string                   `json:"text"`
				Data map[string]json.RawMessage `json:"data"`
			} `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(file, &book); err != nil {
		t.Fatal(err)
	}
	var cells []cell
	for _, c := range book.Cells {
		if c.Kind != "code" {
			continue
		}
		if c.Count == nil {
			t.Skip("not executed yet: scripts/execute-all does it")
		}
		found := cell{source: strings.Join(c.Source, "")}
		for _, o := range c.Outputs {
			found.printed += strings.Join(o.Text, "")
			for kind, data := range o.Data {
				if kind == "text/html" {
					var lines []string
					if err := json.Unmarshal(data, &lines); err != nil {
						t.Fatal(err)
					}
					found.page += strings.Join(lines, "")
				}
				if !strings.HasPrefix(kind, "image/") {
					continue
				}
				var content []byte // base64, as encoding/json reads bytes
				if err := json.Unmarshal(data, &content); err != nil {
					t.Fatal(err)
				}
				picture, _, err := image.Decode(bytes.NewReader(content))
				if err != nil {
					t.Fatal(err)
				}
				found.pictures = append(found.pictures, picture)
			}
		}
		cells = append(cells, found)
	}
	return cells
}

// with returns the cell that holds these words.
func with(t *testing.T, cells []cell, words string) cell {
	t.Helper()
	for _, c := range cells {
		if strings.Contains(c.source, words) {
			return c
		}
	}
	t.Fatalf("no code cell holds %q", words)
	return cell{}
}

var number = regexp.MustCompile(`-?\d+(\.\d+)?(e[-+]\d+)?`)

// row returns the numbers that a cell printed behind some words, to the end of the line. times says which line with these
// words, from 0.
func (c cell) row(t *testing.T, words string, times int) (values []float64) {
	t.Helper()
	for line := range strings.SplitSeq(c.printed, "\n") {
		_, rest, ok := strings.Cut(line, words)
		if !ok {
			continue
		}
		if times--; times >= 0 {
			continue
		}
		for _, text := range number.FindAllString(rest, -1) {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		return values
	}
	t.Fatalf("the cell prints no %q:\n%s", words, c.printed)
	return nil
}

// grey is a picture's brightness, from 0 to 255.
type grey struct {
	width, height int
	values        []float64
}

func (g grey) at(x, y int) float64 { return g.values[y*g.width+x] }

// panel cuts the inner part of a picture of 2 by 3 out of a figure that shows pictures side by side, three in a row, and
// shrinks it so that one pixel is again one of a picture so many pixels wide.
func panel(figure image.Image, place, width int) grey {
	const panelWidth, panelHeight, drawn = 460.8, 326.4, 388 // in pixels, as figure.Pictures draws; the last is a picture's width
	left, top := float64(place%3)*panelWidth, float64(place/3)*panelHeight
	inner := image.Rect(int(left+70), int(top+40), int(left+430), int(top+280))
	return cropped(figure, inner, float64(width)/drawn)
}

// mapPanel cuts the inner part of a map of 2 by 3 out of a figure that shows maps side by side, three in a row.
func mapPanel(figure image.Image, place int) grey {
	left, top := place%3*461, place/3*326
	return cropped(figure, image.Rect(left+55, top+60, left+365, top+260), 1)
}

// cropped is the brightness of a part of a figure, shrunk by a factor.
func cropped(figure image.Image, part image.Rectangle, scale float64) grey {
	g := grey{width: int(scale * float64(part.Dx())), height: int(scale * float64(part.Dy()))}
	small := image.NewRGBA(image.Rect(0, 0, g.width, g.height))
	draw.BiLinear.Scale(small, small.Bounds(), figure, part, draw.Src, nil)
	for i := 0; i < len(small.Pix); i += 4 {
		g.values = append(g.values, 0.299*float64(small.Pix[i])+0.587*float64(small.Pix[i+1])+0.114*float64(small.Pix[i+2]))
	}
	return g
}

// noise is Immerkær's measure, as in exercise 2.
func (g grey) noise() float64 {
	sum := 0.0
	for y := 1; y < g.height-1; y++ {
		for x := 1; x < g.width-1; x++ {
			response := 4 * g.at(x, y)
			for _, d := range []int{-1, 1} {
				response += g.at(x+d, y+d) + g.at(x+d, y-d) - 2*g.at(x+d, y) - 2*g.at(x, y+d)
			}
			sum += math.Abs(response)
		}
	}
	return math.Sqrt(math.Pi/2) / 6 * sum / float64((g.width-2)*(g.height-2))
}

// less is what one picture has and another has not.
func (g grey) less(other grey) grey {
	difference := grey{g.width, g.height, nil}
	for i, v := range g.values {
		difference.values = append(difference.values, v-other.values[i])
	}
	return difference
}

// rms is the root of the mean square.
func (g grey) rms() float64 {
	sum := 0.0
	for _, v := range g.values {
		sum += v * v / float64(len(g.values))
	}
	return math.Sqrt(sum)
}

// part is a strip of a picture between two heights, from 0 at the top to 1.
func (g grey) part(from, to float64) grey {
	top, bottom := int(from*float64(g.height)), int(to*float64(g.height))
	return grey{g.width, bottom - top, g.values[top*g.width : bottom*g.width]}
}

// shrunk makes each square of so many pixels one.
func (g grey) shrunk(side int) grey {
	small := grey{width: g.width / side, height: g.height / side}
	for i := range small.width * small.height {
		sum := 0.0
		for k := range side * side {
			sum += g.at(i%small.width*side+k%side, i/small.width*side+k/side)
		}
		small.values = append(small.values, sum/float64(side*side))
	}
	return small
}

func (g grey) mean() (mean float64) {
	for _, v := range g.values {
		mean += v / float64(len(g.values))
	}
	return mean
}

// centred is the picture less its mean.
func (g grey) centred() grey {
	return g.less(grey{g.width, g.height, slices.Repeat([]float64{g.mean()}, len(g.values))})
}

// correlation is 1 for pictures that are bright in the same places, 0 for such as have nothing to do with each other.
func (g grey) correlation(other grey) float64 {
	a, b, sum := g.centred(), other.centred(), 0.0
	for i, v := range a.values {
		sum += v * b.values[i] / float64(len(a.values))
	}
	return sum / (a.rms() * b.rms())
}

// detail is what of a picture differs from its surroundings, so many pixels to either side.
func (g grey) detail(side int) grey {
	blurred := grey{g.width, g.height, nil}
	for i := range g.values {
		sum, count := 0.0, 0.0
		for y := max(0, i/g.width-side); y <= min(g.height-1, i/g.width+side); y++ {
			for x := max(0, i%g.width-side); x <= min(g.width-1, i%g.width+side); x++ {
				sum, count = sum+g.at(x, y), count+1
			}
		}
		blurred.values = append(blurred.values, sum/count)
	}
	return g.less(blurred)
}

// strokes is how wide they are: how many pixels to the right the correlation of a picture's detail falls to a half.
func (g grey) strokes() float64 {
	fine := g.detail(8)
	correlation := func(shift int) (sum float64) {
		for i, v := range fine.values {
			if i%g.width+shift < g.width {
				sum += v * fine.values[i+shift] / float64(g.height*(g.width-shift))
			}
		}
		return sum
	}
	half, before := correlation(0)/2, correlation(0)
	for shift := 1; ; shift++ {
		now := correlation(shift)
		if now < half {
			return float64(shift) - (half-now)/(before-now)
		}
		before = now
	}
}

// swirl is 1 if somewhere all edges within so many pixels go in circles, about 0 where they go anyhow.
func (g grey) swirl(radius int) (best float64) {
	for y := radius; y < g.height-radius; y += 2 {
		for x := radius; x < g.width-radius; x += 2 {
			best = max(best, g.circles(x, y, radius))
		}
	}
	return best
}

func (g grey) circles(centreX, centreY, radius int) float64 {
	circles, all := 0.0, 0.0
	for dy := 1 - radius; dy < radius; dy++ {
		for dx := 1 - radius; dx < radius; dx++ {
			distance := math.Hypot(float64(dx), float64(dy))
			if distance < 2 || distance > float64(radius) {
				continue
			}
			x, y := centreX+dx, centreY+dy
			slopeX, slopeY := g.at(x+1, y)-g.at(x-1, y), g.at(x, y+1)-g.at(x, y-1)
			outwards, around := (slopeX*float64(dx)+slopeY*float64(dy))/distance, (slopeX*float64(dy)-slopeY*float64(dx))/distance
			circles, all = circles+outwards*outwards-around*around, all+outwards*outwards+around*around
		}
	}
	return circles / all
}

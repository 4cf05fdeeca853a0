package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func TestFiguresAreFresh(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "notebooks", "figures")
	figures := all()
	for name, svg := range figures {
		committed, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.ReplaceAll(string(committed), "\r\n", "\n") != svg {
			t.Errorf("%s is not what the program draws: run go run ./scripts/author/figures", name)
		}
		if len(svg) > 20_000 {
			t.Errorf("%s has %d bytes", name, len(svg))
		}
		decoder := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	committed, err := os.ReadDir(folder)
	if err != nil || len(committed) != len(figures) {
		t.Errorf("%d committed figures, %d drawn: %v", len(committed), len(figures), err)
	}
}

var caption = regexp.MustCompile(`<text x="(\d+)" y="(\d+)" text-anchor="middle"[^>]*>([^<]*)</text>`)

// Captions stay within the drawing and beside each other, with letters as wide as a browser's widest usual ones.
func TestCaptionsHaveRoom(t *testing.T) {
	type span struct{ left, right, y float64 }
	count := 0
	for name, svg := range all() {
		var width float64
		if _, err := fmt.Sscanf(svg[strings.Index(svg, "viewBox"):], `viewBox="0 0 %f`, &width); err != nil {
			t.Fatal(err)
		}
		var spans []span
		for _, found := range caption.FindAllStringSubmatch(svg, -1) {
			x, _ := strconv.ParseFloat(found[1], 64) // digits alone
			y, _ := strconv.ParseFloat(found[2], 64)
			wide := 0.0
			for _, letter := range html.UnescapeString(found[3]) {
				if unicode.Is(unicode.Han, letter) || letter > 0xff00 {
					wide += 15
				} else {
					wide += 0.6 * 15
				}
			}
			s := span{x - wide/2, x + wide/2, y}
			count++
			if s.left < 0 || s.right > width {
				t.Errorf("%s: %q reaches from %g to %g of %g", name, found[3], s.left, s.right, width)
			}
			for _, other := range spans {
				if math.Abs(other.y-s.y) < 15 && s.left < other.right && other.left < s.right {
					t.Errorf("%s: %q runs into another caption", name, found[3])
				}
			}
			spans = append(spans, s)
		}
	}
	if count < 10 {
		t.Errorf("only %d captions were found", count)
	}
}

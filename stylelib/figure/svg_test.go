package figure_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
)

func TestLossesAsSVG(t *testing.T) {
	var records []sl.Record
	for epoch := 10; epoch <= 50; epoch += 10 {
		records = append(records, sl.Record{Epoch: epoch, Losses: []sl.TermLoss{{Name: "a<b", Value: float64(epoch)}, {Name: "tv", Value: 5}}})
	}
	svg, places, err := figure.LossesSVG(records, 50)
	if err != nil {
		t.Fatal(err)
	}
	elements := map[string]int{}
	for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
	if elements["circle"] != 2 || elements["script"] != 0 || strings.Contains(svg, "#000000") {
		t.Errorf("the svg has %v, or a colour that can't be read on a dark ground", elements)
	}
	for i, place := range places {
		last := places[max(0, i-1)]
		if len(place.Ys) != 2 || place.Ys[1] != places[0].Ys[1] || (i > 0 && (place.X <= last.X || place.Ys[0] >= last.Ys[0])) {
			t.Errorf("epoch %d is at %v, the one before at %v", records[i].Epoch, place, last)
		}
	}
}

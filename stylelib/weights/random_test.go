package weights

import (
	"context"
	"errors"
	"hash/fnv"
	"math"
	"testing"

	sl "stylebook/stylelib"
)

func TestRandomIsHeNormal(t *testing.T) {
	net, err := Random(1, sl.VGG19, FullWidths(), "12")
	if err != nil {
		t.Fatal(err)
	}
	for _, conv := range net.Convs {
		in := conv.Filter.Shape().Dimensions[2]
		values := flat(t, conv.Filter)
		want := math.Sqrt(2 / float64(9*in))
		var sum, squares, within float64
		for _, value := range values {
			sum += float64(value)
			squares += float64(value) * float64(value)
			if math.Abs(float64(value)) < want {
				within++
			}
		}
		count := float64(len(values))
		deviation, error5 := math.Sqrt(squares/count), 5/math.Sqrt(count)
		if math.Abs(deviation/want-1) > error5 || math.Abs(sum/count) > want*error5 {
			t.Errorf("layer %d: deviation %v, mean %v; want %v, 0", conv.Index, deviation, sum/count, want)
		}
		if math.Abs(within/count-0.683) > 0.005+error5 {
			t.Errorf("layer %d: %v of the values lie within one deviation, want 0.68", conv.Index, within/count)
		}
		for _, value := range flat(t, conv.Bias) {
			if value != 0 {
				t.Fatalf("layer %d: bias %v", conv.Index, value)
			}
		}
	}
}

// The hash was computed once: the filters must not change with versions of Go or processors.
func TestRandomIsReproducible(t *testing.T) {
	net, err := Random(7, sl.VGG19, [5]int{2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	hash := fnv.New64a()
	for _, conv := range net.Convs {
		hash.Write(float32Bytes(flat(t, conv.Filter)...))
	}
	if got, want := hash.Sum64(), uint64(0xf38ea7511f3568a5); got != want {
		t.Errorf("hash of the filters is %#x, want %#x", got, want)
	}
	shorter, err := Random(7, sl.VGG19, [5]int{2, 3, 4, 5, 6}, "16")
	if err != nil {
		t.Fatal(err)
	}
	sameNetworks(t, shorter, upTo(net, 16))
	other, err := Random(8, sl.VGG19, [5]int{2, 3, 4, 5, 6}, "0")
	if err != nil {
		t.Fatal(err)
	}
	if flat(t, other.Convs[0].Filter)[0] == flat(t, net.Convs[0].Filter)[0] {
		t.Error("another seed gave the same filter")
	}
}

func TestRandomRefuses(t *testing.T) {
	_, err := Random(1, sl.VGG19, [5]int{64, 0, 1, 1, 1}, "28")
	wantError(t, err, "widths")
	var layer *sl.LayerError
	if _, err := Random(1, sl.VGG19, FullWidths(), "99"); !errors.As(err, &layer) {
		t.Errorf("layer 99 gives %v", err)
	}
}

func TestLoadRandom(t *testing.T) {
	options := Default()
	options.Spec, options.Layers, options.Seed = RandomNet, []string{"7"}, 5
	loaded, err := Load(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := Random(5, sl.VGG19, FullWidths(), "7")
	sameNetworks(t, loaded.Network, want)
	if !loaded.Normalize || loaded.Source != "VGG-19 with random filters, seed 5" {
		t.Errorf("random gives %+v", loaded)
	}
}

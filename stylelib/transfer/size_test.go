package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

func TestFitSize(t *testing.T) {
	for _, test := range []struct{ contentHeight, contentWidth, height, width, area, wantHeight, wantWidth int }{
		{300, 450, 0, 0, transfer.DefaultArea, 300, 450},
		{3000, 4500, 0, 0, transfer.DefaultArea, 300, 450},
		{4500, 3000, 0, 0, transfer.DefaultArea, 450, 300}, // upright stays upright
		{10, 15, 0, 0, 150 * 225, 150, 225},
		{3000, 4000, 0, 0, transfer.DefaultArea, 318, 424}, // √(135000·3/4) = 318.2, √(135000·4/3) = 424.3
		{777, 777, 0, 0, transfer.DefaultArea, 367, 367},
		{3000, 4000, 300, 0, transfer.DefaultArea, 300, 400},
		{3000, 4000, 0, 300, 0, 225, 300},
		{3000, 4000, 0, 301, 0, 226, 301}, // 225.75
		{3000, 4000, 77, 600, 0, 77, 600},
		{3, 4, 16, 16, 0, 16, 16},
	} {
		h, w, err := transfer.FitSize(test.contentHeight, test.contentWidth, test.height, test.width, test.area)
		if err != nil || h != test.wantHeight || w != test.wantWidth {
			t.Errorf("%+v: got %d, %d, %v", test, h, w, err)
		}
	}
}

func TestFitSizeKeepsAreaAndAspect(t *testing.T) {
	for _, content := range [][2]int{{1, 5}, {333, 1000}, {4000, 3000}, {1999, 2001}} {
		h, w, err := transfer.FitSize(content[0], content[1], 0, 0, transfer.DefaultArea)
		if err != nil {
			t.Fatal(err)
		}
		area := float64(h*w) / transfer.DefaultArea
		aspect := float64(h) / float64(w) * float64(content[1]) / float64(content[0])
		if math.Abs(area-1) > 0.005 || math.Abs(aspect-1) > 0.005 {
			t.Errorf("%v: %d × %d has %.4f of the area and %.4f of the aspect ratio", content, h, w, area, aspect)
		}
	}
}

func TestFitSizeRefuses(t *testing.T) {
	for _, test := range []struct {
		contentHeight, contentWidth, height, width, area int
		want                                             string
	}{
		{300, 450, 15, 450, 0, "height 15, width 450: both must be at least 16 pixels"},
		{300, 450, 300, 15, 0, "the five blocks of the network have nothing left"},
		{10000, 100, 200, 0, 0, "height 200, width 2: both must be at least 16 pixels"},
		{300, 450, 0, 0, 100, "both must be at least 16 pixels"},
		{1, 100_000, 0, 0, transfer.DefaultArea, "both must be at least 16 pixels"},
		{300, 450, -1, 0, transfer.DefaultArea, "neither may be negative"},
		{300, 450, 0, -1, transfer.DefaultArea, "neither may be negative"},
		{300, 450, 0, 0, 0, "the area must be positive, not 0"},
		{0, 450, 0, 0, transfer.DefaultArea, "the content image has no pixels"},
		{300, 450, math.MaxInt, 0, 0, "more than 100 megapixels"},
		{300, 450, 20_000, 20_000, 0, "more than 100 megapixels"},
	} {
		_, _, err := transfer.FitSize(test.contentHeight, test.contentWidth, test.height, test.width, test.area)
		var sizeErr *sl.SizeError
		if !errors.As(err, &sizeErr) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: got %v", test, err)
		}
	}
}

// A convolution that mirrors its map needs two rows and columns, so the same pictures are too small for one network only.
func TestMirroringNeedsLargerPictures(t *testing.T) {
	e := testkit.Engine(t, "go")
	dir := t.TempDir()
	for _, padding := range []sl.Padding{sl.ZeroPadding, sl.ReflectPadding} {
		net, err := weights.Random(1, sl.VGG19, [5]int{4, 4, 8, 8, 8}, "conv5_1")
		if err != nil {
			t.Fatal(err)
		}
		net.Padding = padding
		path := filepath.Join(dir, string(padding))
		if err := weights.Write(path, net, nil); err != nil {
			t.Fatal(err)
		}
		request := transfer.NewRequest(filepath.Join(testkit.Root(t), "data/content.jpg"), filepath.Join(testkit.Root(t), "data/style.jpg"))
		request.Weights.Spec, request.Height, request.Width = path, 20, 48
		opened, err := transfer.Open(context.Background(), e.Backend, request)
		if err == nil {
			opened.Close()
		}
		var sizeErr *sl.SizeError
		if want := "height 20, width 48: conv5_1 of this network needs at least 32 pixels either way"; padding == sl.ZeroPadding && err != nil ||
			padding == sl.ReflectPadding && (!errors.As(err, &sizeErr) || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s padding: got %v", padding, err)
		}
	}
}

func ExampleFitSize() {
	h, w, err := transfer.FitSize(4032, 3024, 0, 0, transfer.DefaultArea) // a telephone's upright photograph
	fmt.Println(h, w, err)
	h, w, err = transfer.FitSize(4032, 3024, 400, 0, transfer.DefaultArea)
	fmt.Println(h, w, err)
	_, _, err = transfer.FitSize(4032, 3024, 10, 0, transfer.DefaultArea)
	fmt.Println(err)
	// Output:
	// 424 318 <nil>
	// 400 300 <nil>
	// height 10, width 8: both must be at least 16 pixels, or the five blocks of the network have nothing left: choose a larger size
}

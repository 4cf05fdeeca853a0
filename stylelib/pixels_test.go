package stylelib_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/testkit"

	"github.com/gomlx/gomlx/core/tensors"
)

// TestPreprocessedPixels compares what each preset makes of our JPEG pictures with what its tab makes of them: decoding,
// resizing, normalizing, and the order of height, width and channels.
func TestPreprocessedPixels(t *testing.T) {
	data := filepath.Join(testkit.Root(t), "data")
	arrays := testkit.ReadSafetensors(t, filepath.Join(data, "golden", "tensors.safetensors"))
	for _, preset := range sl.Presets() {
		for _, which := range []string{"content", "style"} {
			array := arrays[fmt.Sprintf("random-%s-60x90.input_%s", preset, which)]
			if len(array.Shape) != 3 {
				t.Fatalf("%s: the golden files hold no %s", preset, which)
			}
			got, options := preprocessed(t, preset, filepath.Join(data, which+".jpg"))
			want := testkit.ChannelsLast(array.Float32s(), 3, 60, 90)
			limit := pixelLevels
			if options.Resize == sl.PlainBilinear {
				limit = decodedLevels
			}
			comparePixels(t, preset+", "+which, got, want, limit)
		}
	}
}

// TestResizedPixels compares with what each tab makes of a picture without loss, in which no JPEG decoder has a part.
func TestResizedPixels(t *testing.T) {
	images := filepath.Join(testkit.Root(t), "data", "golden", "images")
	for preset, file := range map[string]string{
		"pytorch": "source-60x90-pil.png", "paddle": "source-60x90-pil.png", "mxnet": "source-60x90-cv.png"} {
		got, _ := preprocessed(t, preset, filepath.Join(images, "source.png"))
		want, _ := preprocessed(t, preset, filepath.Join(images, file)) // at size already
		comparePixels(t, preset, got, want, pixelLevels)
	}
}

func preprocessed(t *testing.T, preset, path string) ([]float32, sl.Options) {
	t.Helper()
	options, err := sl.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := sl.ReadImage(path)
	if err != nil {
		t.Fatal(err)
	}
	x, err := sl.Preprocess(picture, 60, 90, options.Resize)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](x), options
}

func comparePixels(t *testing.T, name string, got, want []float32, row quantity) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	var largest float64
	differing := 0
	for i := range got {
		levels := 255 * float64(sl.RGBStd[i%3]) // in one unit of the normalized value
		d := math.Round(math.Abs(float64(got[i])-float64(want[i])) * levels)
		largest = max(largest, d)
		if d > 0 {
			differing++
		}
	}
	share := float64(differing) / float64(len(got))
	t.Logf("%-16s largest difference %g levels, %.2f %% of the values differ", name, largest, 100*share)
	if limit := tolerances[row][xla32]; largest > limit {
		t.Errorf("%s: off by %g levels, want at most %g", name, largest, limit)
	}
}

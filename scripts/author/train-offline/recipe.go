package main

import (
	"fmt"
	"strings"
)

// recipe is everything that the network depends on, besides the code.
type recipe struct {
	seed  uint64
	steps int

	widths      [5]int // channels in each block, without the pyramid's
	textures    int    // each a class
	photographs int    // each cut into cellsAcross × cellsDown classes

	batch       int
	crop        int // pixels that a crop is resized to, a multiple of 16
	cropLow     int // smallest and largest side of a crop before that
	cropHigh    int //
	headWidth   int // channels that a classifier's Gram matrix has
	calibration int // batches and pictures that the finished network is measured on
	decay       float64
	rate        float64
	smoothing   float64
	tapWeights  [5]float64
}

// full is the recipe of the file that ships, but for the steps, which are 0 there.
//
// Trained filters were tried: up to 1200 steps, widths up to [16 32 96 176 176], with photographs and without, batch norm
// measured with either pooling. A trained network with these widths, 700 steps and the pyramid's channels left out has
// style .43 at content .96 under a real VGG-19 where this one has .44 at .66 (200 epochs, learning rate 0.05): its
// features of textures are what the style asks for, and then the content layer no longer holds the scene.
func full(seed uint64, steps int) recipe {
	return recipe{
		seed: seed, steps: steps,
		widths: [5]int{16, 32, 64, 128, 128}, textures: 240, photographs: 11,
		batch: 40, crop: 64, cropLow: 44, cropHigh: 110, headWidth: 24, calibration: 24,
		decay: 1e-3, rate: 2e-3, smoothing: 0.05, tapWeights: [5]float64{0.3, 0.5, 0.7, 1, 1},
	}
}

// quick is the recipe of a trial that takes seconds.
func quick(seed uint64) recipe {
	r := full(seed, 3)
	r.widths, r.textures, r.photographs = [5]int{4, 4, 6, 6, 8}, 4, 1
	r.batch, r.crop, r.headWidth, r.calibration = 4, 32, 4, 2
	return r
}

func (r recipe) classes() int { return r.textures + r.photographs*cellsAcross*cellsDown }

// text tells the recipe in words, for the header of the file.
func (r recipe) text() string {
	return strings.Join([]string{r.filtersText(), r.trainingText(),
		fmt.Sprintf("A pyramid besides: %d analytic channels in conv1_1, colours and edges at four scales in the layers up to conv4_4.", analyticChannels),
		"Average pooling, reflection. Batch norm folded, channels scaled to post-ReLU RMS 1, layers scaled for the chapter's loss weights, rounded to half precision."}, " ")
}

func (r recipe) filtersText() string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return fmt.Sprintf("Orthogonal random filters, widths %v, seed %d, measured on %d generated textures (%s) and %d photographs cut %d x %d; crops of %d-%d px resized to %d, flipped, channel gains 0.75-1.3, offsets up to 0.3.",
		r.widths, r.seed, r.textures, strings.Join(names, ", "), r.photographs, cellsAcross, cellsDown, r.cropLow, r.cropHigh, r.crop)
}

func (r recipe) trainingText() string {
	if r.steps == 0 {
		return "Not trained."
	}
	return fmt.Sprintf("Trained to tell these %d classes apart: convolution, batch norm, ReLU, max pooling; at conv1_1, 2_1, 3_1, 4_1, 5_1 a linear classifier on the Gram matrix of %d projected channels and on the means, "+
		"weighted %v, label smoothing %g; AdamW, rate %g, decay %g, 5 %% warm-up, cosine, batch %d, %d steps.",
		r.classes(), r.headWidth, r.tapWeights, r.smoothing, r.rate, r.decay, r.batch, r.steps)
}

package main

import "fmt"

// recipe is all that the pupil depends on besides the code, the teacher and the machine.
type recipe struct {
	seed     uint64
	widths   [5]int // of the pupil's blocks
	count    int    // batches
	pairs    int    // of pictures in a batch
	crop     int    // side of a picture, a multiple of 16
	textures int    // pictures drawn beforehand
	painted  int    // paintings of each photograph
	ridge    float64
}

func full(seed uint64) recipe {
	return recipe{seed: seed, widths: [5]int{32, 64, 96, 192, 192}, count: 32, pairs: 4, crop: 128, textures: 100, painted: 3, ridge: 3e-3}
}

// quick is a trial that takes seconds.
func quick(seed uint64) recipe {
	return recipe{seed: seed, widths: [5]int{6, 8, 12, 16, 16}, count: 2, pairs: 2, crop: 32, textures: 10, painted: 1, ridge: 3e-3}
}

// metadata tells the recipe in the header of the file.
func (r recipe) metadata(engine string) map[string]string {
	return map[string]string{
		"name":   "stylebook offline network",
		"recipe": fmt.Sprintf("VGG-19's shape, widths %v, average pooling, zero padding. Of each layer those channels of VGG-16 that tell most about all of them; filters by least squares, layer by layer, on what the network itself gives, from %d pictures of %d x %d: crops of photographs, of paintings of them and of generated textures. Layers scaled so that Gram and content losses between pictures have VGG-16's size. %s. Rounded to half precision.", r.widths, 2*r.pairs*r.count, r.crop, r.crop, engine),
		"seed":   fmt.Sprint(r.seed), "program": "scripts/author/distil",
		"licence": "CC0-1.0: made with generated pictures and public-domain photographs from torchvision's VGG-16 (BSD), and dedicated to the public domain",
	}
}

// Package data holds the golden values and the small random network in a form that comes with the module, for the checks
// in the notebooks.
package data

import "embed"

// Files are files of this folder, by their path in it.
//
//go:embed golden/checks.json golden/random-pytorch-60x90.json golden/random-pytorch-60x90-tv-off.json
//go:embed golden/random-paddle-60x90.json golden/images/content-60x90-pil.png golden/images/style-60x90-pil.png
//go:embed weights/vgg19-random.safetensors
var Files embed.FS

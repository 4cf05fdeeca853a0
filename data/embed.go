// Package data holds the golden values and the small random network in a form that comes with the module, for the checks
// in the notebooks, photographs to train networks on, and networks that paint.
package data

import (
	"embed"
	"io/fs"
	"iter"
	"path"
	"strings"
)

// Files are files of this folder, by their path in it.
//
//go:embed golden/checks.json golden/random-pytorch-60x90.json golden/random-pytorch-60x90-tv-off.json
//go:embed golden/random-paddle-60x90.json golden/images/content-60x90-pil.png golden/images/style-60x90-pil.png
//go:embed weights/vgg19-random.safetensors
var Files embed.FS

//go:embed photographs/*.jpg
var photographs embed.FS

// Photographs yields the photographs of this folder, JPEG files, in the order of their names.
func Photographs() iter.Seq2[string, []byte] {
	return func(yield func(name string, file []byte) bool) {
		names, err := fs.Glob(photographs, "photographs/*.jpg")
		for _, name := range names {
			file, readErr := photographs.ReadFile(name)
			if err != nil || readErr != nil || !yield(path.Base(name), file) {
				return // what is part of the program can be read
			}
		}
	}
}

//go:embed networks/*.safetensors
var networks embed.FS

// Network returns the file of a network that comes with the program; ok is false where there is none of that name.
func Network(name string) (file []byte, ok bool) {
	file, err := networks.ReadFile("networks/" + name + ".safetensors")
	return file, err == nil
}

// Networks are the names of the networks, in order.
func Networks() (names []string) {
	files, _ := fs.Glob(networks, "networks/*.safetensors") // the pattern is right
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".safetensors"))
	}
	return names
}

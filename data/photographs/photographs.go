// Package photographs holds the public-domain photographs that networks without a download are made from.
package photographs

import (
	"embed"
	"fmt"
	"image"
	"image/jpeg"
)

//go:embed *.jpg
var files embed.FS

// All decodes the photographs, which the README beside them lists, in the order of their names.
func All() ([]image.Image, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []image.Image
	for _, entry := range entries {
		picture, err := photograph(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		all = append(all, picture)
	}
	return all, nil
}

func photograph(name string) (image.Image, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return jpeg.Decode(file)
}

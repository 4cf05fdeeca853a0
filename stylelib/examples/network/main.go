// Network is the command stylize with a feature network of its own, read from a safetensors file: network FILE -content …
// With -make it writes such a file of random weights first: network -make FILE.
package main

import (
	"log"
	"os"

	"stylebook/stylelib/cli"
	"stylebook/stylelib/transfer"
)

func main() {
	log.SetFlags(0)
	switch {
	case len(os.Args) == 3 && os.Args[1] == "-make":
		check(writeRandom(os.Args[2], 1))
	case len(os.Args) > 1:
		net, err := readResidual(os.Args[1])
		check(err)
		os.Args = append(os.Args[:1], os.Args[2:]...)
		cli.Main(transfer.Network{FeatureNetwork: net, ContentLayers: []string{"layer3"}, StyleLayers: []string{"stem", "layer1", "layer2", "layer3"}})
	default:
		log.Fatal("network: name a file: network FILE -content PICTURE -style PICTURE -out PICTURE; network -make FILE writes one")
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

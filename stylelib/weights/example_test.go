package weights_test

import (
	"context"
	"fmt"
	"log"

	"stylebook/stylelib/weights"
)

func ExampleLoad() {
	options := weights.Default()
	options.Spec = weights.Offline // "auto" would look for trained weights first
	loaded, err := weights.Load(context.Background(), options)
	if err != nil {
		log.Fatal(err)
	}
	last := loaded.Network.Convs[len(loaded.Network.Convs)-1]
	fmt.Println(loaded.Source)
	fmt.Println("layers up to", last.Index, "with filters", last.Filter.Shape().Dimensions)
	// Output:
	// offline network, ships with stylebook
	// layers up to 28 with filters [3 3 192 192]
}

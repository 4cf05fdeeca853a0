package stylelib_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	sl "stylebook/stylelib"
)

func TestFind(t *testing.T) {
	for list, want := range map[string][]int{
		"25":                            {25},
		"conv4_4":                       {25},
		"conv4_last":                    {25},
		"conv1_1,5,conv3_1,19,28":       {0, 5, 10, 19, 28},
		"relu1_1,pool1,pool5,36,0":      {0, 1, 4, 36},
		"28,28,conv5_1":                 {28},
		"conv5_4,relu5_4,conv2_2,pool3": {7, 18, 34, 35},
		"conv4_last,conv4_4,25,conv1_1": {0, 25},
		"conv1_last,conv2_last,conv3_4": {2, 7, 16},
		"conv1_1,":                      nil,
	} {
		found, err := sl.VGG19.Find(strings.Split(list, ",")...)
		if want == nil {
			if err == nil {
				t.Errorf("%q: an empty name is taken", list)
			}
			continue
		}
		var got []int
		for _, layer := range found {
			got = append(got, layer.Index)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, %v, want %v", list, got, err, want)
		}
	}
	if found, err := sl.VGG19.Find(); found != nil || err != nil {
		t.Errorf("no names mean no layers, got %v, %v", found, err)
	}
	for _, name := range []string{"37", "-1", "conv4_5", "conv6_1", "1.5", "Conv1_1", "0;5", "99999999999999999999", "025", "relu4_last", "pool4_last"} {
		var layer *sl.LayerError
		if _, err := sl.VGG19.Find("conv1_1", name); !errors.As(err, &layer) || layer.Layer != name || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want a *LayerError that names it", name, err)
		}
	}
}

// The tables of Simonyan and Zisserman, with torchvision's indices.
func TestArchitectures(t *testing.T) {
	for architecture, want := range map[sl.Architecture]struct {
		layers, convs int
		roles         []int // the chapter's layers: style 1 to 4, content, style 5
	}{
		sl.VGG11: {21, 8, []int{0, 3, 6, 11, 13, 16}},
		sl.VGG13: {25, 10, []int{0, 5, 10, 15, 17, 20}},
		sl.VGG16: {31, 13, []int{0, 5, 10, 17, 21, 24}},
		sl.VGG19: {37, 16, []int{0, 5, 10, 19, 25, 28}},
	} {
		layers, convs := architecture.Layers(), 0
		for i, layer := range layers {
			if layer.Index != i {
				t.Errorf("%s: layer %d has index %d", architecture, i, layer.Index)
			}
			if layer.Kind == sl.ConvLayer {
				convs++
			}
		}
		if len(layers) != want.layers || convs != want.convs {
			t.Errorf("%s has %d layers, %d convolutions, want %d, %d", architecture, len(layers), convs, want.layers, want.convs)
		}
		found, err := architecture.Find(append(sl.Default().StyleLayers, sl.Default().ContentLayers...)...)
		if err != nil {
			t.Fatal(err)
		}
		var roles []int
		for _, layer := range found {
			roles = append(roles, layer.Index)
		}
		if !reflect.DeepEqual(roles, want.roles) {
			t.Errorf("%s: the chapter's layers are %v, want %v", architecture, found, want.roles)
		}
	}
	if len(sl.Architectures()) != 4 || sl.Architectures()[0] != sl.VGG19 {
		t.Errorf("architectures %v", sl.Architectures())
	}
}

func ExampleArchitecture_Find() {
	for _, architecture := range []sl.Architecture{sl.VGG19, sl.VGG16} {
		layers, err := architecture.Find("conv4_last", "5", "conv1_1")
		fmt.Println(architecture, layers, err)
	}
	_, err := sl.VGG16.Find("conv4_4")
	fmt.Println(err)
	// Output:
	// VGG-19 [conv1_1 (0) conv2_1 (5) conv4_4 (25)] <nil>
	// VGG-16 [conv1_1 (0) conv2_1 (5) conv4_3 (21)] <nil>
	// VGG-16 has no layer "conv4_4": it has conv1_1 conv1_2 conv2_1 conv2_2 conv3_1 conv3_2 conv3_3 conv4_1 conv4_2 conv4_3 conv5_1 conv5_2 conv5_3, a relu of the same number after each, pool1 to pool5, or indices from 0 to 30
}

func ExampleArchitecture_Layers() {
	for _, layer := range sl.VGG19.Layers()[23:28] {
		fmt.Println(layer)
	}
	// Output:
	// conv4_3 (23)
	// relu4_3 (24)
	// conv4_4 (25)
	// relu4_4 (26)
	// pool4 (27)
}

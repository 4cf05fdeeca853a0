package weights

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	sl "stylebook/stylelib"
)

func isOffline(loaded *Loaded) bool { return strings.HasPrefix(loaded.Source, "offline network") }

// maxOfflineBytes keeps programs that use the package small.
const maxOfflineBytes = 4_000_000

func loadOffline(t *testing.T, layers ...string) (*Loaded, error) {
	t.Helper()
	options := Default()
	options.Spec, options.Layers = Offline, layers
	return Load(context.Background(), options)
}

func TestOfflineHasTheChaptersLayers(t *testing.T) {
	loaded, err := loadOffline(t, "conv5_1")
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Normalize || loaded.Path != "" || !isOffline(loaded) || !strings.Contains(loaded.Source, "ships with stylebook") {
		t.Errorf("got %+v", loaded)
	}
	if !strings.Contains(loaded.Note, EnvWeights) || strings.Contains(loaded.Note+loaded.Source, "\n") {
		t.Errorf("note %q must say in one line how to get VGG-19", loaded.Note)
	}
	net := loaded.Network
	if len(net.Convs) != 13 || net.Pooling != sl.AveragePooling || net.Padding != sl.ZeroPadding {
		t.Fatalf("%d convolutions, pooling %v, padding %v", len(net.Convs), net.Pooling, net.Padding)
	}
	for i, conv := range net.Convs {
		if conv.Index != convsOf(sl.VGG19)[i].Index {
			t.Errorf("convolution %d has index %d", i, conv.Index)
		}
		for _, value := range append(flat(t, conv.Filter), flat(t, conv.Bias)...) {
			if math.IsNaN(float64(value)) || math.IsInf(float64(value), 0) {
				t.Fatalf("layer %d holds %v", conv.Index, value)
			}
		}
	}
	for lastLayer := range 29 {
		shallow, err := loadOffline(t, itoa(lastLayer))
		if err != nil {
			t.Fatal(err)
		}
		sameNetworks(t, shallow.Network, upTo(net, lastLayer))
	}
}

func TestOfflineEndsAtConv51(t *testing.T) {
	for _, lastLayer := range []string{"30", "pool5"} {
		_, err := loadOffline(t, lastLayer)
		var depth *DepthError
		if !errors.As(err, &depth) || depth.Has.Index != 28 {
			t.Errorf("layer %s gives %v", lastLayer, err)
		}
		wantError(t, err, "offline network", "choose layers up to conv5_1", EnvWeights)
	}
	options := testOptions(t.TempDir())
	options.Layers = []string{"34"}
	_, err := Load(context.Background(), options)
	wantError(t, err, "downloads are turned off", "offline network stops at conv5_1")
}

func TestOfflineFileTellsItsRecipe(t *testing.T) {
	if len(offlineFile) > maxOfflineBytes {
		t.Errorf("the file has %d bytes, more than %d", len(offlineFile), maxOfflineBytes)
	}
	parsed, err := parse(bytes.NewReader(offlineFile), int64(len(offlineFile)))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"name", "recipe", "seed", "program", "licence", "pool", "padding"} {
		if parsed.metadata[key] == "" {
			t.Errorf("the header lacks %s", key)
		}
	}
	if !strings.Contains(parsed.metadata["licence"], "CC0-1.0") {
		t.Errorf("licence is %q", parsed.metadata["licence"])
	}
}

package weights

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"

	sl "stylebook/stylelib"
)

// offlineFile is the network of "offline"; its header tells how it was made, by scripts/author/distil of commit 6f25fb6.
//
//go:embed offline.safetensors
var offlineFile []byte

// offlineRemedy says how to get VGG-19 itself.
const offlineRemedy = "VGG-19 itself comes with a connection, or from a VGG-19 file (.safetensors or .pth) named by " + EnvWeights

// offlineNetwork reads the network that ships with the package: it needs no file and no connection.
func offlineNetwork(ctx context.Context, layers []string) (*sl.Network, error) {
	net, err := readNetwork(ctx, bytes.NewReader(offlineFile), int64(len(offlineFile)), request{layers: layers})
	if depth, stops := errors.AsType[*DepthError](err); stops {
		return nil, fmt.Errorf("the offline network %w: choose layers up to %s; %s", depth, depth.Has, offlineRemedy)
	}
	return net, err
}

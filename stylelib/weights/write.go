package weights

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/core/tensors"

	sl "stylebook/stylelib"
)

// Write saves a network as a safetensors file that [Read] and PyTorch's safetensors package read: float32 tensors
// features.N.weight [out, in, 3, 3] and features.N.bias [out]. metadata goes into the header, together with the
// network's pooling (key pool) and padding (key padding); it may be nil.
//
// Equal networks give equal bytes. The file appears under its name only when it is complete, replacing an older one.
// A network whose layers aren't VGG-19's from conv1_1 on, or whose shapes don't fit together, gives an error.
func Write(path string, net *sl.Network, metadata map[string]string) error {
	if _, err := writeSummed(path, net, metadata); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// writeSummed also returns the SHA-256 of what it wrote.
func writeSummed(path string, net *sl.Network, metadata map[string]string) (string, error) {
	list, err := tensorsOf(net)
	if err != nil {
		return "", err
	}
	header, err := encodeHeader(kindMetadata(net, metadata), list)
	if err != nil {
		return "", err
	}
	return writeAtomic(path, func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for _, conv := range net.Convs {
			if err := writeConv(w, conv); err != nil {
				return err
			}
		}
		return nil
	})
}

func kindMetadata(net *sl.Network, metadata map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, metadata)
	all[poolKey], all[paddingKey] = maxPool, zeroPadding
	if net.Pooling == sl.AveragePooling {
		all[poolKey] = averagePool
	}
	if net.Padding == sl.ReflectPadding {
		all[paddingKey] = reflectPad
	}
	return all
}

// tensorsOf lists the tensors of a network in the order they are written.
func tensorsOf(net *sl.Network) ([]tensor, error) {
	known := convIndices()
	if len(net.Convs) == 0 || len(net.Convs) > len(known) {
		return nil, fmt.Errorf("a network of %d convolutions is no VGG-19", len(net.Convs))
	}
	var list []tensor
	in := 3
	for i, conv := range net.Convs {
		if conv.Index != known[i] || conv.Filter == nil || conv.Bias == nil {
			return nil, fmt.Errorf("convolution %d is not %s of VGG-19", i, layerName(known[i]))
		}
		filter, bias := conv.Filter.Shape().Dimensions, conv.Bias.Shape().Dimensions
		if len(filter) != 4 || filter[0] != 3 || filter[1] != 3 || filter[2] != in || len(bias) != 1 || bias[0] != filter[3] {
			return nil, fmt.Errorf("%s has a filter of shape %v and a bias of shape %v, expected [3 3 %d out] and [out]",
				layerName(conv.Index), filter, bias, in)
		}
		in = filter[3]
		prefix := fmt.Sprintf("features.%d.", conv.Index)
		list = append(list,
			tensor{name: prefix + "weight", dtype: "F32", shape: []int{filter[3], filter[2], 3, 3}},
			tensor{name: prefix + "bias", dtype: "F32", shape: bias})
	}
	return list, nil
}

func writeConv(w io.Writer, conv sl.Conv) error {
	dims := conv.Filter.Shape().Dimensions
	in, out := dims[2], dims[3]
	raw := make([]byte, 0, 4*9*in*out)
	err := tensors.ConstFlatData(conv.Filter, func(flat []float32) {
		for o := range out {
			for i := range in {
				for at := range 9 {
					raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(flat[(at*in+i)*out+o]))
				}
			}
		}
	})
	if err != nil {
		return err
	}
	err = tensors.ConstFlatData(conv.Bias, func(flat []float32) {
		for _, value := range flat {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(value))
		}
	})
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

// writeAtomic writes a file beside path and renames it once everything is on the disk. It returns the SHA-256 of what
// it wrote. On an error nothing is left.
func writeAtomic(path string, write func(io.Writer) error) (sum string, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	hash := sha256.New()
	buffered := bufio.NewWriterSize(io.MultiWriter(file, hash), 1<<20)
	if err := write(buffered); err != nil {
		return "", err
	}
	if err := buffered.Flush(); err != nil {
		return "", err
	}
	if err := file.Chmod(0o644); err != nil { // CreateTemp's file is for its owner alone
		return "", err
	}
	if err := file.Sync(); err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

package weights

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	sl "stylebook/stylelib"
)

// Read reads the convolutions of VGG-19 up to the layer with index lastLayer from a safetensors or .pth file,
// [AllLayers] for every one the file has.
//
// Filters become float32 tensors [3, 3, in, out] (the files have [out, in, 3, 3]; half, bfloat16 and double precision
// are converted), biases [out]. A safetensors file's metadata may set pool to max or average and padding to zero or
// reflect; without it the network has maximum pooling and zero padding, like VGG-19.
//
// Whatever is wrong with the file gives a [*FileError] that names it; a file that stops before lastLayer has a
// [*DepthError] inside it. A layer VGG-19 does not have gives a [*sl.LayerError].
func Read(ctx context.Context, path string, lastLayer int) (*sl.Network, error) {
	net, _, err := readChecked(ctx, path, lastLayer, "")
	return net, err
}

// Decode is [Read] for a file held in memory; name stands for it in errors.
func Decode(ctx context.Context, data []byte, name string, lastLayer int) (*sl.Network, error) {
	if err := checkLastLayer(lastLayer); err != nil {
		return nil, err
	}
	net, err := readNetwork(ctx, bytes.NewReader(data), int64(len(data)), lastLayer)
	if err != nil {
		return nil, &FileError{Path: name, Reason: err.Error(), Remedy: remedyFor(err), Err: err}
	}
	return net, nil
}

// readChecked also returns the file's SHA-256, and refuses the file if that isn't wanted; "" wants none.
func readChecked(ctx context.Context, path string, lastLayer int, wanted string) (*sl.Network, string, error) {
	if err := checkLastLayer(lastLayer); err != nil {
		return nil, "", err
	}
	file, size, err := openFile(path)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	sum, err := hashAll(ctx, file, size)
	if err == nil && wanted != "" && sum != wanted {
		err = fmt.Errorf("is damaged: its SHA-256 is %s, recorded was %s", sum, wanted)
	}
	var net *sl.Network
	if err == nil {
		net, err = readNetwork(ctx, file, size, lastLayer)
	}
	if ctx.Err() != nil {
		return nil, "", fmt.Errorf("reading %s: %w", path, context.Cause(ctx))
	}
	if err != nil {
		return nil, "", &FileError{Path: path, Reason: err.Error(), Remedy: remedyFor(err), Err: err}
	}
	return net, sum, nil
}

func remedyFor(err error) string {
	var depth *DepthError
	if errors.As(err, &depth) {
		return "choose earlier layers or other weights"
	}
	var refused *refusedError
	if errors.As(err, &refused) {
		return "save only the model's state_dict()"
	}
	return "get VGG-19 again, for example from " + SafetensorsURL
}

func openFile(path string) (*os.File, int64, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, &FileError{Path: path, Reason: "does not exist", Remedy: "check the path", Err: err}
	case err != nil:
		return nil, 0, &FileError{Path: path, Reason: errors.Unwrap(err).Error(), Err: err}
	case info.IsDir():
		return nil, 0, &FileError{Path: path, Reason: "is a directory", Remedy: "name the file inside it"}
	case !info.Mode().IsRegular():
		return nil, 0, &FileError{Path: path, Reason: "is not a regular file"}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, &FileError{Path: path, Reason: "can't be opened", Remedy: "check its permissions", Err: err}
	}
	return file, info.Size(), nil
}

// hashAll returns the SHA-256 of a file in hexadecimal.
func hashAll(ctx context.Context, file io.ReaderAt, size int64) (string, error) {
	hash := sha256.New()
	buffer := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := file.ReadAt(buffer[:min(int64(len(buffer)), size-at)], at)
		hash.Write(buffer[:n])
		at += int64(n)
		if err != nil && at < size {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// parse finds out the format of a file and where its tensors are.
func parse(file io.ReaderAt, size int64) (*tensorFile, error) {
	if size == 0 {
		return nil, errors.New("is empty")
	}
	head := make([]byte, min(size, 512))
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, err
	}
	switch {
	case looksLikeZip(head):
		return parseZipPth(file, size)
	case looksLikeLegacyPth(head):
		return parseLegacyPth(file, size)
	case looksLikeSafetensors(head):
		return parseSafetensors(file, size)
	}
	return nil, fmt.Errorf("is %s, neither safetensors nor .pth", sniff(head))
}

func readNetwork(ctx context.Context, file io.ReaderAt, size int64, lastLayer int) (*sl.Network, error) {
	parsed, err := parse(file, size)
	if err != nil {
		return nil, err
	}
	net, err := parsed.networkKind()
	if err != nil {
		return nil, err
	}
	found, err := parsed.convs()
	if err != nil {
		return nil, err
	}
	needed := convsUpTo(lastLayer)
	if lastLayer != AllLayers && len(found) < len(needed) {
		return nil, &DepthError{Has: found[len(found)-1].index, Needs: needed[len(needed)-1]}
	}
	for _, pair := range found[:min(len(found), len(needed))] {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		conv, err := pair.read(file)
		if err != nil {
			return nil, err
		}
		net.Convs = append(net.Convs, conv)
	}
	return net, nil
}

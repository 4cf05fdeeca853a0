package weights

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/safetensors"
)

// Read reads the convolutions of a VGG from a safetensors or .pth file, up to the last of the layers (see
// [Options.Layers]); without any, every one that the file has.
//
// The indices of the convolutions tell the architecture, or a safetensors file's metadata does under the key architecture:
// vgg11, vgg13, vgg16 or vgg19. A file that ends before it is decided is of VGG-19.
//
// Filters become float32 tensors [3, 3, in, out] (the files have [out, in, 3, 3]; half, bfloat16 and double precision
// are converted), biases [out]. A safetensors file's metadata may set pool to max or average and padding to zero or
// reflect; without it the network has maximum pooling and zero padding, as VGG was trained.
//
// Whatever is wrong with the file gives a [*FileError] that names it. Inside it is a [*sl.LayerError] where the file's
// network does not have one of the layers, and a [*DepthError] where the file stops before the last of them.
func Read(ctx context.Context, path string, layers ...string) (*sl.Network, error) {
	net, _, err := readChecked(ctx, path, request{layers: layers})
	return net, err
}

// Decode is [Read] for a file held in memory; name stands for it in errors.
func Decode(ctx context.Context, data []byte, name string, layers ...string) (*sl.Network, error) {
	net, err := readNetwork(ctx, bytes.NewReader(data), int64(len(data)), request{layers: layers})
	if err != nil {
		return nil, unusable(name, err)
	}
	return net, nil
}

// readChecked also returns the file's SHA-256.
func readChecked(ctx context.Context, path string, r request) (*sl.Network, string, error) {
	file, size, err := openFile(path)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	if r.sum == "" { // whatever it is, it need not be hashed to see that it is no network
		_, err = parse(file, size)
	}
	var sum string
	if err == nil {
		sum, err = atomicfile.SHA256(ctx, io.NewSectionReader(file, 0, size))
	}
	if err == nil && r.sum != "" && sum != r.sum {
		err = fmt.Errorf("is damaged: its SHA-256 is %s, recorded was %s", sum, r.sum)
	}
	var net *sl.Network
	if err == nil {
		net, err = readNetwork(ctx, file, size, r)
	}
	if ctx.Err() != nil {
		return nil, "", fmt.Errorf("reading %s: %w", oneline.Quote(path), context.Cause(ctx))
	}
	if err != nil {
		return nil, "", unusable(path, err)
	}
	return net, sum, nil
}

func unusable(path string, err error) error {
	return &FileError{Path: path, Reason: err.Error(), Remedy: remedyFor(err), Err: err}
}

func remedyFor(err error) string {
	switch {
	case isA[*sl.LayerError](err):
		return "choose other layers or other weights"
	case isA[*DepthError](err):
		return "choose earlier layers or other weights"
	case isA[*refusedError](err):
		return "save only the model's state_dict()"
	}
	return "get it again, VGG-19 for example from " + SafetensorsURL
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
		header, err := safetensors.ReadHeader(file, size)
		if err != nil {
			return nil, err
		}
		return fromHeader(header), nil
	}
	return nil, fmt.Errorf("is %s, neither safetensors nor .pth", sniff(head))
}

func readNetwork(ctx context.Context, file io.ReaderAt, size int64, r request) (*sl.Network, error) {
	parsed, err := parse(file, size)
	if err != nil {
		return nil, err
	}
	return parsed.network(ctx, file, r)
}

// network reads the convolutions that are wanted.
func (f *tensorFile) network(ctx context.Context, file io.ReaderAt, r request) (*sl.Network, error) {
	net, pairs, err := f.choose(r)
	if err != nil {
		return nil, err
	}
	for _, pair := range pairs {
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

package weights

import (
	"net/url"
	"path"
	"regexp"

	sl "stylebook/stylelib"
)

// Where VGG-19's weights, trained on ImageNet by torchvision's authors, can be downloaded from. Both files hold the
// same numbers.
const (
	// SafetensorsURL is a file of 575 MB from which only the layers needed are read, 52 MB up to conv5_1.
	SafetensorsURL = "https://huggingface.co/timm/vgg19.tv_in1k/resolve/main/model.safetensors"

	// PthURL is torchvision's own file of 575 MB, which can only be read whole.
	PthURL = "https://download.pytorch.org/models/" + pthName

	// PthSHA256 is what the SHA-256 of torchvision's file begins with, as its name tells.
	PthSHA256 = "dcbb9e9d"
)

const pthName = "vgg19-" + PthSHA256 + ".pth"

// hubNames is what PyTorch's hub calls torchvision's files. Each name ends with what the file's SHA-256 begins with.
var hubNames = map[sl.Architecture]string{sl.VGG19: pthName, sl.VGG16: "vgg16-397923af.pth"}

// Remote is a place that weights can be downloaded from.
type Remote struct {
	URL string

	// Whole makes the download take the whole file, of any format that [Read] reads, and keep its convolutions. Without
	// it the file must be safetensors, and only the layers needed are downloaded.
	Whole bool

	// SHA256 holds the hexadecimal digits that the SHA-256 of the whole file must begin with, empty for no check. It
	// can only be checked together with Whole.
	SHA256 string

	size int64 // of the whole file, 0 for any; can only be checked together with Whole
}

// DefaultSources returns the places a download is tried from: [SafetensorsURL] by ranges, then [PthURL] as a whole.
func DefaultSources() []Remote {
	return []Remote{{URL: SafetensorsURL}, {URL: PthURL, Whole: true, SHA256: PthSHA256}}
}

// Progress is one report of a download.
type Progress struct {
	URL     string
	Done    int64 // bytes that are there, those of earlier attempts included
	Total   int64 // bytes there will be
	Waiting bool  // nothing is downloaded yet: another process is at it
}

// hostOf names a source briefly.
func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return address
	}
	return parsed.Host
}

// partName is what the unfinished copy of a whole file is called in the cache.
func partName(address string) string {
	name := "whole-file"
	if parsed, err := url.Parse(address); err == nil && plainName.MatchString(path.Base(parsed.Path)) {
		name = path.Base(parsed.Path)
	}
	return name + ".part"
}

var plainName = regexp.MustCompile(`^[a-zA-Z0-9_-][a-zA-Z0-9_.-]*$`)

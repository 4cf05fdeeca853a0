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
	// SafetensorsURL is a file of 575 MB from which only the layers needed are read, 52 MB up to conv5_1. It names one
	// revision, so what is served there doesn't change.
	SafetensorsURL = "https://huggingface.co/timm/vgg19.tv_in1k/resolve/128d4708565b3a414bcbb9bbad440b2fe37b9f18/model.safetensors"

	// PthURL is torchvision's own file of 575 MB, which can only be read whole.
	PthURL = "https://download.pytorch.org/models/" + pthName

	// PthSHA256 is the SHA-256 of torchvision's file.
	PthSHA256 = "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"
)

const (
	pthName = "vgg19-dcbb9e9d.pth"
	pthSize = 574_673_361
)

// hubFiles are torchvision's files as PyTorch's hub keeps them: each name ends with what the file's SHA-256 begins with.
var hubFiles = map[sl.Architecture]struct{ name, sum string }{
	sl.VGG19: {pthName, PthSHA256},
	sl.VGG16: {"vgg16-397923af.pth", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"},
}

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
	return []Remote{{URL: SafetensorsURL}, {URL: PthURL, Whole: true, SHA256: PthSHA256, size: pthSize}}
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

// Package photographs holds the public-domain photographs that networks without a download are made from.
package photographs

import "embed"

// Files are the photographs, JPEG; the README beside them says where they come from.
//
//go:embed *.jpg
var Files embed.FS

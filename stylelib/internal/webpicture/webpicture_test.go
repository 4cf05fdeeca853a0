package webpicture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stylebook/stylelib/internal/imagefile"
)

// pngOf has so many random pixels in height and width.
func pngOf(t *testing.T, side int) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, side, side))
	random := rand.New(rand.NewPCG(1, uint64(side)))
	for i := range picture.Pix {
		picture.Pix[i] = byte(random.Uint32()) | byte(255*(i%4/3))
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func testOptions(t *testing.T) Options {
	o := Default()
	o.Folder = t.TempDir()
	return o
}

// nothingIsLeft wants a folder without a picture, whole or in part.
func nothingIsLeft(t *testing.T, folder string) {
	t.Helper()
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if entry.Name() != ".lock" {
			t.Errorf("%s is left", entry.Name())
		}
	}
}

// wantError wants one line that names the address, by an error of the kind that pictures have, and nothing in the folder.
func wantError(t *testing.T, o Options, address, want string) {
	t.Helper()
	_, err := Local(t.Context(), address, o)
	if !is[*imagefile.Error](err) {
		t.Fatalf("%s: got %v (%T)", address, err, err)
	}
	if text := err.Error(); !strings.HasPrefix(text, address+": ") || !strings.Contains(text, want) || strings.Contains(text, "\n") {
		t.Errorf("got %q, want one line with %q and %q", text, address, want)
	}
	nothingIsLeft(t, o.Folder)
}

func serve(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server
}

// A picture is downloaded once; without the server it is still there, with the bytes it had.
func TestAPictureIsKept(t *testing.T) {
	file, asked := pngOf(t, 300), atomic.Int32{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Write(file)
	})
	o, reports := testOptions(t), []Progress{}
	o.Progress = func(p Progress) { reports = append(reports, p) }
	address := server.URL + "/full/843,/0/default.jpg?size=3"
	first, err := Read(t.Context(), address, math.MaxInt64, o)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(reports); n < 2 || reports[0].Done != 0 || reports[n-1].Done != int64(len(file)) {
		t.Errorf("reports are %v", reports)
	}
	server.Close()
	again, err := Read(t.Context(), address, math.MaxInt64, o)
	if err != nil || again.SHA256 != first.SHA256 || !bytes.Equal(again.Picture.Pix, first.Picture.Pix) {
		t.Errorf("without the server: %v", err)
	}
	if asked.Load() != 1 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
}

// A file of the cache that isn't what was downloaded is downloaded anew; so is one that is no whole picture.
func TestDamageIsMended(t *testing.T) {
	file, asked := pngOf(t, 100), 0
	half := true
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; half {
			w.Write(file[:len(file)/3])
			return
		}
		w.Write(file)
	})
	o := testOptions(t)
	if _, err := Read(t.Context(), server.URL, math.MaxInt64, o); err == nil || !strings.Contains(err.Error(), server.URL+": the PNG is cut off") {
		t.Errorf("got %v", err)
	}
	nothingIsLeft(t, o.Folder)
	half = false
	local, err := Local(t.Context(), server.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(local, file[:len(file)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	if local, err = Local(t.Context(), server.URL, o); err != nil || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	if got, err := os.ReadFile(local); !bytes.Equal(got, file) {
		t.Errorf("it isn't mended: %v", err)
	}
}

// What was used longest ago goes where there is too much.
func TestTheCacheIsBounded(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write(pngOf(t, 100)) })
	o := testOptions(t)
	o.CacheBytes = int64(len(pngOf(t, 100))) * 5 / 2
	var files []string
	for i := range 3 {
		local, err := Local(t.Context(), fmt.Sprint(server.URL, "/", i), o)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, local)
		if i < 2 {
			old := time.Now().Add(time.Duration(i-5) * time.Hour)
			if err := os.Chtimes(local, old, old); err != nil {
				t.Fatal(err)
			}
		}
		if i == 1 {
			if _, err := Local(t.Context(), server.URL+"/0", o); err != nil { // it is used, and the younger
				t.Fatal(err)
			}
		}
	}
	for i, there := range []bool{true, false, true} {
		if _, err := os.Stat(files[i]); (err == nil) != there {
			t.Errorf("picture %d: %v", i, err)
		}
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"page":     {text(200, "<!DOCTYPE html><p>a painting"), "is a web page, not a picture: give the address of the picture itself"},
		"text":     {text(200, "a painting"), "is a text file, not a picture"},
		"film":     {text(200, "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00mp42"), "is a video"},
		"empty":    {text(200, ""), "the file is empty"},
		"gone":     {text(404, "<html>"), "the server answers 404 Not Found: check the address (one with a comma stands in double quotes)"},
		"closed":   {text(403, "<html>"), "the server answers 403 Forbidden: download it with a browser"},
		"odd":      {text(299, "\x1b[2J"), "the server answers 299 : download it with a browser"},
		"too much": {text(200, "\x89PNG\r\n\x1a\n"+strings.Repeat("x", 200<<10)), "has more than 100 KiB: give the address of a smaller one"},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			for _, err := w.Write([]byte("\x89PNG\r\n\x1a\n")); err == nil; _, err = w.Write(make([]byte, 1<<10)) {
			}
		}, "has more than 100 KiB"},
		"endless page": {func(w http.ResponseWriter, r *http.Request) {
			for _, err := w.Write([]byte("<html>")); err == nil; _, err = w.Write(bytes.Repeat([]byte("x"), 1<<10)) {
			}
		}, "is a web page"},
		"breaks off": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "90000")
			w.Write([]byte("\x89PNG\r\n\x1a\n"))
			w.Write(make([]byte, 80<<10))
		}, "broke off: try it again"},
	} {
		t.Run(name, func(t *testing.T) {
			o := testOptions(t)
			o.MaxBytes = 100 << 10
			wantError(t, o, serve(t, test.answer).URL+"/a.jpg", test.want)
		})
	}
}

func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

func TestAddressesAreRefused(t *testing.T) {
	for address, want := range map[string]string{
		"http://example.org/a.jpg":           "is not protected on its way: give its address with https",
		"http://127.0.0.1.example.org/a.jpg": "with https",
		"http://10.0.0.1/a.jpg":              "with https",
		"https://":                           "is no complete address",
		"https://%zz/":                       "is no complete address",
		"https://me:secret@example.org/a":    "has a user in it",
	} {
		wantError(t, testOptions(t), address, want)
	}
	for _, path := range []string{"a.jpg", "/a/b.jpg", "ftp://example.org/a.jpg", ""} {
		if local, err := Local(t.Context(), path, testOptions(t)); local != path || err != nil {
			t.Errorf("%s is %s, %v", path, local, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	file := pngOf(t, 20)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(file) }))
	defer secure.Close()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for path, to := range map[string]string{"/once": "/file", "/loop": "/loop", "/tls": secure.URL, "/out": "http://example.org/", "/local": "file:///etc/hosts"} {
			if r.URL.Path == path {
				http.Redirect(w, r, to, http.StatusFound)
				return
			}
		}
		w.Write(file)
	})
	if _, err := Local(t.Context(), server.URL+"/once", testOptions(t)); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{
		"/loop":  "sends on more than 5 times: give the address of the picture itself",
		"/tls":   "sends from http on to https://127.0.0.1",
		"/out":   "sends from http on to http://example.org",
		"/local": "sends from http on to file://",
	} {
		wantError(t, testOptions(t), server.URL+path, want)
	}
	request := func(address string) *http.Request { return httptest.NewRequest(http.MethodGet, address, nil) }
	if err := checkRedirect(request("http://127.0.0.1/"), []*http.Request{request("https://example.org/")}); err == nil {
		t.Error("https is left")
	}
	wantError(t, testOptions(t), secure.URL, "the server can't prove who it is")
}

// A server that doesn't answer, one that stands still, and one that takes too long are given up.
func TestSlowServersAreGivenUp(t *testing.T) {
	end := make(chan struct{})
	slow := func(head string) *httptest.Server {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			if head != "" {
				w.Write([]byte(head))
				http.NewResponseController(w).Flush()
			}
			<-end
		})
	}
	silent, still := slow(""), slow("\x89PNG\r\n\x1a\n")
	t.Cleanup(func() { close(end) })
	o := testOptions(t)
	o.AnswerTimeout = 50 * time.Millisecond
	wantError(t, o, silent.URL, "no answer within 50ms: try it later, or download it with a browser")
	o = testOptions(t)
	o.StallTimeout = 50 * time.Millisecond
	wantError(t, o, still.URL, "stood still for 50ms, or nearly: try it later")
	o = testOptions(t)
	o.WholeTimeout = 50 * time.Millisecond
	wantError(t, o, still.URL, "not all of it is there after 50ms: try it later")
}

func TestWhatCantBeReachedOrKept(t *testing.T) {
	wantError(t, testOptions(t), "http://127.0.0.1:1/a.jpg", "can't be reached (dial tcp 127.0.0.1:1")
	o := testOptions(t)
	file := filepath.Join(o.Folder, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	o.Folder = filepath.Join(file, "pictures")
	wantError(t, o, "https://example.org/a.jpg", "can't be kept (")
}

// The context ends a download in the middle, and the wait for another one.
func TestTheContextEndsIt(t *testing.T) {
	end := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 200<<10)...))
		http.NewResponseController(w).Flush()
		<-end
	})
	t.Cleanup(func() { close(end) })
	o := testOptions(t)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	written := make(chan struct{})
	o.Progress = func(p Progress) {
		if p.Done == 128<<10 {
			close(written)
		}
	}
	go func() {
		_, err := Local(ctx, server.URL, o)
		first <- err
	}()
	<-written
	waits, stop := context.WithCancel(t.Context())
	other := o
	other.Progress = func(p Progress) {
		if p.Waiting {
			stop()
		}
	}
	if _, err := Local(waits, server.URL+"/other", other); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ended with %v", err)
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the download ended with %v", err)
	}
	nothingIsLeft(t, o.Folder)
}

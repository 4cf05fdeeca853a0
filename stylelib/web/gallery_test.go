package web_test

import (
	"encoding/json"
	"image/jpeg"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/runs"
	"stylebook/stylelib/web"
)

// quick are options of a run that takes a moment.
var quick = []part{{"size", "32", nil}, {"epochs", "2", nil}}

// paint starts a run and waits for its end.
func (p *page) paint(parts ...part) update {
	p.t.Helper()
	if got, text := p.start(parts...); got != 204 {
		p.t.Fatalf("%d %s", got, text)
	}
	return p.finished()
}

// finished waits for the end of what has begun.
func (p *page) finished() update {
	p.t.Helper()
	_, n := p.watch(func(n update) bool { return n.Phase == "finished" || n.Phase == "failed" })
	if n.Phase != "finished" {
		p.t.Fatalf("%+v", n)
	}
	return n
}

func (p *page) post(path, body string, want int) {
	p.t.Helper()
	if got, text := p.request("POST", path, strings.NewReader(body)); got != want {
		p.t.Errorf("%s: %d %s", path, got, text)
	}
}

// A run is named, found by its name, its pictures' names and its settings, deleted, brought back, and at the end removed.
func TestNamesAndDeleting(t *testing.T) {
	p := open(t, "web", "-quiet")
	form := append(pictures(t), quick...)
	form[0].value = "../../Großer See <b>.jpg"
	run := p.paint(form...).Run
	if rows := p.rows(""); len(rows) != 1 || rows[0].Title != "Großer See _b_ × painting" || rows[0].Content != 1 || rows[0].Style != 1 {
		t.Fatalf("%+v", rows)
	}
	p.post("runs/"+run+"/name", "  <script>alert(1)</script>\n\u202e ", 204)
	if rows := p.rows("SCRIPT"); len(rows) != 1 || rows[0].Title != `<script>alert(1)</script>\n\u202e` {
		t.Errorf("%+v", rows)
	}
	p.post("runs/"+run+"/name", strings.Repeat("x", runs.MaxName+1), 400)
	p.post("runs/nowhere/name", "x", 404)
	for words, want := range map[string]int{"see epochs 2": 1, "epochs=3": 0, "painting.jpg": 1, "迭代": 1, "finished": 1, "nothing like it": 0, run: 1} {
		if got := len(p.rows(words)); got != want {
			t.Errorf("%q finds %d", words, got)
		}
	}
	for _, of := range []string{"picture/0", "content/0", "style/0"} {
		status, file := p.request("GET", "runs/"+run+"/small/"+of, nil)
		if picture, err := jpeg.Decode(strings.NewReader(file)); status != 200 || err != nil || max(picture.Bounds().Dx(), picture.Bounds().Dy()) > 360 {
			t.Errorf("%s: %d %v", of, status, err)
		}
	}
	for _, of := range []string{"style/1", "content/-1", "init/0", "weights/0", "content/..%2f..%2fetc"} {
		if status, _ := p.request("GET", "runs/"+run+"/small/"+of, nil); status != 404 && of != "content/..%2f..%2fetc" {
			t.Errorf("%s: %d", of, status)
		}
	}
	p.post("runs/"+run+"/delete", "", 204)
	if rows := p.rows(""); len(rows) != 0 {
		t.Errorf("deleted: %+v", rows)
	}
	if status, _ := p.request("GET", "runs/"+run+"/picture.png", nil); status != 404 {
		t.Errorf("a deleted run's picture: %d", status)
	}
	p.post("runs/"+run+"/restore", "", 204)
	if rows := p.rows(""); len(rows) != 1 {
		t.Errorf("brought back: %+v", rows)
	}
	p.post("runs/"+run+"/delete", "", 204)
	for _, path := range []string{"..", "%2e%2e", "..%2f..", run + "%2f.."} {
		if status, _ := p.request("POST", "runs/"+path+"/delete", nil); status == 204 {
			t.Errorf("%s was deleted", path)
		}
	}
	if status := p.end(); status != 0 {
		t.Errorf("status %d: %s", status, p.said)
	}
	if _, err := os.Stat(filepath.Join(p.folder, run)); !os.IsNotExist(err) {
		t.Errorf("what was deleted is still there: %v", err)
	}
}

// What is being painted can't be deleted; what is started meanwhile waits, and can be taken out again.
func TestStartsWait(t *testing.T) {
	p := open(t, "web", "-quiet")
	long := append(pictures(t), part{"size", "32", nil}, part{"epochs", "100000", nil})
	if got, text := p.start(long...); got != 204 {
		t.Fatalf("%d %s", got, text)
	}
	_, n := p.watch(func(n update) bool { return n.Epoch >= 2 })
	p.post("runs/"+n.Run+"/delete", "", 409)
	for range 2 {
		if got, text := p.start(append(pictures(t), quick...)...); got != 204 {
			t.Fatalf("%d %s", got, text)
		}
	}
	_, n = p.watch(func(n update) bool { return len(n.Waiting) == 2 })
	p.post("waiting/"+n.Waiting[0].id()+"/remove", "", 204)
	p.post("waiting/99/remove", "", 204)
	if folders, _ := filepath.Glob(filepath.Join(p.folder, ".upload-*")); len(folders) > 2 {
		t.Errorf("pictures of what was taken out: %v", folders)
	}
	p.post("stop", "", 204)
	p.watch(func(n update) bool { return n.Phase == "finished" && len(n.Waiting) == 0 })
	if rows := p.rows(""); len(rows) != 2 || rows[0].Status != "finished" || rows[1].Status != "stopped" {
		t.Errorf("%+v", rows)
	}
}

// A run is painted again: with its settings and pictures, with more or less style, larger from its picture, with another seed.
func TestAgain(t *testing.T) {
	p := open(t, "web", "-quiet")
	second := part{"style", "second.jpg", sample(t, "quality/ink.jpg")}
	options := []part{quick[0], quick[1], {"strength", "2", nil}, {"blend", "3,1", nil}, {"init", "noise", nil}, {"preset", "painting", nil}}
	run := p.paint(append(append(pictures(t), second), options...)...).Run
	var settings struct {
		Values         map[string]string
		Others         []string
		Content, Style []string
	}
	_, text := p.request("GET", "runs/"+run+"/settings", nil)
	if err := json.Unmarshal([]byte(text), &settings); err != nil || settings.Values["blend"] != "3,1" || len(settings.Style) != 2 || settings.Content[0] != "photo.jpg" {
		t.Fatalf("%v: %s", err, text)
	}
	again := p.paint(append(options, part{"from", run, nil})...).Run
	var compared struct{ Differences []string }
	_, text = p.request("GET", "compare/"+run+"/"+again, nil)
	if err := json.Unmarshal([]byte(text), &compared); err != nil || len(compared.Differences) != 0 {
		t.Errorf("%v: %s", err, text)
	}
	for _, test := range []struct{ how, differences string }{
		{"more", "Style: 2 → 3"},
		{"less", "Style: 2 → 1.33"},
		{"larger", "Size: 32 wide, 21 high → 64 wide, 43 high; Start from: noise → init-picture.png; -scales: 1 → 2"},
		{"seed", "-seed: "},
	} {
		p.post("runs/"+run+"/again/"+test.how, "", 204)
		n := p.finished()
		_, text := p.request("GET", "compare/"+run+"/"+n.Run, nil)
		compared.Differences = nil
		if err := json.Unmarshal([]byte(text), &compared); err != nil || !strings.HasPrefix(strings.Join(compared.Differences, "; "), test.differences) {
			t.Errorf("%s: %v: %q", test.how, err, compared.Differences)
		}
	}
	p.post("runs/"+run+"/again/better", "", 400)
	usual := p.paint(append(pictures(t), quick...)...).Run // which goes coarse to fine by itself
	p.post("runs/"+usual+"/again/larger", "", 204)
	_, text = p.request("GET", "compare/"+usual+"/"+p.finished().Run, nil)
	if err := json.Unmarshal([]byte(text), &compared); err != nil || !slices.Equal(compared.Differences, []string{"Size: 32 wide, 21 high → 64 wide, 43 high"}) {
		t.Errorf("%v: %q", err, compared.Differences)
	}
	p.post("runs/"+p.rows("init-picture")[0].ID+"/again/seed", "", 400) // nothing there is random
	if err := os.Remove(filepath.Join(p.folder, run, "content-photo.jpg")); err != nil {
		t.Fatal(err)
	}
	if got, text := p.request("POST", "runs/"+run+"/again/more", nil); got != 400 || strings.Contains(text, p.folder) {
		t.Errorf("%d %s", got, text)
	}
}

// A preview is shown, and leaves nothing.
func TestPreview(t *testing.T) {
	p := open(t, "web", "-quiet")
	pair := []part{pictures(t)[0], {"style", "painting.jpg", sample(t, "quality/facets.jpg")}}
	n := p.paint(append(pair, part{"epochs", "3", nil}, part{"size", "1600", nil}, part{"preview", "1", nil})...)
	if !n.Preview || n.Run != "" || n.Width > 450 || n.Epochs != 3 {
		t.Errorf("%+v", n)
	}
	example := []part{pictures(t)[0], {"style", "painting.jpg", web.ExamplePainting("astronaut")}}
	for _, known := range [][]part{pictures(t), example} { // paintings that a network has learned
		if n := p.paint(append(known, part{"size", "96", nil}, part{"preview", "1", nil})...); !n.Preview || n.Width != 96 || n.Epochs != 1 {
			t.Errorf("a network's preview: %+v", n)
		}
	}
	if n := p.paint(append(pair, part{"size", "64", nil}, part{"preview", "1", nil})...); n.Width > 64 || n.Epochs > 50 || n.Epochs == 1 {
		t.Errorf("a preview is larger than the picture, or has as many epochs: %+v", n)
	}
	if got, text := p.request("GET", "picture", nil); got != 200 || !strings.HasPrefix(text, "\xff\xd8") {
		t.Errorf("its picture: %d", got)
	}
	if rows := p.rows(""); len(rows) != 0 {
		t.Errorf("it is kept: %+v", rows)
	}
	p.until("the uploads to be gone", func() bool {
		entries, err := os.ReadDir(p.folder)
		return err == nil && len(entries) == 1
	})
}

// What a picture will take is told before it is started, and goes with its size.
func TestEstimate(t *testing.T) {
	p := open(t, "web", "-quiet")
	estimate := func(query string) (e struct {
		Height, Width, Epochs int
		Seconds, Bytes        float64
	}) {
		t.Helper()
		status, text := p.request("GET", "estimate?"+query, nil)
		if err := json.Unmarshal([]byte(text), &e); status != 200 || err != nil || e.Seconds <= 0 || e.Bytes <= 0 {
			t.Fatalf("%s: %d %s", query, status, text)
		}
		return e
	}
	usual, large := estimate("content=600x900"), estimate("content=600x900&size=900&epochs=150")
	if usual.Height != 450 || usual.Width != 300 || large.Height != 900 || large.Seconds <= usual.Seconds || large.Bytes < 2*usual.Bytes {
		t.Errorf("%+v, %+v", usual, large)
	}
	estimate("content=99999999x1&style=x&style=1x1")
	for query, want := range map[string]string{"size=0": "size", "weights=/etc/passwd": "there is no", "strength=NaN": "strength"} {
		if status, text := p.request("GET", "estimate?"+query, nil); status != 400 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
}

// A picture that the browser can't show comes back small.
func TestShrink(t *testing.T) {
	p := open(t, "web", "-quiet")
	heic, err := os.ReadFile("../internal/imagefile/testdata/formats/turned.heic")
	if err != nil {
		t.Fatal(err)
	}
	status, small := p.request("POST", "small", strings.NewReader(string(heic)))
	if _, err := jpeg.Decode(strings.NewReader(small)); status != 200 || err != nil {
		t.Errorf("%d %v", status, err)
	}
	if status, text := p.request("POST", "small", strings.NewReader("no picture")); status != 400 || text != "the picture: is a text file, not a picture: use JPEG, PNG, HEIC, AVIF, WebP, TIFF, GIF or BMP\n" {
		t.Errorf("%d %s", status, text)
	}
}

// Behind a proxy the page is under its path, whether the proxy takes that away or not, and for its name, whether it hands that on or not.
func TestBehindAProxy(t *testing.T) {
	const path = "/user/me/proxy/8000/"
	for _, test := range []struct {
		what            string
		strips, ownName bool
	}{{"a path that stays", false, false}, {"a path that is taken away", true, false}, {"the proxy's own name", true, true}} {
		t.Run(test.what, func(t *testing.T) {
			var to *url.URL
			proxy := httptest.NewServer(&httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(to)
				if r.Out.URL.Path = r.In.URL.Path; test.strips {
					r.Out.URL.Path = "/" + strings.TrimPrefix(r.In.URL.Path, path)
				}
				if r.Out.Host = to.Host; test.ownName {
					r.Out.Host = "hub.example.org"
				}
			}})
			defer proxy.Close()
			public := proxy.URL
			if test.ownName {
				public = "https://hub.example.org"
			}
			free, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			free.Close()
			to = &url.URL{Scheme: "http", Host: free.Addr().String()}
			_, port, _ := net.SplitHostPort(to.Host)
			p := open(t, "web", "-quiet", "-port", port, "-base-path", public+path)
			if !strings.HasPrefix(p.address, public+path) {
				t.Fatal(p.address)
			}
			token := strings.TrimPrefix(p.address, public+path)
			p.address = proxy.URL + path + token
			for _, one := range []struct {
				what, method, path string
				want               int
				headers            []string
			}{
				{"the page", "GET", "", 200, nil},
				{"a script", "GET", "page.js", 200, nil},
				{"a change", "POST", "stop", 204, []string{"Origin", public, "Sec-Fetch-Site", "same-origin"}},
				{"a change in an old browser", "POST", "stop", 204, []string{"Origin", public}},
				{"another page", "POST", "stop", 403, []string{"Origin", "https://evil.example"}},
				{"another page that a browser names", "POST", "stop", 403, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}},
				{"no token", "GET", "../", 403, nil},
			} {
				if got, text := p.request(one.method, one.path, nil, one.headers...); got != one.want {
					t.Errorf("%s: %d, want %d: %s", one.what, got, one.want, text)
				}
			}
			p.watch(phase("idle")) // events come through
			direct, err := http.NewRequest("GET", to.String()+path+token, nil)
			if err != nil {
				t.Fatal(err)
			}
			direct.Host = "evil.example"
			if answer, err := http.DefaultClient.Do(direct); err != nil || answer.StatusCode != 403 {
				t.Errorf("a name that points here: %v %v", answer, err)
			}
		})
	}
}

// Each slider shows what its ends do, each example is there, and all that ships is small.
func TestPicturesThatShip(t *testing.T) {
	p := open(t, "web", "-quiet")
	_, html := p.request("GET", "", nil)
	total, found := 0, 0
	for _, match := range regexp.MustCompile(`(?:src="((?:ends|examples)/[^"]+))"|class="plain" value="(\w+)"`).FindAllStringSubmatch(html, -1) {
		paths := []string{match[1]}
		if match[2] != "" {
			paths = []string{"examples/" + match[2] + "-content.jpg", "examples/" + match[2] + "-style.jpg"}
		}
		for _, path := range paths {
			status, file := p.request("GET", path, nil)
			picture, err := jpeg.DecodeConfig(strings.NewReader(file))
			if status != 200 || err != nil || max(picture.Height, picture.Width) > 224 {
				t.Errorf("%s: %d %v %+v", path, status, err, picture)
			}
			total, found = total+len(file), found+1
		}
	}
	if sliders := strings.Count(html, `class="ends"`); found != 4*3+2*sliders || sliders < 6 || total > 150_000 {
		t.Errorf("%d pictures of %d bytes in all, %d sliders", found, total, sliders)
	}
}

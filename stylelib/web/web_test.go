package web_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/cli"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/runs"
)

// page is the command's page, served by the command itself.
type page struct {
	t       *testing.T
	address string // with the token and a slash
	folder  string // of the runs
	cancel  context.CancelFunc
	status  chan int
	said    *said
}

// said is what the command says.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

var addressLine = regexp.MustCompile(`(?m)^page     (https?://\S+/)$`)

// open starts the command with a page, on the pure-Go engine and the network that ships.
func open(t *testing.T, arguments ...string) *page {
	t.Helper()
	folder := os.Getenv(runs.EnvDir)
	if folder == "" {
		folder = t.TempDir()
		t.Setenv(runs.EnvDir, folder)
	}
	t.Setenv("STYLEBOOK_WEIGHTS", "offline")
	t.Setenv("GOMLX_BACKEND", "go")
	ctx, cancel := context.WithCancel(t.Context())
	p := &page{t: t, folder: folder, cancel: cancel, status: make(chan int, 1), said: &said{}}
	go func() { p.status <- cli.Run(ctx, arguments, p.said, p.said) }()
	t.Cleanup(func() { p.end() })
	p.until("an address", func() bool { return addressLine.MatchString(p.said.String()) })
	p.address = addressLine.FindStringSubmatch(p.said.String())[1]
	return p
}

// patience is for a machine that does much else.
const patience = 5 * time.Minute

func (p *page) until(what string, condition func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain for %s: %s", what, p.said)
		}
	}
}

// end is Ctrl-C; it returns the exit status.
func (p *page) end() int {
	p.cancel()
	select {
	case status := <-p.status:
		p.status <- status
		return status
	case <-time.After(patience):
		p.t.Fatalf("it doesn't end: %s", p.said)
	}
	return -1
}

// request sends one and returns status and text.
func (p *page) request(method, path string, body io.Reader, headers ...string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.address+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// update is what the page is told.
type update struct {
	Phase, Run, Error                     string
	Height, Width, Epoch, Epochs, Picture int
	Anew, Preview                         bool
	Waiting                               []waiting
	Records                               []sl.Record
}

type waiting struct{ ID int }

func (w waiting) id() string { return fmt.Sprint(w.ID) }

// watch follows the events until a condition holds.
func (p *page) watch(until func(update) bool) (all []sl.Record, last update) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", p.address+"events", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var n update
		if err := json.Unmarshal([]byte(data), &n); err != nil {
			p.t.Fatal(err)
		}
		if n.Anew {
			all = nil
		}
		all = append(all, n.Records...)
		if until(n) {
			return all, n
		}
		last = n
	}
	p.t.Fatalf("the events ended at %+v: %v", last, lines.Err())
	return nil, last
}

func phase(wanted string) func(update) bool { return func(n update) bool { return n.Phase == wanted } }

// part is a field of the form; with a file it is a picture.
type part struct {
	name, value string
	file        []byte
}

func formOf(t *testing.T, parts ...part) (body *bytes.Buffer, kind string) {
	t.Helper()
	body = &bytes.Buffer{}
	form := multipart.NewWriter(body)
	for _, p := range parts {
		var w io.Writer
		var err error
		if p.file != nil {
			w, err = form.CreateFormFile(p.name, p.value)
		} else {
			w, err = form.CreateFormField(p.name)
			p.file = []byte(p.value)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p.file); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return body, form.FormDataContentType()
}

func (p *page) start(parts ...part) (int, string) {
	p.t.Helper()
	body, kind := formOf(p.t, parts...)
	return p.request("POST", "start", body, "Content-Type", kind)
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testkit.Root(t), "data", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func pictures(t *testing.T) []part {
	return []part{{"content", "photo.jpg", sample(t, "content.jpg")}, {"style", "painting.jpg", sample(t, "style.jpg")}}
}

// Only who has the token, and comes from this page on this machine, is answered.
func TestGuard(t *testing.T) {
	p := open(t, "web", "-quiet")
	u, err := url.Parse(p.address)
	if err != nil || u.Hostname() != "127.0.0.1" {
		t.Fatalf("%s: %v", p.address, err)
	}
	token, host := strings.Trim(u.Path, "/"), u.Host
	if len(token) < 26 { // 128 bits
		t.Errorf("the token is %q", token)
	}
	for _, test := range []struct {
		what, method, path string
		headers            []string
		want               int
	}{
		{"the page", "GET", "", nil, 200},
		{"its script", "GET", "page.js", nil, 200},
		{"through a tunnel", "GET", "", []string{"Host", "localhost:9999"}, 200},
		{"from itself", "POST", "stop", []string{"Origin", "http://" + host, "Sec-Fetch-Site", "same-origin"}, 204},
		{"no token", "GET", "../", nil, 403},
		{"another token", "GET", "../" + strings.Repeat("A", len(token)) + "/", nil, 403},
		{"half of the token", "GET", "../" + token[:len(token)/2] + "/", nil, 403},
		{"no token for the runs", "GET", "../runs", nil, 403},
		{"a name that points here", "GET", "", []string{"Host", "evil.example:" + u.Port()}, 403},
		{"a name that begins like ours", "GET", "", []string{"Host", "127.0.0.1.evil.example"}, 403},
		{"another page", "GET", "runs", []string{"Origin", "http://evil.example"}, 403},
		{"another port's page", "POST", "stop", []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"a page without origin", "POST", "stop", []string{"Origin", "null"}, 403},
		{"a form of another page", "POST", "stop", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a path", "GET", "..%2f..%2fetc/passwd", nil, 403},
		{"a path in a run's place", "GET", "runs/..%2f..%2fruns.sqlite/picture.png", nil, 403},
		{"a run that isn't there", "GET", "runs/runs.sqlite/picture.png", nil, 404},
		{"a file that is embedded", "GET", "page.html", nil, 404},
		{"a picture before there is one", "GET", "picture", nil, 204},
		{"what changes things, by a link", "GET", "stop", nil, 405},
	} {
		if got, text := p.request(test.method, test.path, nil, test.headers...); got != test.want {
			t.Errorf("%s: %d, want %d: %.100s", test.what, got, test.want, text)
		}
	}
	answer, err := http.Get(p.address)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	policy := answer.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
	for _, other := range otherAddresses(t) {
		if c, err := net.DialTimeout("tcp", net.JoinHostPort(other, u.Port()), time.Second); err == nil {
			c.Close()
			t.Errorf("it listens on %s", other)
		}
	}
	if status := p.end(); status != 0 {
		t.Errorf("status %d: %s", status, p.said)
	}
}

// otherAddresses are this machine's but 127.0.0.1.
func otherAddresses(t *testing.T) (all []string) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Skip(err)
	}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			all = append(all, ip.IP.String())
		}
	}
	return all
}

// huge is a PNG that announces 20000 × 20000 pixels and ends there.
var huge = append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20, 8, 2, 0, 0, 0, 0xc6, 0x0d, 0x47, 0x8c)

// What can't be meant is refused in one line, and leaves nothing behind.
func TestUploadsAndOptionsAreRefused(t *testing.T) {
	p := open(t, "web", "-quiet")
	good := pictures(t)
	content, style := good[0], good[1]
	file := func(name string, data []byte) part { return part{name, name + ".jpg", data} }
	with := func(name, value string) []part { return []part{content, style, {name, value, nil}} }
	asked := atomic.Int32{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Write(style.file)
	}))
	defer server.Close()
	address := server.URL + "/style.jpg"
	for what, test := range map[string]struct {
		parts []part
		want  int
		text  string
	}{
		"an address":           {[]part{content, {"style", address, nil}}, 400, "the painting: is a text file, not a picture"},
		"an address to begin":  {with("init", address), 400, `init: there is no "` + address + `" here`},
		"weights' address":     {with("weights", address), 400, `weights: there is no "` + address + `" here`},
		"a mask's address":     {with("colours-mask", address), 400, "the places that keep their colours: is a text file, not a picture"},
		"a layer's address":    {with("style-layers", address), 400, "style-layers: "},
		"no pictures":          {nil, 400, "the photograph is missing"},
		"one picture":          {[]part{content}, 400, "the painting is missing"},
		"two photographs":      {[]part{content, content, style}, 400, "content comes twice, or too often"},
		"another file":         {[]part{content, style, file("mask", content.file)}, 400, "mask: this page has no such option"},
		"a text":               {[]part{file("content", []byte("hello, world")), style}, 400, "the photograph: is a text file, not a picture"},
		"nothing":              {[]part{content, file("style", []byte{})}, 400, "the painting: the file is empty"},
		"five paintings":       {[]part{content, style, style, style, style, style}, 400, "style comes twice, or too often"},
		"a run that isn't":     {[]part{{"from", "nowhere", nil}}, 404, "there is no run"},
		"too many shares":      {with("blend", "1,2,3"), 400, "blend"},
		"a third of a picture": {[]part{file("content", content.file[:len(content.file)/3]), style}, 400, "the photograph: the JPEG is cut off"},
		"a bomb":               {[]part{file("content", huge), style}, 400, "more than 256 megapixels"},
		"a page":               {[]part{file("content", []byte("<!doctype html><script>alert(1)</script>")), style}, 400, "the photograph: "},
		"too large a file":     {[]part{file("content", append(bytes.Clone(content.file), make([]byte, 64<<20)...)), style}, 400, "more than 64 MB"},
		"a file to start from": {with("init", "/etc/passwd"), 400, `init: there is no "/etc/passwd" here`},
		"a file of weights":    {with("weights", "/etc/passwd"), 400, `weights: there is no "/etc/passwd" here`},
		"a place to write":     {with("out", "/tmp/x.png"), 400, "out: this page has no such option"},
		"another store":        {with("runs", "/tmp"), 400, "runs: this page has no such option"},
		"a path as content":    {[]part{{"content", "/etc/passwd", nil}, style}, 400, "the photograph: "},
		"too strong":           {with("strength", "11"), 400, "strength: 11 is not a number from 0 to 10"},
		"no number":            {with("tv-weight", "NaN"), 400, "tv-weight: NaN is not a finite number"},
		"letters":              {with("epochs", "many"), 400, `epochs: "many" is not a whole number`},
		"too long":             {with("epochs", "2000000"), 400, "epochs: 2000000 is not from 0 to 1000000"},
		"no size":              {with("size", "0"), 400, "-size 0: a size is at least 1 pixel"},
		"a layer":              {with("style-layers", "conv9_9"), 400, `no layer "conv9_9"`},
		"a novel":              {with("preset", strings.Repeat("x", 5000)), 400, "preset: the value is too long"},
		"two lines":            {with("preset", "a\nb"), 400, `preset: there is no "a\nb" here`},
	} {
		got, text := p.start(test.parts...)
		if got != test.want || !strings.Contains(text, test.text) || strings.Count(text, "\n") != 1 || strings.Contains(text, p.folder) {
			t.Errorf("%s: %d %q, want %d %q", what, got, text, test.want, test.text)
		}
	}
	if asked.Load() > 0 {
		t.Error("for who sends a form another server was asked")
	}
	if got, text := p.request("POST", "start", strings.NewReader("content=x"), "Content-Type", "application/x-www-form-urlencoded"); got != 400 {
		t.Errorf("no multipart form: %d %s", got, text)
	}
	if got, text := p.request("POST", "resume/nowhere", nil); got != 404 || !strings.Contains(text, "there is no run") {
		t.Errorf("a run that isn't there: %d %s", got, text)
	}
	if left, err := filepath.Glob(filepath.Join(p.folder, "*")); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	entries, err := os.ReadDir(p.folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// What only shows when the pictures are opened ends the job, and says why.
func TestFailedJob(t *testing.T) {
	p := open(t, "web", "-quiet")
	if got, text := p.start(append(pictures(t), part{"size", "9999999", nil})...); got != 204 {
		t.Fatalf("%d %s", got, text)
	}
	if _, n := p.watch(phase("failed")); !strings.Contains(n.Error, "more than 100 megapixels") {
		t.Errorf("%+v", n)
	}
	p.until("the uploads to be gone", func() bool {
		entries, err := os.ReadDir(p.folder)
		return err == nil && len(entries) == 1
	})
}

// A training is started, watched, stopped, resumed and finished, and ends with the bits that the command gives alone.
func TestStartStopResume(t *testing.T) {
	p := open(t, "web", "-quiet")
	options := []part{{"preset", "pytorch", nil}, {"size", "48", nil}, {"epochs", "40", nil}, {"strength", "1.5", nil}, {"keep-colours", "luminance", nil}}
	form := append(pictures(t), options...)
	form[0].value = "../../photo.jpg" // a name that leads elsewhere leads nowhere
	if got, text := p.start(form...); got != 204 {
		t.Fatalf("%d %s", got, text)
	}
	records, n := p.watch(func(n update) bool { return n.Epoch >= 3 && n.Picture > 0 })
	for i, r := range records {
		if r.Epoch != i+1 || len(r.Losses) != 3 || r.Total <= 0 {
			t.Fatalf("record %d: %+v", i, r)
		}
	}
	if got, text := p.request("GET", "picture", nil); got != 200 || !strings.HasPrefix(text, "\xff\xd8") {
		t.Errorf("the picture so far: %d", got)
	}
	if got, _ := p.request("POST", "stop", nil); got != 204 {
		t.Error(got)
	}
	_, n = p.watch(phase("stopped"))
	if n.Epoch >= 40 {
		t.Fatalf("it was not stopped: %+v", n)
	}
	folder := filepath.Join(p.folder, n.Run)
	for _, name := range []string{"content-photo.jpg", "style-painting.jpg", "picture.png"} {
		if _, err := sl.ReadImage(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	stoppedAt := n.Epoch
	if got, text := p.request("POST", "resume/"+n.Run, nil); got != 204 {
		t.Fatalf("%d %s", got, text)
	}
	records, n = p.watch(phase("finished"))
	if len(records) != 40 || records[stoppedAt].Epoch != stoppedAt+1 {
		t.Errorf("%d records, stopped at %d: %+v", len(records), stoppedAt, n)
	}
	p.sameAsTheCommand(n.Run, options)
	if got, text := p.request("POST", "resume/"+n.Run, nil); got != 400 || !strings.Contains(text, "is finished") {
		t.Errorf("a finished run: %d %s", got, text)
	}
	if status := p.end(); status != 0 {
		t.Errorf("status %d: %s", status, p.said)
	}
}

// rows are the runs as the page lists them.
func (p *page) rows(words string) []row {
	p.t.Helper()
	var list struct{ Runs []row }
	_, text := p.request("GET", "runs?words="+url.QueryEscape(words), nil)
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		p.t.Fatalf("%v: %s", err, text)
	}
	return list.Runs
}

type row struct {
	ID, Title, Status      string
	Height, Width          int
	Content, Style, Epochs int
	Said                   []string
}

// sameAsTheCommand wants the picture of a run to be that of the command with the same options, and compares the two.
func (p *page) sameAsTheCommand(run string, options []part) {
	p.t.Helper()
	data := filepath.Join(testkit.Root(p.t), "data")
	alone := filepath.Join(p.t.TempDir(), "alone.png")
	arguments := []string{"-content", filepath.Join(data, "content.jpg"), "-style", filepath.Join(data, "style.jpg"), "-out", alone, "-quiet"}
	for _, o := range options {
		arguments = append(arguments, "-"+o.name+"="+o.value)
	}
	if status := cli.Run(p.t.Context(), arguments, p.said, p.said); status != 0 {
		p.t.Fatal(p.said)
	}
	want, err := os.ReadFile(alone)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, got := p.request("GET", "runs/"+run+"/picture.png", nil); got != string(want) {
		p.t.Error("the page's picture is not the command's")
	}
	rows := p.rows("")
	if len(rows) != 2 || rows[1].ID != run {
		p.t.Fatalf("%+v", rows)
	}
	var c struct {
		Differences []string
		Losses      [2][]sl.Record
	}
	_, text := p.request("GET", "compare/"+run+"/"+rows[0].ID, nil)
	if err := json.Unmarshal([]byte(text), &c); err != nil || len(c.Differences) != 0 || len(c.Losses[0]) != 40 {
		p.t.Errorf("%v: %.300s", err, text)
	}
}

// Ctrl-C during a training that the page began saves the picture; the command resumes it.
func TestEndKeepsThePicture(t *testing.T) {
	p := open(t, "web")
	if got, text := p.start(append(pictures(t), part{"size", "48", nil}, part{"epochs", "100000", nil})...); got != 204 {
		t.Fatalf("%d %s", got, text)
	}
	_, n := p.watch(func(n update) bool { return n.Epoch >= 2 })
	status := p.end()
	picture := filepath.Join(p.folder, n.Run, "picture.png")
	if status != 130 || !strings.Contains(p.said.String(), fmt.Sprintf("the picture so far is in %s; stylize resume %s continues", picture, n.Run)) {
		t.Errorf("status %d: %s", status, p.said)
	}
	if _, err := sl.ReadImage(picture); err != nil {
		t.Error(err)
	}
	again := open(t, "-resume", n.Run, "-web", "-quiet")
	_, now := again.watch(func(n update) bool { return n.Phase == "painting" && n.Epoch > 3 })
	if now.Run != n.Run {
		t.Errorf("%+v", now)
	}
}

// A page beside a job watches that, stays when it is finished, and ends with its error.
func TestBesideAJob(t *testing.T) {
	data, out := filepath.Join(testkit.Root(t), "data"), filepath.Join(t.TempDir(), "out.png")
	job := []string{"-web", "-content", filepath.Join(data, "content.jpg"), "-style", filepath.Join(data, "style.jpg"), "-out", out, "-width", "48"}
	p := open(t, append(job, "-epochs", "3")...)
	if records, n := p.watch(phase("finished")); len(records) != 3 || n.Width != 48 {
		t.Errorf("%+v %+v", records, n)
	}
	if _, err := sl.ReadImage(out); err != nil {
		t.Error(err)
	}
	if status := p.end(); status != 0 {
		t.Errorf("status %d: %s", status, p.said)
	}
	p = open(t, append(job, "-height", "9999999")...)
	select {
	case status := <-p.status:
		p.status <- status
		if status != 1 || !strings.Contains(p.said.String(), "more than 100 megapixels") {
			t.Errorf("status %d: %s", status, p.said)
		}
	case <-time.After(patience):
		t.Errorf("a job that fails does not end the command: %s", p.said)
	}
}

// The page speaks the browser's language.
func TestLanguages(t *testing.T) {
	p := open(t, "web", "-quiet")
	for language, want := range map[string]string{"zh-CN,zh;q=0.9,en;q=0.8": "照片", "en-GB,en": "Photograph", "": "Photograph", "de,zh": "Photograph"} {
		if _, text := p.request("GET", "", nil, "Accept-Language", language); !strings.Contains(text, want) {
			t.Errorf("%q: no %s", language, want)
		}
	}
}

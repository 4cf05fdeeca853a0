package weights

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/cachedir"
)

// torchLike lays a file out as Hugging Face's copy is: names in alphabetical order, a large classifier behind them.
func torchLike(t *testing.T, values ...func(int) float32) []byte {
	t.Helper()
	value := ascending
	if len(values) > 0 {
		value = values[0]
	}
	var list []rawTensor
	widths := map[string][2]int{}
	in := 3
	for i, conv := range convsOf(sl.VGG19) {
		out := 4 + i
		widths["features."+itoa(conv.Index)] = [2]int{in, out}
		in = out
	}
	for _, index := range []string{"0", "10", "12", "14", "16", "19", "2", "21", "23", "25", "28", "30", "32", "34", "5", "7"} {
		name := "features." + index
		w := widths[name]
		list = append(list, filled(name+".bias", value, w[1]), filled(name+".weight", value, w[1], w[0], 3, 3))
	}
	return safetensorsBytes(nil, append(list, filled("head.fc.weight", ascending, 100, 1000))...)
}

func TestDownloadTakesOnlyWhatIsNeeded(t *testing.T) {
	content := torchLike(t)
	server := newServer(t, content)
	options := testOptions(t.TempDir(), Remote{URL: server.URL + "/model.safetensors"})
	var reports []Progress
	options.Progress = func(p Progress) { reports = append(reports, p) }
	loaded := mustLoad(t, options)
	want, err := readBytes(t, content, "28")
	if err != nil {
		t.Fatal(err)
	}
	sameNetworks(t, loaded.Network, want)
	requests, sent := server.log()
	if len(requests) != 3 || requests[0] != "bytes=0-65535" {
		t.Errorf("requests were %v; want the header and two spans", requests)
	}
	info, _ := os.Stat(loaded.Path)
	if sent > int(info.Size())+firstRange {
		t.Errorf("%d bytes were sent for a file of %d", sent, info.Size())
	}
	last := reports[len(reports)-1]
	if last.Done != info.Size() || last.Total != info.Size() || last.URL != options.Sources[0].URL {
		t.Errorf("the last report was %+v", last)
	}
	entries, _ := os.ReadDir(options.CacheDir)
	for _, entry := range entries {
		if strings.Contains(entry.Name(), ".part") || strings.Contains(entry.Name(), ".tmp") {
			t.Errorf("%s was left behind", entry.Name())
		}
	}
}

// A header longer than the first request takes a second one.
func TestDownloadLongHeader(t *testing.T) {
	content := safetensorsBytes(map[string]string{"title": strings.Repeat("x", firstRange)}, narrowTensors(2, 2)...)
	for _, ranges := range []bool{true, false} {
		server := newServer(t, content)
		if !ranges {
			server.set(server.withoutRanges)
		}
		options := testOptions(t.TempDir(), Remote{URL: server.URL})
		options.Layers = []string{"2"}
		if loaded := mustLoad(t, options); loaded.Path == "" {
			t.Errorf("ranges %v: %s", ranges, loaded.Note)
		}
	}
}

func TestServerWithoutRanges(t *testing.T) {
	content := torchLike(t)
	server := newServer(t, content)
	server.set(server.withoutRanges)
	loaded := mustLoad(t, testOptions(t.TempDir(), Remote{URL: server.URL}))
	want, _ := readBytes(t, content, "28")
	sameNetworks(t, loaded.Network, want)
	if !strings.Contains(loaded.Note, "does not serve ranges") {
		t.Errorf("note is %q", loaded.Note)
	}
}

// Layers behind hundreds of megabytes are not streamed; the next source is taken, and the note says so.
func TestServerWithoutRangesAndFarLayers(t *testing.T) {
	const far = 300 << 20
	header := fmt.Sprintf(`{"big":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]},`+
		`"features.0.weight":{"dtype":"F32","shape":[1,3,3,3],"data_offsets":[%d,%d]},`+
		`"features.0.bias":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}}`, far, far, far, far+108, far+108, far+112)
	start := withHeader(header, nil)
	first := newServer(t, nil)
	first.set(func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", fmt.Sprint(len(start)+far+112))
		w.Write(start)
		for range far >> 20 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				break
			}
		}
		return true
	})
	content, _ := narrowFile(t, 1)
	second := newServer(t, content)
	options := testOptions(t.TempDir(), Remote{URL: first.URL}, Remote{URL: second.URL})
	options.Layers = []string{"0"}
	loaded := mustLoad(t, options)
	if !strings.Contains(loaded.Source, second.URL) || !strings.Contains(loaded.Note, "does not serve ranges, and 300 MB") {
		t.Errorf("got %+v", loaded)
	}
	if _, sent := first.log(); sent > 32<<20 {
		t.Errorf("%d bytes were sent before the client gave up", sent)
	}
}

func TestUselessAnswers(t *testing.T) {
	good, _ := narrowFile(t, 1)
	shallow, _ := narrowFile(t, 1, "7")
	nan := narrowTensors(2, 2)
	nan[2] = filled("features.2.weight", func(int) float32 { return float32(math.NaN()) }, 2, 2, 3, 3)
	wrong := narrowTensors(2, 2)
	wrong[2] = filled("features.2.weight", ascending, 2, 3, 3, 3)
	serve := func(contentType string, content []byte) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", contentType)
			w.Write(content)
			return true
		}
	}
	tests := []struct {
		name    string
		content []byte
		spoil   func(http.ResponseWriter, *http.Request) bool
		want    string
	}{
		{"html", nil, serve("text/html; charset=utf-8", []byte("<html>Log in</html>")), "sent an HTML page instead of weights"},
		{"html in disguise", []byte("<!DOCTYPE html><html>Log in</html>" + strings.Repeat(" ", 9999)), nil, "sent an HTML page instead of weights"},
		{"not found", nil, func(w http.ResponseWriter, r *http.Request) bool { http.Error(w, "no", 404); return true }, "HTTP 404 Not Found"},
		{"jpeg", []byte("\xff\xd8\xff\xe0 picture"), nil, "sent a JPEG picture, not safetensors"},
		{"shapes", safetensorsBytes(nil, wrong...), nil, "features.2.weight (conv1_2) has shape [2 3 3 3]"},
		{"not finite", safetensorsBytes(nil, nan...), nil, "features.2.weight holds a value that is not finite"},
		{"too shallow", shallow[:], nil, ""},
		{"size", good[:len(good)-1], nil, "is cut off"},
		{"truncated body", good, func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			w.Write(good[:len(good)/3])
			return true
		}, "broke off"},
		{"other range", good, func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Range", "bytes 5-9/100")
			w.WriteHeader(206)
			return true
		}, "sent another range"},
		{"endless", good, func(w http.ResponseWriter, r *http.Request) bool {
			for _, err := w.Write(good); err == nil; _, err = w.Write(make([]byte, 1<<20)) {
			}
			return true
		}, ""},
		{"of a terabyte", good, func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", fmt.Sprint(1<<40))
			w.Write(good)
			return true
		}, ""},
		{"more than it says", good, func(w http.ResponseWriter, r *http.Request) bool {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
				conn.Write(good)
				conn.Close()
			}
			return true
		}, ""},
		{"other protocol", nil, func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
			return true
		}, "unsupported protocol scheme"},
		{"status in colours", nil, func(w http.ResponseWriter, r *http.Request) bool {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				io.WriteString(conn, "HTTP/1.1 500 \x1b[31m"+strings.Repeat("long ", 500)+"\r\nConnection: close\r\n\r\n")
				conn.Close()
			}
			return true
		}, `HTTP 500 \x1b[31mlong`},
		{"redirect loop", nil, func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/again", http.StatusFound)
			return true
		}, "more than 10 redirects"},
	}
	var printed bytes.Buffer
	log.SetOutput(&printed)
	defer log.SetOutput(os.Stderr)
	for _, test := range tests {
		for _, whole := range []bool{false, true} {
			if whole && test.name == "other range" {
				continue // a whole file may come in answer to any range
			}
			t.Run(fmt.Sprintf("%s/%v", test.name, whole), func(t *testing.T) {
				server := newServer(t, test.content)
				server.set(test.spoil)
				options := testOptions(t.TempDir(), Remote{URL: server.URL, Whole: whole})
				options.Layers = []string{"2"}
				if test.name == "too shallow" {
					options.Layers, test.want = []string{"10"}, "stops at conv2_2 (7), but conv3_1 (10)"
				}
				loaded := mustLoad(t, options)
				want := test.want
				if whole && test.name == "jpeg" {
					want = "sent a file that is a JPEG picture"
				}
				if !strings.Contains(loaded.Why, want) || !isOffline(loaded) {
					t.Errorf("source %q, why %q; want %q", loaded.Source, loaded.Why, want)
				}
				if strings.ContainsFunc(loaded.Why, unicode.IsControl) || len(loaded.Why) > 2000 || !strings.Contains(loaded.Why, strings.TrimPrefix(server.URL, "http://")) {
					t.Errorf("why %q must be one line that names the host", loaded.Why)
				}
				if short := "no VGG-19 could be had (stylize doctor says why and what to do): the offline network stands in for it"; loaded.Note != short {
					t.Errorf("note %q, want %q", loaded.Note, short)
				}
				if files, _ := filepath.Glob(filepath.Join(options.CacheDir, "*.safetensors")); len(files) > 0 {
					t.Errorf("kept %v", files)
				}
			})
		}
	}
	if printed.Len() > 0 {
		t.Errorf("%d bytes are printed: %.100q", printed.Len(), printed.String())
	}
}

// A connection that breaks is continued where it stopped: within a load, and by the next load.
func TestResume(t *testing.T) {
	content := torchLike(t)
	want, err := readBytes(t, content, "28")
	if err != nil {
		t.Fatal(err)
	}
	for _, whole := range []bool{false, true} {
		t.Run(fmt.Sprintf("within/%v", whole), func(t *testing.T) {
			server := newServer(t, content)
			server.set(server.breaking(len(content) / 4))
			options := testOptions(t.TempDir(), Remote{URL: server.URL, Whole: whole})
			options.Retries = 9
			loaded := mustLoad(t, options)
			sameNetworks(t, loaded.Network, want)
		})
		t.Run(fmt.Sprintf("across/%v", whole), func(t *testing.T) {
			server := newServer(t, content)
			server.set(server.breaking(20000))
			options := testOptions(t.TempDir(), Remote{URL: server.URL, Whole: whole})
			broken := mustLoad(t, options)
			if !isOffline(broken) || !strings.Contains(broken.Why, "broke off") {
				t.Fatalf("got %+v", broken)
			}
			server.set(nil)
			sameNetworks(t, mustLoad(t, options).Network, want)
			requests, _ := server.log()
			if whole && (len(requests) != 1 || requests[0] != "bytes=20000-") {
				t.Errorf("requests were %v; want one from byte 20000", requests)
			}
			if !whole && len(requests) > 1 && !strings.HasPrefix(requests[1], "bytes=2") {
				t.Errorf("requests were %v; want the second to begin 20000 bytes into the data", requests)
			}
		})
		t.Run(fmt.Sprintf("changed/%v", whole), func(t *testing.T) {
			server := newServer(t, content)
			server.set(server.breaking(20000))
			options := testOptions(t.TempDir(), Remote{URL: server.URL, Whole: whole})
			mustLoad(t, options)
			other, otherNet := narrowFile(t, 4)
			server.mu.Lock()
			server.content, server.tag = other, `"v2"`
			server.mu.Unlock()
			server.set(nil)
			sameNetworks(t, mustLoad(t, options).Network, upTo(otherNet, 28))
		})
		t.Run(fmt.Sprintf("changed to the same size/%v", whole), func(t *testing.T) {
			server := newServer(t, content)
			server.set(server.breaking(20000))
			options := testOptions(t.TempDir(), Remote{URL: server.URL, Whole: whole})
			mustLoad(t, options)
			other := torchLike(t, func(k int) float32 { return float32(-k) })
			server.mu.Lock()
			server.content, server.tag = other, `"v2"`
			server.mu.Unlock()
			server.set(nil)
			want, _ := readBytes(t, other, "28")
			sameNetworks(t, mustLoad(t, options).Network, want)
		})
		t.Run(fmt.Sprintf("part damaged/%v", whole), func(t *testing.T) {
			server := newServer(t, content)
			server.set(server.breaking(20000))
			options := testOptions(t.TempDir(), Remote{URL: server.URL, Whole: whole})
			mustLoad(t, options)
			parts, _ := filepath.Glob(filepath.Join(options.CacheDir, "*.part"))
			if len(parts) != 1 || flipBit(parts[0]) != nil {
				t.Fatalf("parts: %v", parts)
			}
			server.set(nil)
			sameNetworks(t, mustLoad(t, options).Network, want)
		})
	}
}

// Of a server without tags, the size tells that its file is another one.
func TestWholeChangedWithoutTag(t *testing.T) {
	server := newServer(t, torchLike(t))
	server.set(server.breaking(20000))
	options := testOptions(t.TempDir(), Remote{URL: server.URL, Whole: true})
	server.tag = ""
	mustLoad(t, options)
	other, net := narrowFile(t, 4)
	server.mu.Lock()
	server.content = other
	server.mu.Unlock()
	server.set(nil)
	options.Retries = 1
	sameNetworks(t, mustLoad(t, options).Network, upTo(net, 28))
	if requests, _ := server.log(); len(requests) != 2 || requests[0] != "bytes=20000-" || requests[1] != "bytes=0-" {
		t.Errorf("requests were %v", requests)
	}
}

func TestWholePth(t *testing.T) {
	list := narrowTensors(1, 2, 3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	content := legacyPth(stateDictPickle(list, pickleStyle{v1: true}), list)
	want, err := readBytes(t, content, "28")
	if err != nil {
		t.Fatal(err)
	}
	_, sum, err := readChecked(context.Background(), writeFile(t, filepath.Join(t.TempDir(), "f"), content), request{})
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(t, content)
	source := Remote{URL: server.URL + "/models/vgg19-" + sum[:8] + ".pth", Whole: true, SHA256: sum[:8]}
	options := testOptions(t.TempDir(), source)
	loaded := mustLoad(t, options)
	sameNetworks(t, loaded.Network, want)
	if filepath.Base(loaded.Path) != "vgg19-to-conv5_4.safetensors" {
		t.Errorf("kept as %s", loaded.Path)
	}
	server.set(nil)
	again := mustLoad(t, options)
	if requests, _ := server.log(); len(requests) > 0 || again.SHA256 != loaded.SHA256 {
		t.Errorf("the second load asked for %v, got %+v", requests, again)
	}

	source.SHA256 = "dcbb9e9d"
	loaded = mustLoad(t, testOptions(t.TempDir(), source))
	if !isOffline(loaded) || !strings.Contains(loaded.Why, "SHA-256 begins with "+sum[:8]+", not dcbb9e9d") {
		t.Errorf("another hash gives %+v", loaded)
	}
}

// silentHost accepts connections, which it counts, and never says anything.
func silentHost(t *testing.T) (address string, accepted *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	t.Cleanup(func() { listener.Close(); open.Wait() })
	accepted = new(atomic.Int32)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			open.Go(func() { io.Copy(io.Discard, conn); conn.Close() })
		}
	}()
	return "http://" + listener.Addr().String(), accepted
}

func TestSilentHosts(t *testing.T) {
	host, accepted := silentHost(t)
	options := testOptions(t.TempDir(), Remote{URL: host}, Remote{URL: host + "/x.pth", Whole: true})
	options.AnswerTimeout = 400 * time.Millisecond
	options.Retries = 5
	begin := time.Now()
	loaded := mustLoad(t, options)
	if took := time.Since(begin); took < 350*time.Millisecond {
		t.Errorf("two silent sources took %v, want 400ms", took)
	}
	if n := accepted.Load(); n > 2 {
		t.Errorf("%d requests to two silent sources", n)
	}
	if strings.Count(loaded.Why, "no answer within 200ms") != 2 {
		t.Errorf("why is %q", loaded.Why)
	}
}

func TestUnreachableHosts(t *testing.T) {
	options := testOptions(t.TempDir(), Remote{URL: "http://127.0.0.1:1"}, Remote{URL: "http://no-such-host.invalid"})
	options.AnswerTimeout = 5 * time.Second // of a server of names that is silent
	loaded := mustLoad(t, options)
	if !strings.Contains(loaded.Why, "127.0.0.1:1: ") || !strings.Contains(loaded.Why, "no-such-host.invalid: ") {
		t.Errorf("why is %q", loaded.Why)
	}
}

// A server may stand still, or send a byte now and then for ever.
func TestStall(t *testing.T) {
	content := torchLike(t)
	server := newServer(t, content)
	for _, drips := range []bool{false, true} {
		server.set(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Range") == "bytes=0-65535" {
				return false
			}
			w.Header().Set("Content-Range", fmt.Sprintf("%s/%d", strings.Replace(r.Header.Get("Range"), "=", " ", 1), len(content)))
			w.WriteHeader(206)
			for i := 0; r.Context().Err() == nil; i++ {
				if i == 0 || drips {
					w.Write(content[i : i+1])
					http.NewResponseController(w).Flush()
				}
				time.Sleep(20 * time.Millisecond)
			}
			return true
		})
		options := testOptions(t.TempDir(), Remote{URL: server.URL})
		options.StallTimeout = 300 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		loaded, err := Load(ctx, options)
		cancel()
		if err != nil || !strings.Contains(loaded.Why, "stood still for 300ms, or nearly") {
			t.Errorf("drips %v: %+v, %v", drips, loaded, err)
		}
	}
}

func TestCancelKeepsThePart(t *testing.T) {
	content := torchLike(t)
	server := newServer(t, content)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server.set(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Range") == "bytes=0-65535" {
			return false
		}
		w.Header().Set("Content-Range", fmt.Sprintf("%s/%d", strings.Replace(r.Header.Get("Range"), "=", " ", 1), len(content)))
		w.WriteHeader(206)
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Write(content[from : from+3000])
		for i := from + 3000; r.Context().Err() == nil; i++ {
			w.Write(content[i : i+1])
			http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
		return true
	})
	options := testOptions(t.TempDir(), Remote{URL: server.URL})
	options.Retries = 5
	options.Progress = func(p Progress) {
		if p.Done >= 3000 {
			cancel()
		}
	}
	_, err := Load(ctx, options)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	wantError(t, err, "downloading VGG-19", "the next run continues")
	state := readPartState(filepath.Join(options.CacheDir, "vgg19-to-conv5_1.safetensors.part"))
	if state.Bytes < 3000 {
		t.Errorf("the part's state is %+v", state)
	}
	server.set(nil)
	if loaded := mustLoad(t, options); loaded.Path == "" {
		t.Errorf("got %+v", loaded)
	}
}

// Several loads at once share one download.
func TestDownloadsAtOnce(t *testing.T) {
	content := torchLike(t)
	server := newServer(t, content)
	options := testOptions(t.TempDir(), Remote{URL: server.URL})
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			loaded, err := Load(context.Background(), options)
			if err != nil || loaded.Path == "" || loaded.Note != "" {
				t.Errorf("got %+v, %v", loaded, err)
			}
		})
	}
	all.Wait()
	if requests, _ := server.log(); len(requests) != 3 {
		t.Errorf("requests were %v; want those of one download", requests)
	}
}

func TestWaitingForAnotherDownloadEnds(t *testing.T) {
	options := testOptions(t.TempDir(), Remote{URL: "http://127.0.0.1:1"})
	unlock, err := cachedir.Lock(context.Background(), options.CacheDir, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	options.Progress = func(p Progress) {
		if p.Waiting {
			cancel()
		}
	}
	_, err = Load(ctx, options)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

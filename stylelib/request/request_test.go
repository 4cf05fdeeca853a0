package request

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"stylebook/stylelib/transfer"

	"github.com/google/go-cmp/cmp"
)

// An example of each option's value on the command line, and what it is as JSON.
var examples = map[string][2]string{
	"content": {"a,b.jpg", `"a,b.jpg"`}, "style": {`"a,b.jpg",c.jpg`, `["a,b.jpg","c.jpg"]`}, "out": {"o.png", `"o.png"`},
	"preset": {"mxnet", `"mxnet"`}, "strength": {"1.5", "1.5"}, "size": {"300", "300"}, "height": {"3", "3"}, "width": {"4", "4"},
	"minutes": {"1.5", "1.5"}, "epochs": {"7", "7"}, "keep-colours": {"luminance", `"luminance"`}, "content-mask": {"m.png", `"m.png"`}, "style-mask": {"m.png,n.png", `["m.png","n.png"]`},
	"colours-mask": {"c.png", `"c.png"`}, "bits": {"16", "16"}, "save-every": {"5", "5"}, "animation": {"f.gif", `"f.gif"`}, "log": {"l.jsonl", `"l.jsonl"`},
	"optimizer": {"lbfgs", `"lbfgs"`}, "fast": {"true", "true"}, "lr": {"1e+06", "1e+06"}, "history": {"9", "9"},
	"style-layers": {"conv1_1:2,conv2_1;conv4_1", `"conv1_1:2,conv2_1;conv4_1"`}, "content-layers": {"25:0.5", `"25:0.5"`},
	"content-weight": {"2", "2"}, "style-weight": {"3", "3"}, "tv-weight": {"4", "4"}, "content-loss": {"selfsim", `"selfsim"`}, "style-loss": {"remd", `"remd"`},
	"term": {"moments:2@conv1_1 remd", `["moments:2@conv1_1","remd"]`}, "normalize-layers": {"true", "true"}, "renew": {"3", "3"}, "samples": {"64", "64"},
	"blend": {"3,1", `"3,1"`}, "style-scale": {"1,0.5", `"1,0.5"`}, "init": {"start.png", `"start.png"`}, "seed": {"-4", "-4"}, "scales": {"2", "2"},
	"content-share": {"0.5", "0.5"}, "rotations": {"2", "2"}, "coarsest": {"128", "128"}, "finer-epochs": {"0.5", "0.5"},
	"weights": {"vgg16", `"vgg16"`}, "pooling": {"average", `"average"`}, "backend": {"go", `"go"`}, "memory": {"4000000B", `"4000000B"`}, "tile": {"64", "64"},
	"network": {"n.safetensors", `"n.safetensors"`}, "photographs": {"p,q.jpg", `["p","q.jpg"]`}, "steps": {"9", "9"}, "from": {"n.safetensors", `"n.safetensors"`},
	"runs": {"r", `"r"`}, "checkpoint-every": {"3", "3"}, "quiet": {"true", "true"},
}

// Each option can be written and read, on the command line and as JSON, and is the same again; it has a place of its own in the
// settings, help, and an example here.
func TestEachOption(t *testing.T) {
	empty := Settings{}
	for _, o := range Table() {
		example, ok := examples[o.Name]
		if !ok {
			t.Errorf("%s has no example", o.Name)
			continue
		}
		r := Request{}
		if err := r.Set("", o.Name, example[0]); err != nil {
			t.Errorf("%s: %v", o.Name, err)
		}
		if string(r[o.Name]) != example[1] || r.Text(o.Name) != example[0] {
			t.Errorf("%s: %s is kept as %s and written as %s", o.Name, example[0], r[o.Name], r.Text(o.Name))
		}
		written, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var again Request
		if err := json.Unmarshal(written, &again); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: %s is read as %v, %v", o.Name, written, again, err)
		}
		var s Settings
		if err := r.apply(&s); err != nil || cmp.Equal(s, empty, cmp.AllowUnexported(Settings{}, transfer.Request{})) {
			t.Errorf("%s changes nothing: %v", o.Name, err)
		}
		if o.Help == "" || o.neutral != "" && o.keep(&Settings{}).Set(o.neutral) != nil {
			t.Errorf("%s: help %q, neutral value %q", o.Name, o.Help, o.neutral)
		}
	}
}

func TestEachOptionOfNetworks(t *testing.T) {
	if got := len(OfNetworks()); got != len(ofNetworks) {
		t.Errorf("%d of %d options are in the table", got, len(ofNetworks))
	}
}

// Every option whose help says that it takes a file is one that names files, and no other is.
func TestFileOptionsAreKnown(t *testing.T) {
	takesFile := regexp.MustCompile(`^(picture|file|folder)$|FILE|PICTURE`)
	for _, o := range slices.Concat(Table(), OfNetworks()) {
		value, _ := flag.UnquoteUsage(&flag.Flag{Usage: o.Help})
		if takesFile.MatchString(value) != (o.Files != NoFile) {
			t.Errorf("-%s takes %s, but whether it names files is %v", o.Name, value, o.Files)
		}
	}
}

// What is kept with a run means the same from anywhere, and with another default.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	r := Request{}
	for name, text := range map[string]string{"content": "a.png", "style": "b,c.png", "init": "noise", "weights": "auto", "out": "/o.png", "quiet": "true"} {
		if err := r.Set("", name, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("b,c.png", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := r.Set("", "style", "b,c.png"); err != nil { // now it is one file
		t.Fatal(err)
	}
	kept, err := r.Kept()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"-content=" + filepath.Join(dir, "a.png"), `-style="` + filepath.Join(dir, "b,c.png") + `"`, "-out=/o.png", "-preset=nnst",
		"-init=noise", "-weights=auto"}
	if diff := cmp.Diff(want, kept.Words()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if string(r["content"]) != `"a.png"` {
		t.Errorf("the request itself is changed: %s", r["content"])
	}
}

// Words of earlier versions are read: options of one term each, and a preset that was not named.
func TestFromWords(t *testing.T) {
	r, err := FromWords([]string{"-epochs=3", "-moments-weight=2", "-moments-layers=conv1_1,5", "-remd-weight=1", "-style-weight=4", "-fast=true"})
	want := []string{"-preset=pytorch", "-epochs=3", "-fast=true", "-style-weight=4", "-term=moments:2@conv1_1,5 remd:1"}
	if diff := cmp.Diff(want, r.Words()); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := FromWords([]string{"-epoch=3"}); err == nil || !strings.Contains(err.Error(), "did you mean epochs?") {
		t.Errorf("%v", err)
	}
}

// A request of a later version, or with an option that there is not, is refused.
func TestBadRequests(t *testing.T) {
	for text, want := range map[string]string{
		`{"version":2,"options":{}}`:                  "later stylebook",
		`{"version":1,"options":{"hue":1}}`:           `there is no option "hue"`,
		`{"version":1,"options":{"epochs":"many"}}`:   "epochs",
		`{"version":1,"options":{"style":"one.png"}}`: "style",
	} {
		var r Request
		if err := json.Unmarshal([]byte(text), &r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What the page's fields can show of a request they show; the rest holds too, and where results go is of the run alone.
func TestShown(t *testing.T) {
	r := Request{}
	for name, text := range map[string]string{"content": "a.png", "strength": "1.7", "keep-colours": "luminance", "style-layers": "conv1_1,conv4_1", "content-layers": "25",
		"init": "start.png", "renew": "3", "out": "o.png", "quiet": "true", "weights": "w.pth"} {
		if err := r.Set("", name, text); err != nil {
			t.Fatal(err)
		}
	}
	fields, others := r.Shown()
	want := map[string]string{"strength": "1.7", "keep-colours": "luminance", "style-layers": "conv1_1,conv4_1"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"-content=a.png", "-content-layers=25", "-renew=3", "-init=start.png", "-weights=w.pth"}, others.Words()); diff != "" {
		t.Error(diff)
	}
	if got := strings.Join(r.Said(false), "; "); !strings.HasPrefix(got, "Style 1.7; Colours the photograph's: paint only light and dark; Style at conv1_1,conv4_1") {
		t.Error(got)
	}
	weighted := Request{}
	if err := weighted.Set("", "style-layers", "conv1_1:2"); err != nil {
		t.Fatal(err)
	}
	if fields, _ := weighted.Shown(); len(fields) != 0 {
		t.Errorf("a box can't show a weight: %v", fields)
	}
}

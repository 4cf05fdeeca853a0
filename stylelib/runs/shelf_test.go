package runs

import (
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/request"
)

// filled is a store with so many finished runs, each with so many epochs.
func filled(t testing.TB, n, epochs int) *Store {
	t.Helper()
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	for i := range n {
		id := fmt.Sprintf("%010x", i)
		asked := request.Request{}
		for name, text := range map[string]string{"content": fmt.Sprintf("/pictures/lake%d.jpg", i), "style": "/pictures/shore.jpg", "preset": "painting", "strength": fmt.Sprint(1 + i%9)} {
			if err := asked.Set("", name, text); err != nil {
				t.Fatal(err)
			}
		}
		r := &Run{Summary: Summary{ID: id, Key: id, Spec: spec(), Request: asked, Created: time.Unix(int64(i), 0), Folder: filepath.Join(store.dir, id), Status: Finished, Epoch: epochs}}
		for epoch := 1; epoch <= epochs; epoch++ {
			r.unsaved = append(r.unsaved, sl.Record{Epoch: epoch, Total: 2, Losses: []sl.TermLoss{{Name: "content", Value: 1}, {Name: "style", Value: 1}}})
		}
		if err := errors.Join(store.insert(r.Summary), store.update(r), os.Mkdir(r.Folder, 0o755), sl.WriteImage(r.Picture(), image.NewGray(image.Rect(0, 0, 1, 1)))); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// Pages of runs follow each other, the latest first, with all words or without any.
func TestPages(t *testing.T) {
	store := filled(t, 25, 1)
	if err := store.Rename("000000000a", "a lake at dawn"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		words      string
		skip, most int
		want       string // the last digits of the first, how many, and of how many
	}{
		{"", 0, 10, "18 10 25"}, {"", 20, 10, "04 5 25"}, {"", 30, 10, " 0 25"}, {"lake7.jpg", 0, 10, "07 1 1"}, {"style 3", 0, 5, "17 5 7"},
		{"DAWN", 0, 10, "0a 1 1"}, {"风格强度 lake20", 0, 10, "14 1 1"}, {"pictures/", 0, 10, " 0 0"}, {"%", 0, 10, " 0 0"},
	} {
		page, all, err := store.Page(test.words, test.skip, test.most)
		first := ""
		if len(page) > 0 {
			first = page[0].ID[8:]
		}
		if got := fmt.Sprintf("%s %d %d", first, len(page), all); err != nil || got != test.want {
			t.Errorf("%q: %s, want %s: %v", test.words, got, test.want, err)
		}
	}
}

// A run that was deleted is hidden, comes back, or is removed with its folder; who claims it has it again.
func TestDeleteRestorePurge(t *testing.T) {
	store := filled(t, 3, 2)
	a, b, c := "0000000000", "0000000001", "0000000002"
	for _, id := range []string{a, b, c} {
		if err := store.Delete(id); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := store.List(); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if err := store.Restore(b); err != nil {
		t.Fatal(err)
	}
	if _, err := store.openLocked(c, spec(), nil, 0); !errors.As(err, new(*FinishedError)) {
		t.Errorf("claimed: %v", err)
	}
	if err := store.Purge(time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(store.dir, a)); err != nil {
		t.Errorf("it went too early: %v", err)
	}
	if err := store.Purge(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(store.dir, a)); !os.IsNotExist(err) {
		t.Errorf("its folder is there: %v", err)
	}
	if losses, err := store.Losses(a); err != nil || len(losses) != 0 {
		t.Errorf("its losses are there: %v, %v", losses, err)
	}
	if all, err := store.List(); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
	for _, err := range []error{store.Delete("nowhere"), store.Restore(a), store.Rename(a, "x")} {
		if !errors.As(err, new(*NoRunError)) {
			t.Errorf("a run that isn't there: %v", err)
		}
	}
	if err := store.Rename(b, strings.Repeat("ü", MaxName)); err != nil {
		t.Error(err)
	}
	if err := store.Rename(b, strings.Repeat("ü", MaxName+1)); err == nil {
		t.Error("the name is too long")
	}
}

// Nothing outside of the store goes, whatever its database says.
func TestPurgeStaysInside(t *testing.T) {
	store := filled(t, 1, 1)
	outside := filepath.Join(filepath.Dir(store.dir), "outside")
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := store.db.Exec("update runs set id = '../outside', deleted = '2000-01-01T00:00:00Z'"); err != nil {
		t.Skip(err)
	}
	if err := store.Purge(time.Now()); err == nil {
		t.Error("it was removed")
	}
	if _, err := os.Stat(outside); err != nil {
		t.Error(err)
	}
}

// A database of version 2 gets names.
func TestVersion2(t *testing.T) {
	store := filled(t, 2, 1)
	for _, statement := range []string{"alter table runs drop column name", "alter table runs drop column deleted", "pragma user_version = 2"} {
		if _, err := store.db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(store.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Rename("0000000001", "new"); err != nil {
		t.Error(err)
	}
	if all, err := again.List(); err != nil || len(all) != 2 || all[0].Title() != "new" || all[1].Title() != "lake0 × shore" {
		t.Errorf("%+v, %v", all, err)
	}
}

// What people are told in which two runs differ is what they chose.
func TestVersus(t *testing.T) {
	was := Summary{ID: "a", Spec: spec(), Request: request.Request{"strength": []byte("1"), "content": []byte(`"/x/lake.jpg"`)}}
	r := Summary{ID: "b", Spec: spec(), Request: request.Request{"strength": []byte("2"), "content": []byte(`"/x/cat.jpg"`), "renew": []byte("3"), "keep-colours": []byte(`"luminance"`), "size": []byte("9")}}
	r.Spec.Height, r.Spec.Engine, r.Spec.Files = 9, "xla:cpu", map[string]string{"content": "other"}
	for chinese, want := range map[bool]string{
		false: "Photograph: lake.jpg → cat.jpg; Size: 3 wide, 2 high → 3 wide, 9 high; Style: 1 → 2; Colours: the painting's → the photograph's: paint only light and dark; -renew: 1 → 3; Computed by: go → xla:cpu",
		true:  "照片：lake.jpg → cat.jpg；尺寸：宽 3、高 2 → 宽 3、高 9；风格强度：1 → 2；颜色：画作的颜色 → 照片的颜色：只画明暗；-renew：1 → 3；计算引擎：go → xla:cpu",
	} {
		separator := map[bool]string{false: "; ", true: "；"}[chinese]
		if got := strings.Join(r.Versus(was, chinese), separator); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	if got := was.Versus(was, false); len(got) != 0 {
		t.Errorf("the same: %v", got)
	}
	r.Request = nil
	if got := r.Versus(was, false); len(got) == 0 || !strings.Contains(strings.Join(got, "; "), "height: 9, was 2") {
		t.Errorf("by specs: %v", got)
	}
}

// A thousand runs, as the page asks for them.
func BenchmarkThousandRuns(b *testing.B) {
	store := filled(b, 1000, 150)
	for name, words := range map[string]string{"latest": "", "search": "style 3 lake"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if page, _, err := store.Page(words, 0, 48); err != nil || len(page) != 48 {
					b.Fatal(len(page), err)
				}
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if _, err := store.List(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

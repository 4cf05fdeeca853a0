package textstyle

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tiny is a corpus that can be counted by hand: with γ = 2 the markers are bad, stale and hated against good, fresh, loved.
var tiny = Corpus{
	Negative: {"the soup was bad", "the tea was bad", "the bread was stale", "the cake was stale", "i hated the soup", "i hated the tea"},
	Positive: {"the soup was good", "the tea was good", "the bread was fresh", "the cake was fresh", "i loved the soup", "i loved the tea"},
}

func tinyOptions() Options {
	options := Default()
	options.Gamma = 2
	return options
}

func mustTransfer(t testing.TB, corpus Corpus, options Options) *Transfer {
	t.Helper()
	transfer, err := NewTransfer(corpus, options)
	if err != nil {
		t.Fatal(err)
	}
	return transfer
}

func TestApply(t *testing.T) {
	transfer := mustTransfer(t, tiny, tinyOptions())
	got, err := transfer.Apply("The bread was BAD")
	if err != nil {
		t.Fatal(err)
	}
	want := Steps{Input: "the bread was bad", Template: Template{[]string{"the", "bread", "was", Slot}, []string{"bad"}},
		Retrieved: "the bread was fresh", Similarity: got.Similarity, Markers: []string{"fresh"}, Result: "the bread was fresh"}
	if diff := cmp.Diff(want, got); diff != "" || !got.Changed() {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if math.Abs(got.Similarity-1) > 1e-12 {
		t.Errorf("the same content has similarity %g, want 1", got.Similarity)
	}
}

func TestApplyWithoutMarkerChangesNothing(t *testing.T) {
	transfer := mustTransfer(t, tiny, tinyOptions())
	for _, sentence := range []string{"the soup was there", "zebra", "!"} {
		s, err := transfer.Apply(sentence)
		if err != nil || s.Changed() || s.Result != sentence {
			t.Errorf("%q becomes %q, %v", sentence, s.Result, err)
		}
	}
}

func TestReverse(t *testing.T) {
	transfer := mustTransfer(t, tiny, tinyOptions().Reverse())
	if got, err := transfer.Rewrite("i loved the tea"); got != "i hated the tea" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestMarkers(t *testing.T) {
	transfer := mustTransfer(t, tiny, tinyOptions())
	if s := transfer.Salience("bad", Negative); s != 3 {
		t.Errorf("salience of bad is %g, want (2+1)/(0+1)", s)
	}
	want := []string{"bad", "hated", "hated the", "i hated", "i hated the", "stale", "was bad", "was stale"}
	if diff := cmp.Diff(want, transfer.Markers(Negative)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBaselines(t *testing.T) {
	transfer := mustTransfer(t, tiny, tinyOptions())
	for _, c := range []struct {
		name   string
		method Method
		want   string
	}{
		{"copy", Copy, "i hated the cake"},
		{"drop markers", transfer.DropMarkers, "i the cake"},
		{"retrieve only", transfer.RetrieveOnly, "the cake was fresh"},
		{"rewrite", transfer.Rewrite, "i fresh the cake"},
	} {
		if got, err := c.method("I hated the cake"); got != c.want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestContextFindsWhatFitsTheGap(t *testing.T) {
	options := tinyOptions()
	options.Context = true
	transfer := mustTransfer(t, tiny, options)
	for sentence, want := range map[string]string{
		"I hated the cake":  "i loved the cake",
		"the soup was bad":  "the soup was good",
		"the bread was bad": "the bread was fresh",
	} {
		if got, err := transfer.Rewrite(sentence); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", sentence, got, err, want)
		}
	}
}

func TestTermsWithContext(t *testing.T) {
	got := terms(Template{Words: []string{Slot, "soup", "was", Slot, "today"}}, true)
	want := map[string]int{"soup": 1, "was": 1, "today": 1, " ___": 1, "___ soup": 1, "was ___": 1, "___ today": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNearest(t *testing.T) {
	texts := []string{"the soup was good", "the cake was good", "the soup was good and the cake was fresh"}
	templates := []Template{
		{[]string{"the", "soup", "was", Slot}, []string{"good"}},
		{[]string{"the", "cake", "was", Slot}, []string{"good"}},
		{[]string{"the", "soup", "was", Slot, "and", "the", "cake", "was", Slot}, []string{"good", "fresh"}},
	}
	x := newIndex(templates, texts, false)
	// idf: the and was 1 (in all three), soup and cake ln(4/3)+1
	s := math.Log(4.0/3) + 1
	for _, c := range []struct {
		words []string
		slots int
		want  string
		near  float64
	}{
		{[]string{"the", "cake", "was", Slot}, 1, texts[1], 1},
		{[]string{"the", "was", Slot}, 1, texts[0], 2 / math.Sqrt(2*(2+s*s))}, // as near to both: the first
		{[]string{"soup", Slot, "was", Slot}, 2, texts[2], (s*s + 2) / math.Sqrt((s*s+1)*(4+4+2*s*s+math.Pow(math.Log(4.0/2)+1, 2)))},
		{[]string{"soup", Slot, Slot, Slot}, 3, texts[0], s / math.Sqrt(2+s*s)}, // none has three gaps
		{[]string{"zebra", Slot}, 1, texts[0], 0},
		{[]string{Slot}, 1, texts[0], 0},
	} {
		got, near := x.nearest(Template{c.words, make([]string, c.slots)})
		if got.text != c.want || math.Abs(near-c.near) > 1e-12 {
			t.Errorf("%q: got %q %g, want %q %g", c.words, got.text, near, c.want, c.near)
		}
	}
}

func TestTransferErrors(t *testing.T) {
	change := func(f func(*Options)) Options {
		o := tinyOptions()
		f(&o)
		return o
	}
	for _, c := range []struct {
		name    string
		options Options
	}{
		{"Gamma", change(func(o *Options) { o.Gamma = 0.5 })},
		{"Gamma", change(func(o *Options) { o.Gamma = math.NaN() })},
		{"Lambda", change(func(o *Options) { o.Lambda = 0 })},
		{"Lambda", change(func(o *Options) { o.Lambda = math.NaN() })},
		{"MaxN", change(func(o *Options) { o.MaxN = 0 })},
		{"MaxN", change(func(o *Options) { o.MaxN = 9 })},
		{"To", change(func(o *Options) { o.To = o.From })},
	} {
		_, err := NewTransfer(tiny, c.options)
		var option *OptionError
		if !errors.As(err, &option) || option.Name != c.name {
			t.Errorf("%+v: got %v, want an error about %s", c.options, err, c.name)
		}
	}
	var style *StyleError
	if _, err := NewTransfer(Corpus{Negative: {"bad"}}, tinyOptions()); !errors.As(err, &style) || style.Style != Positive {
		t.Errorf("a corpus without target: got %v", err)
	}
	if _, err := NewTransfer(tiny, change(func(o *Options) { o.Gamma = 100 })); !errors.Is(err, ErrNoMarkers) {
		t.Errorf("no markers: got %v", err)
	}
	transfer := mustTransfer(t, tiny, tinyOptions())
	for _, sentence := range []string{"", " \n"} {
		if _, err := transfer.Apply(sentence); !errors.Is(err, ErrNoWords) {
			t.Errorf("%q: got %v", sentence, err)
		}
	}
}

func TestApplyFromSeveralGoroutines(t *testing.T) {
	transfer := mustTransfer(t, tiny, tinyOptions())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, sentence := range tiny[Negative] {
				if _, err := transfer.Apply(sentence); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func ExampleTransfer_Apply() {
	reviews, err := Reviews(2000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	transfer, err := NewTransfer(reviews.Transfer, Default())
	if err != nil {
		fmt.Println(err)
		return
	}
	steps, err := transfer.Apply("This morning the ticket clerk was impatient")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(steps)
	// Output:
	// input      this morning the ticket clerk was impatient
	// delete     this morning the ticket clerk was ___   ["impatient"]
	// retrieve   the ticket clerk was kind   (0.79)
	// generate   this morning the ticket clerk was kind   ["kind"]
}

func ExampleDelete() {
	bad := func(gram string) bool { return gram == "awful" || gram == "not cheap" }
	template := Delete(Tokens("The soup was awful and not cheap"), bad, 2)
	fmt.Printf("%v %q\n", template, template.Markers)
	fmt.Println(Join(template.Fill([]string{"lovely", "not expensive"})))
	// Output:
	// the soup was ___ and ___ ["awful" "not cheap"]
	// the soup was lovely and not expensive
}

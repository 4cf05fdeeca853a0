package cli

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"
)

// shownOf are what the help with these arguments says of an option: its text, and what holds without it.
func shownOf(t *testing.T, option string, arguments ...string) (text, holds string) {
	t.Helper()
	help := mustStylize(t, append(arguments, "-help")...)
	found := regexp.MustCompile(`(?m)^  -` + option + `\b.*\n\s*(.*?)(?: \(default "?([^"]*?)"?\))?$`).FindStringSubmatch(help)
	if found == nil {
		t.Fatalf("%v: the help does not tell of -%s:\n%s", arguments, option, help)
	}
	return found[1], cmp.Or(found[2], "false") // which the flag package does not print
}

// told is what a text says that an option is with a preset.
func told(text, preset string) string {
	for _, part := range strings.Split(text, "; ") {
		value, names, _ := strings.Cut(part, " with ")
		for _, name := range regexp.MustCompile(`, | and `).Split(names, -1) {
			if name == preset {
				return value
			}
		}
	}
	return ""
}

// What the help shows is what runs, and it says what each preset has.
func TestHelpTellsWhatRuns(t *testing.T) {
	numbers := map[string]func(transfer.Options) any{
		"epochs":           func(o transfer.Options) any { return o.Epochs },
		"lr":               func(o transfer.Options) any { return o.LearningRate },
		"style-weight":     func(o transfer.Options) any { return o.StyleWeight },
		"style-loss":       func(o transfer.Options) any { return o.StyleLoss },
		"normalize-layers": func(o transfer.Options) any { return o.NormalizeLayers },
	}
	runs := func(arguments ...string) transfer.Options {
		t.Helper()
		asked := request.Request{}
		flags, wrong := asked.Flags("stylize", request.OfPictures())
		s, err := new(command).read(flags, wrong, asked, append(arguments, "-content", "c", "-style", "s", "-out", "o.png"))
		if err != nil {
			t.Fatal(err)
		}
		return s.Options
	}
	for option, of := range numbers {
		text, holds := shownOf(t, option)
		if want := fmt.Sprint(of(runs())); holds != want {
			t.Errorf("-%s is %s, and the help says %s", option, want, holds)
		}
		for _, preset := range transfer.Presets() {
			want := fmt.Sprint(of(runs("-preset", preset)))
			if got := told(text, preset); got != want {
				t.Errorf("-%s is %s with %s, and the help says %q: %s", option, want, preset, got, text)
			}
			if _, holds := shownOf(t, option, "-preset", preset); holds != want {
				t.Errorf("-%s is %s with %s, whose help says %s", option, want, preset, holds)
			}
		}
	}
	for _, optimizer := range []string{"fast", "lbfgs"} {
		text, _ := shownOf(t, "lr")
		want := fmt.Sprint(runs("-preset", "pytorch", "-optimizer", optimizer).LearningRate)
		if got := told(text, "pytorch -optimizer "+optimizer); got != want {
			t.Errorf("the learning rate of %s is %s, and the help says %q: %s", optimizer, want, got, text)
		}
	}
}

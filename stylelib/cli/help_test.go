package cli

import (
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
	found := regexp.MustCompile(`(?m)^  -` + option + `\b.*\n\s*(.*) \(default "?([^"]*?)"?\)$`).FindStringSubmatch(help)
	if found == nil {
		t.Fatalf("%v: the help tells no default of -%s:\n%s", arguments, option, help)
	}
	return found[1], found[2]
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
		"optimizer":        func(o transfer.Options) any { return o.Optimizer },
		"style-loss":       func(o transfer.Options) any { return o.StyleLoss },
		"normalize-layers": func(o transfer.Options) any { return o.NormalizeLayers },
	}
	runs := func(arguments ...string) transfer.Options {
		t.Helper()
		asked := request.Request{}
		flags, wrong := asked.Flags("stylize", request.All)
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
			if want == "false" {
				continue // which the flag package does not print
			}
			if _, holds := shownOf(t, option, "-preset", preset); holds != want {
				t.Errorf("-%s is %s with %s, whose help says %s", option, want, preset, holds)
			}
			for _, more := range [][]string{{"-optimizer", "fast"}, {"-optimizer", "lbfgs"}} {
				name := strings.Join(more, " ")
				want := fmt.Sprint(of(runs(append(more, "-preset", preset)...)))
				if got := told(text, name); got != "" && got != want {
					t.Errorf("-%s is %s with %s and %s, and the help says %s", option, want, preset, name, got)
				}
			}
		}
	}
	text, _ := shownOf(t, "lr")
	if told(text, "-optimizer fast with the others") != fmt.Sprint(runs("-preset", "pytorch", "-fast").LearningRate) || told(text, "-optimizer lbfgs") == "" {
		t.Errorf("the help says nothing of optimizers: %s", text)
	}
}

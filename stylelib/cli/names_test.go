package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/request"
	"stylebook/stylelib/runs"
)

// Whatever a file, a folder or an option is called, what is printed moves no cursor and has no line that the name made.
func TestNamesMakeNoLines(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: such names are not allowed here")
	}
	const evil = "a\x1b[31m\nstylize: saved\u009bx\u202e"
	dir := t.TempDir()
	t.Setenv(runs.EnvDir, filepath.Join(dir, "runs"+evil))
	content, style := filepath.Join(dir, evil+".png"), filepath.Join(dir, "style.png")
	writePicture(t, content, 1)
	writePicture(t, style, 3)
	said := func(want int, arguments ...string) string {
		t.Helper()
		var output bytes.Buffer
		if status := Run(t.Context(), arguments, &output, &output); status != want {
			t.Errorf("%q: status %d, want %d: %q", arguments, status, want, output.String())
		}
		for line := range strings.Lines(output.String()) {
			text := strings.TrimSuffix(line, "\n")
			if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) ||
				strings.HasPrefix(text, "stylize: saved") {
				t.Errorf("%q prints %q", arguments, text)
			}
		}
		return output.String()
	}
	base := []string{"-style", style, "-weights", "offline", "-backend", "go", "-height", "32", "-epochs", "1"}
	paint := func(options ...string) []string { return append(base, options...) }
	out := filepath.Join(dir, "out"+evil+".png")
	said(0, paint("-content", content, "-out", out)...)
	said(statusError, paint("-content", content+"?", "-out", out)...)
	said(statusError, paint("-content", content, "-out", out, "-log", filepath.Join(dir, evil, "log"))...)
	said(statusError, paint("-content", content, "-out", out, "-weights", content)...)
	said(statusError, paint("-content", request.JoinPaths([]string{content, content + "?"}), "-out", filepath.Join(dir, "several"))...)
	said(statusError, paint("-content", content, "-out", out, "-backend", evil)...)
	for _, name := range []string{"preset", "style-layers", "memory", "pooling", evil} {
		said(statusUsage, paint("-content", content, "-out", out, "-"+name, evil)...)
	}
	var run struct{ ID string }
	if err := json.Unmarshal([]byte(strings.SplitN(said(0, "runs", "-json"), "\n", 2)[0]), &run); err != nil {
		t.Fatal(err)
	}
	said(0, "runs")
	said(0, "show", run.ID)
	said(0, "compare", run.ID, run.ID)
	said(statusError, "show", evil)

	file := filepath.Join(dir, "sweep"+evil+".yaml")
	names, err := json.Marshal([]string{content, style})
	if err != nil {
		t.Fatal(err)
	}
	for settings, status := range map[string]int{"height: 32": 0, `"\e[31m": 1`: statusError, `style-layers: "\e[31m"`: statusError} {
		text := fmt.Sprintf("set: {style: style.png, weights: offline, epochs: 1, %s}\nvary: {content: %s}\n", settings, oneline.Escape(string(names)))
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		said(status, "sweep", "-backend", "go", file)
	}
}

// Command figures draws the figures of the method that the notebooks show, with labels in English and Chinese:
// notebooks/figures/NAME.LANGUAGE.svg.
//
//	go run ./scripts/author/figures
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// languages are the codes in the files' names, in the order of the labels.
var languages = []string{"en", "zh"}

func main() {
	out := flag.String("out", filepath.Join("notebooks", "figures"), "write to `folder`")
	flag.Parse()
	if err := writeAll(*out); err != nil {
		fmt.Fprintln(os.Stderr, "figures:", err)
		os.Exit(1)
	}
}

func writeAll(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, svg := range all() {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(svg), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// all returns every figure in every language, by file name.
func all() map[string]string {
	figures := map[string]string{}
	for i, language := range languages {
		figures["overview."+language+".svg"] = overview(i)
		figures["method."+language+".svg"] = method(i)
		figures["gram."+language+".svg"] = gram(i)
	}
	return figures
}

// Command weave makes the notebooks from their reviewed text: notebooks/src/NAME.md becomes notebooks/NAME.ipynb.
//
//	go run ./scripts/weave            writes the notebooks
//	go run ./scripts/weave -check     fails if one is not what its text makes
//
// The text is Markdown; each block fenced as ```go is a code cell, what stands between is a text cell. A line
//
//	%include Gram StyleLoss
//
// in a code cell stands for the declarations of these names in package stylelib, cut out of its compiled files: text and
// library can't drift apart. Names of the library that the notebook doesn't declare itself get their qualifier, sl.Name,
// and the imports that the code needs are put before it. Words after ```go are the cell's tags.
//
// Outputs of a notebook that is written again are kept for cells whose code is unchanged, as long as no code cell before
// them has changed.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a notebook is stale")
	root := flag.String("root", ".", "the repository's top `folder`")
	flag.Parse()
	stale, err := weaveAll(*root, *check)
	if err != nil {
		fmt.Fprintln(os.Stderr, "weave:", err)
		os.Exit(1)
	}
	for _, path := range stale {
		fmt.Fprintf(os.Stderr, "weave: %s is not what its text makes: run go run ./scripts/weave\n", path)
	}
	if len(stale) > 0 {
		os.Exit(1)
	}
}

// weaveAll weaves every text below root. With check it returns the notebooks that would change instead of writing them.
func weaveAll(root string, check bool) (stale []string, err error) {
	sources, err := filepath.Glob(filepath.Join(root, "notebooks", "src", "*.md"))
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("no texts in %s", filepath.Join(root, "notebooks", "src"))
	}
	library, err := loadLibrary(root)
	if err != nil {
		return nil, err
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return nil, err
		}
		cells, err := weave(string(text), library)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		path := filepath.Join(root, "notebooks", strings.TrimSuffix(filepath.Base(source), ".md")+".ipynb")
		old, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		notebook, err := render(cells, old)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if bytes.Equal(notebook, old) {
			continue
		}
		if check {
			stale = append(stale, path)
			continue
		}
		if err := os.WriteFile(path, notebook, 0o644); err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// Command weave makes the notebooks from their reviewed text: notebooks/src/NAME.md becomes notebooks/NUMBER-NAME.ipynb, with
// its number in notebooks/src/order, the list of the names in reading order. Links in texts have no numbers.
//
//	go run ./scripts/author/weave            writes the notebooks
//	go run ./scripts/author/weave -check     fails if one is not what its text makes
//
// The text is Markdown; each block fenced as ```go is a code cell, what stands between is a text cell. A line
//
//	%include Gram StyleLoss
//
// in a code cell stands for the declarations of these names in package stylelib, cut out of its compiled files: text and
// library can't drift apart. Names of the library that the notebook doesn't declare itself get their qualifier, sl.Name,
// and the imports that the code needs are put before it. Words after ```go are the cell's tags.
//
// A line
//
//	%given exercise-1 func newTrainer
//
// between code cells stands for the code cell of exercise-1.md that holds these words, and an exercise's solution has what
// the exercise gives.
//
// A text's block fenced as ```python Gram becomes a table: the Python on the left, the library's Gram on the right.
//
// Outputs of a notebook that is written again are kept for cells whose code is unchanged, as long as no code cell before
// them has changed. What can be played with in them gets the script of now.
//
// notebooks/src/NAME.LANGUAGE.md is a translation of NAME.md: text only. Each code cell of NAME.md stands there as a line
//
//	%cell func Gram
//
// in the same order, with words that the cell holds, so that a text can't end up beside the wrong cell. Code and outputs
// are those of the translated notebook, but for comments, which come from notebooks/src/comments.LANGUAGE.txt, and what checks
// and the labels of what is played with say, which comes from package i18n.
package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a notebook is stale")
	root := flag.String("root", ".", "the repository's top `folder`")
	flag.Parse()
	library, err := loadLibrary(*root, libraryPath)
	var stale []string
	if err == nil {
		stale, err = weaveAll(*root, library, *check)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "weave:", err)
		os.Exit(1)
	}
	for _, path := range stale {
		fmt.Fprintf(os.Stderr, "weave: %s is not what its text makes: run go run ./scripts/author/weave\n", path)
	}
	if len(stale) > 0 {
		os.Exit(1)
	}
}

// weaveAll weaves every text below root. With check it returns the notebooks that would change instead of writing them.
func weaveAll(root string, library *library, check bool) (stale []string, err error) {
	sources, err := filepath.Glob(filepath.Join(root, "notebooks", "src", "*.md"))
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("no texts in %s", filepath.Join(root, "notebooks", "src"))
	}
	places, err := readOrder(filepath.Join(root, "notebooks", "src", "order"))
	if err != nil {
		return nil, err
	}
	woven := map[string]book{} // by name: a translation comes behind what it translates
	slices.SortStableFunc(sources, func(a, b string) int { return cmp.Compare(len(original(a)), len(original(b))) })
	for _, source := range sources {
		b, err := weaveOne(root, source, library, places, woven)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		path := filepath.Join(root, "notebooks", places[b.name]+".ipynb")
		old, err := os.ReadFile(path)
		if err == nil && bytes.Equal(b.file, old) {
			continue
		}
		if check {
			stale = append(stale, path)
			continue
		}
		if err := os.WriteFile(path, b.file, 0o644); err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// book is a woven notebook.
type book struct {
	name  string
	cells []cell
	file  []byte
}

// weaveOne weaves one text and notes the result in woven.
func weaveOne(root, source string, library *library, places map[string]string, woven map[string]book) (book, error) {
	text, err := os.ReadFile(source)
	if err != nil {
		return book{}, err
	}
	b := book{name: strings.TrimSuffix(filepath.Base(source), ".md")}
	if places[b.name] == "" {
		return book{}, fmt.Errorf("%s is not in notebooks/src/order", b.name)
	}
	folder := filepath.Join(root, "notebooks")
	var old []byte
	if translated := original(source); translated != "" {
		code, ok := woven[translated]
		if !ok {
			return book{}, fmt.Errorf("there is no %s.md that it translates", translated)
		}
		if b.cells, err = translate(string(text), code.cells); err == nil {
			err = speakIn(languageOf(source), filepath.Dir(source), b.cells)
		}
		if err == nil {
			old, err = told(code.file)
		}
	} else {
		b.cells, err = weave(string(text), filepath.Dir(source), library)
		old, _ = os.ReadFile(filepath.Join(folder, places[b.name]+".ipynb")) // without one there are no outputs to keep
		if script, none := os.ReadFile(filepath.Join(root, "stylelib", "nbui", "play.js")); none == nil && len(old) > 0 && err == nil {
			old, err = renewed(old, string(script))
		}
	}
	if err != nil {
		return book{}, err
	}
	if err := beside(b.cells, library); err != nil {
		return book{}, err
	}
	if err := checkFigures(folder, b.cells); err != nil {
		return book{}, err
	}
	if err := number(b.cells, places); err != nil {
		return book{}, err
	}
	b.file, err = render(b.cells, old)
	woven[b.name] = b
	return b, err
}

// speakIn puts comments in a translation's language in its code cells, and has its programs speak it.
func speakIn(language, folder string, cells []cell) error {
	list, err := readComments(folder, language)
	for i := range cells {
		if !cells[i].code {
			continue
		}
		if cells[i].source == "%noautoget" {
			cells[i].source += speaks(language)
		}
		cells[i].source, _ = list.apply(cells[i].source)
	}
	return err
}

// languageOf returns the language of a translation.
func languageOf(path string) string {
	return strings.TrimPrefix(filepath.Ext(strings.TrimSuffix(path, ".md")), ".")
}

// original returns the name of the text that a file translates, "" for a text that is none.
func original(path string) string {
	name, language, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".md"), ".")
	if language == "" {
		return ""
	}
	return name
}

// readOrder returns the notebooks' names with their numbers, those of translations too: exercise-1.zh is 02-exercise-1.zh. The
// first has the number 0: it comes before the chapter.
func readOrder(path string) (map[string]string, error) {
	list, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	places := map[string]string{}
	for i, name := range strings.Fields(string(list)) {
		numbered := fmt.Sprintf("%02d-%s", i, name)
		places[name], places[name+".zh"] = numbered, numbered+".zh"
	}
	return places, nil
}
